"""Imports onnxruntime, without its telemetry."""

import os
from typing import Any


def import_onnxruntime() -> Any:
    """Imports onnxruntime, which takes a moment, so only what runs an exported model does.

    Official builds from 1.32 on send usage data to Microsoft unless the environment variable ``ORT_DISABLE_TELEMETRY``
    is 1 before the first import (Privacy.md in the package). colorgan sets it, unless it is set.

    Returns:
        The module ``onnxruntime``.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime
