"""colorgan: train conditional GANs that colorize black-and-white photographs, measure them, and use them.

Importing the package imports nothing else; torch comes in with the first name that needs it.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from colorgan.errors import ColorganError as ColorganError
    from colorgan.inference import ColorArea as ColorArea
    from colorgan.inference import ColorHint as ColorHint
    from colorgan.inference import Colorizer as Colorizer
    from colorgan.inference import ColorStroke as ColorStroke
    from colorgan.inference import MixedColorizer as MixedColorizer
    from colorgan.inference import open_model as open_model
    from colorgan.inference import open_models as open_models
    from colorgan.inference import read_hints as read_hints
    from colorgan.training.gan import ColorGAN as ColorGAN

__version__ = "0.1.0"

_MODULES = {
    "ColorGAN": "colorgan.training.gan",
    "ColorganError": "colorgan.errors",
}
_NAMES = (
    "ColorArea",
    "ColorGAN",
    "ColorHint",
    "ColorStroke",
    "ColorganError",
    "Colorizer",
    "MixedColorizer",
    "open_model",
    "open_models",
    "read_hints",
)


def __getattr__(name: str) -> Any:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_MODULES.get(name, "colorgan.inference")), name)


def __dir__() -> list[str]:
    return [*_NAMES, "__version__"]
