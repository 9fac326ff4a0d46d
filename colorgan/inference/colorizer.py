"""The entry for Python: opens a model of any kind, and colorizes photos of any kind."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self

from colorgan.color.cielab import FloatArray, SRGBArray
from colorgan.inference.full_size import ChromaPrediction
from colorgan.inference.hints import Hint
from colorgan.inference.onnx.contract import OnnxContract
from colorgan.inference.open_model import open_model
from colorgan.inference.photo_colorizer import PhotoColorizer
from colorgan.inference.released_files import find_folder


class Colorizer(PhotoColorizer):
    """Colorizes photos with a model of any kind.

    It is called with a photo, or with a list of them, and returns what it was given, in color: see :meth:`colorize`.
    The model is opened once, so keep the colorizer for the next photo. Released models run with onnxruntime; torch is
    imported only for models that need it.

    Args:
        model: as for :func:`~colorgan.inference.open_model.open_model`, or an opened model, such as a
            :class:`~colorgan.inference.mixture.MixedColorizer`. Default: the model that ships with colorgan.
        device: as for :func:`~colorgan.inference.open_model.open_model`.
        contract: as for :func:`~colorgan.inference.open_model.open_model`.
        trust: as for :func:`~colorgan.inference.open_model.open_model`.

    Attributes:
        model: the opened model.

    Raises:
        CheckpointError: if the model is missing, damaged or refused.
        ColorganError: if the device is not available.

    Example:
        >>> import numpy as np
        >>> from colorgan import Colorizer
        >>> from colorgan.images import SAMPLE_PHOTOS
        >>> colorizer = Colorizer()
        >>> colorizer(SAMPLE_PHOTOS / "val" / "rocket_00.jpg", hints=[{"x": 80, "y": 20, "color": "navy"}])
        <PIL.Image.Image image mode=RGB size=160x160 at ...>
        >>> rocket, gray = colorizer([SAMPLE_PHOTOS / "val" / "rocket_00.jpg", np.zeros((20, 30), np.uint8)])
        >>> gray.shape
        (20, 30, 3)
    """

    def __init__(
        self,
        model: str | Path | PhotoColorizer | None = None,
        device: str = "cpu",
        contract: OnnxContract | None = None,
        trust: Iterable[str | Path] = (),
    ) -> None:
        self.model = model if isinstance(model, PhotoColorizer) else open_model(model, device, contract, trust)
        self.card = self.model.card

    __call__ = PhotoColorizer.colorize

    @classmethod
    def from_checkpoint(
        cls, path: str | Path | None = None, device: str = "cpu", trust: Iterable[str | Path] = ()
    ) -> Self:
        """The same as ``Colorizer(path, device, trust=trust)``."""
        return cls(path, device, trust=trust)

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path | None = None,
        device: str = "cpu",
        trust: Iterable[str | Path] = (),
        **hub_options: Any,
    ) -> Self:
        """Opens a released model, which may be on the Hugging Face Hub.

        Args:
            name: a folder written by ``colorgan release``, its ``model.safetensors``, or the name of a repository on
                the Hub, which is downloaded. Default: the model that ships with colorgan.
            device: as for :func:`~colorgan.inference.open_model.open_model`.
            trust: as for :func:`~colorgan.inference.open_model.open_model`.
            hub_options: options of :func:`colorgan.inference.hub.download`, such as ``revision`` and ``token``.

        Raises:
            CheckpointError: if the model is missing, damaged or refused.
        """
        folder = find_folder(name, **hub_options)
        return cls(name if name is not None and Path(name).is_file() else folder, device, trust=trust)

    @property
    def size(self) -> int:
        """Shorter side, in pixels, of the training images."""
        return self.model.size

    @property
    def takes_hints(self) -> bool:
        """Whether the model itself follows hints. With every model, hints are painted over its prediction."""
        return self.model.takes_hints

    def run_network(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        """Predicts the chroma of small images; see :meth:`PhotoColorizer.run_network`."""
        return self.model.run_network(rgb, hints)

    @property
    def color_bins(self) -> FloatArray | None:
        """The colors of a model that classifies color; see :attr:`PhotoColorizer.color_bins`."""
        return self.model.color_bins

    def run_classifier(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        """Predicts probabilities of colors; see :meth:`PhotoColorizer.run_classifier`."""
        return self.model.run_classifier(rgb, hints)

    def network_chroma(
        self,
        photos: Sequence[SRGBArray],
        size: int | None,
        hints: Sequence[Sequence[Hint] | None],
        batch_size: int,
    ) -> list[ChromaPrediction]:
        """Predicts the chroma of photos with the model; see :meth:`PhotoColorizer.network_chroma`."""
        return self.model.network_chroma(photos, size, hints, batch_size)
