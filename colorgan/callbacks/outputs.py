"""What callbacks take from a validation or test step."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from colorgan.errors import ColorganError

_NAMES = {"predicted", "truth", "gray", "index"}


def photos_of(outputs: Any, who: str) -> Mapping[str, Tensor]:
    """Checks what a validation or test step returned.

    Args:
        outputs: a mapping with ``predicted``, ``truth`` and ``gray``, (B, 3, H, W) in [0, 1], and ``index``, (B,).
        who: who asks, for the message.

    Returns:
        The same mapping.

    Raises:
        ColorganError: if it is anything else.
    """
    if not isinstance(outputs, Mapping) or not outputs.keys() >= _NAMES:
        received = ", ".join(sorted(outputs)) if isinstance(outputs, Mapping) else type(outputs).__name__
        raise ColorganError(
            f"{who} needs a validation step that returns predicted, truth, gray and index; this one returned {received}"
        )
    return outputs
