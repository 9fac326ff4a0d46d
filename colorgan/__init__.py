"""colorgan: train conditional GANs that colorize black-and-white photographs, measure them, and use them.

Importing the package imports nothing else; torch comes in with the first name that needs it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from colorgan.colorizer import Colorizer as Colorizer
    from colorgan.gan import ColorGAN as ColorGAN
    from colorgan.hint_file import ColorHint as ColorHint
    from colorgan.hint_file import read_hints as read_hints
    from colorgan.models import open_model as open_model

__version__ = "0.1.0"

_NAMES = {
    "ColorGAN": "colorgan.gan",
    "ColorHint": "colorgan.hint_file",
    "Colorizer": "colorgan.colorizer",
    "open_model": "colorgan.models",
    "read_hints": "colorgan.hint_file",
}


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_NAMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES})
