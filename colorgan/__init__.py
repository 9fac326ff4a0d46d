"""colorgan: train conditional GANs that colorize black-and-white photographs, measure them, and use them.

Importing the package imports nothing else; torch comes in with the first name that needs it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from colorgan.inference.colorizer import Colorizer as Colorizer
    from colorgan.inference.hints import ColorArea as ColorArea
    from colorgan.inference.hints import ColorHint as ColorHint
    from colorgan.inference.hints import ColorStroke as ColorStroke
    from colorgan.inference.hints import read_hints as read_hints
    from colorgan.inference.mixture import MixedColorizer as MixedColorizer
    from colorgan.inference.mixture import open_models as open_models
    from colorgan.inference.open_model import open_model as open_model
    from colorgan.training.gan import ColorGAN as ColorGAN

__version__ = "0.1.0"

_NAMES = {
    "ColorGAN": "colorgan.training.gan",
    "ColorArea": "colorgan.inference.hints",
    "ColorHint": "colorgan.inference.hints",
    "ColorStroke": "colorgan.inference.hints",
    "Colorizer": "colorgan.inference.colorizer",
    "MixedColorizer": "colorgan.inference.mixture",
    "open_model": "colorgan.inference.open_model",
    "open_models": "colorgan.inference.mixture",
    "read_hints": "colorgan.inference.hints",
}


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_NAMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_NAMES})
