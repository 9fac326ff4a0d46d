"""Several models that colorize one photo together."""

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

import numpy as np

from colorgan.color.cielab import FloatArray, SRGBArray
from colorgan.errors import ColorganError
from colorgan.inference.full_size import ChromaPrediction, chroma_at
from colorgan.inference.hints import Hint
from colorgan.inference.onnx.contract import OnnxContract
from colorgan.inference.onnx.foreign import ForeignOnnxColorizer
from colorgan.inference.open_model import open_model
from colorgan.inference.photo_colorizer import PhotoColorizer
from colorgan.inference.shipped import shipped_model


class MixedColorizer(PhotoColorizer):
    """A weighted mean of what several models predict.

    Each model sees the photo at the size it was trained at. The predictions are brought to the size of the largest,
    along the edges of the photo, and their a* and b* are averaged. Hints go to the models that take them.

    Args:
        models: the models, of any kind.
        weights: one per model, not negative; their sum does not matter. Default: equal weights.

    Attributes:
        models: the models.
        weights: their shares, which sum to 1.

    Raises:
        ColorganError: if there is no model, or the weights cannot be used.

    Example:
        >>> from colorgan.inference import open_model
        >>> MixedColorizer([open_model(), open_model()], [1, 3]).weights
        (0.25, 0.75)
    """

    def __init__(self, models: Sequence[PhotoColorizer], weights: Sequence[float] | None = None) -> None:
        if not models:
            raise ColorganError("a mix needs at least one model")
        self.models = tuple(models)
        self.weights = _shares([1.0] * len(models) if weights is None else weights, len(models))
        self.card = models[0].card

    def with_weights(self, weights: Sequence[float]) -> Self:
        """The same models, mixed differently.

        Raises:
            ColorganError: if the weights cannot be used.
        """
        return type(self)(self.models, weights)

    @property
    def size(self) -> int:
        """The largest of the models' sizes, which is that of the predictions."""
        return max(model.size for model in self.models)

    @property
    def takes_hints(self) -> bool:
        """Whether any of the models follows hints."""
        return any(model.takes_hints for model in self.models)

    def run_network(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        """Predicts the chroma of small images, which all models see at this size; see :class:`PhotoColorizer`."""
        mean = np.zeros((len(rgb), 2, *rgb.shape[2:]), np.float32)
        for model, weight in self._used():
            mean += model.run_network(rgb, hints if model.takes_hints else None) * np.float32(weight)
        return mean

    def network_chroma(
        self,
        photos: Sequence[SRGBArray],
        size: int | None,
        hints: Sequence[Sequence[Hint] | None],
        batch_size: int,
    ) -> list[ChromaPrediction]:
        """Predicts the chroma of photos with each model; see :meth:`PhotoColorizer.network_chroma`."""
        predictions = [
            model.network_chroma(photos, size, hints if model.takes_hints else [None] * len(photos), batch_size)
            for model, _ in self._used()
        ]
        weights = [weight for _, weight in self._used()]
        return [_mean(of_photo, weights) for of_photo in zip(*predictions, strict=True)]

    def _used(self) -> list[tuple[PhotoColorizer, float]]:
        return [(model, weight) for model, weight in zip(self.models, self.weights, strict=True) if weight > 0]


def open_models(
    paths: Sequence[str | Path] = (),
    mix: Sequence[float] = (),
    device: str = "cpu",
    contract: OnnxContract | None = None,
    trust: Iterable[str | Path] = (),
) -> PhotoColorizer:
    """Opens one model, or several to mix.

    Args:
        paths: paths as for :func:`colorgan.inference.open_model`. None of them: the model that ships with colorgan.
        mix: one weight per model; or, for two models, the share of the second. Default: equal weights.
        device: as for :func:`colorgan.inference.open_model`.
        contract: as for :func:`colorgan.inference.open_model`.
        trust: as for :func:`colorgan.inference.open_model`.

    Raises:
        CheckpointError: if a model is missing, damaged or refused.
        ColorganError: if the device is not available, or the weights do not suit the models.
    """
    if len(paths) <= 1 and mix:
        raise ColorganError("a mix needs several models; name another one, or leave the mix out")
    weights: Sequence[float] | None = mix or None
    if len(paths) == 2 and len(mix) == 1:
        if not 0 <= mix[0] <= 1:
            raise ColorganError(f"the share of the second model must be between 0 and 1, received {mix[0]}")
        weights = [1 - mix[0], mix[0]]
    if weights is not None:
        _shares(weights, len(paths))  # before the models are opened
    models = [open_model(path, device, contract, trust) for path in (paths or [shipped_model()])]
    if contract is not None and not any(isinstance(model, ForeignOnnxColorizer) for model in models):
        raise ColorganError(
            "none of the models is an .onnx file of another program; leave out the description of its input"
        )
    return models[0] if len(models) == 1 else MixedColorizer(models, weights)


def _shares(weights: Sequence[float], count: int) -> tuple[float, ...]:
    """Weights that sum to 1."""
    is_valid = len(weights) == count and all(0 <= weight < math.inf for weight in weights)
    if not is_valid or not 0 < (total := math.fsum(weights)) < math.inf:
        share = ", or the share of the second one" if count == 2 else ""
        raise ColorganError(
            f"mix must have one weight per model ({count}), not negative and not all 0{share}; received "
            f"{list(weights)!r:.80}"
        )
    return tuple(weight / total for weight in weights)


def _mean(predictions: Sequence[ChromaPrediction], weights: Sequence[float]) -> ChromaPrediction:
    """The weighted mean of predictions for one photo, at the size of the largest."""
    small = max((prediction.small for prediction in predictions), key=lambda image: image.size)
    total = sum(weights)
    ab = np.sum(
        [
            chroma_at(prediction, small) * np.float32(weight / total)
            for prediction, weight in zip(predictions, weights, strict=True)
        ],
        axis=0,
    )
    return ChromaPrediction(small, ab)
