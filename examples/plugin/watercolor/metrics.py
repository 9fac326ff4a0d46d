"""A metric."""

from torch import Tensor

from colorgan.metrics import Metric


def saturation_error(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean absolute error of the saturation max - min of R, G and B, (B,), of photos (B, 3, H, W) in [0, 1]."""
    one, two = (photo.amax(dim=1) - photo.amin(dim=1) for photo in (predicted, target))
    return (one - two).abs().mean(dim=(1, 2))


SATURATION_ERROR = Metric(
    "saturation_error",
    "saturation error",
    "mean absolute error of the saturation, the difference of the largest and the smallest of R, G and B",
    digits=3,
    function="watercolor.metrics:saturation_error",
)
