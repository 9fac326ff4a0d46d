"""Imports timm, without what it does not need."""

import sys
from typing import Any


def import_timm() -> Any:
    """Imports timm, which takes a moment, so only what needs an encoder does.

    timm imports W&B if it is installed, for a training log of its own. Applying a model does not load W&B.

    Returns:
        The module ``timm``.
    """
    hides_wandb = "timm" not in sys.modules and "wandb" not in sys.modules
    if hides_wandb:
        sys.modules["wandb"] = None  # type: ignore[assignment]  # the documented way to make an import fail
    try:
        import timm
    finally:
        if hides_wandb:
            del sys.modules["wandb"]
    return timm
