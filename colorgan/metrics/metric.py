"""What a metric is: its name, its computation, and how to show it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Literal, cast

from colorgan.errors import ColorganError

if TYPE_CHECKING:
    from torch import Tensor

Group = Literal["distance", "colorfulness", "image", "training"]
PhotoFunction = Callable[["Tensor", "Tensor"], "Tensor"]
"""Predicted and target photos, (B, 3, H, W), to one value per photo, (B,)."""

HEADINGS: Mapping[Group, str] = {
    "distance": "Distances between sets of images",
    "colorfulness": "Colorfulness",
    "image": "Image by image",
}
"""Headings of the tables of an evaluation report, in their order. Metrics of the group ``training`` have no table."""


class PhotoBatch:
    """Photos as RGB, and the conversions that metrics share, each computed when a metric first asks for it.

    Args:
        rgb: (B, 3, H, W), uint8 or float in [0, 1].
    """

    def __init__(self, rgb: "Tensor") -> None:
        self.rgb = rgb

    @cached_property
    def unit(self) -> "Tensor":
        """The photos in [0, 1], as returned by :func:`~colorgan.color.tensors.unit_range`."""
        from colorgan.color.tensors import unit_range

        return unit_range(self.rgb)

    @cached_property
    def lab(self) -> "Tensor":
        """The photos in Lab, (B, 3, H, W), as returned by :func:`~colorgan.color.tensors.to_lab`, in float32.

        Metrics take half the time of float64, and their means over the pixels change by less than 1e-6.
        """
        from colorgan.color.tensors import to_lab

        return to_lab(self.rgb).float()


@dataclass(frozen=True)
class Metric:
    """A metric: its name, its computation, and how to show it.

    Args:
        key: name in JSON files and, after ``val/`` or ``test/``, in logs.
        title: name in tables and charts.
        description: one sentence on how it is computed.
        better: the direction of improvement; ``None`` if there is none, as for the size of a network.
        digits: decimals to show.
        unit: unit, where the title does not say it.
        group: the table of an evaluation report that it belongs to.
        function: the metric as a function of predicted and target photos, or where to import it from, as
            ``"module:function"``; ``None`` if it takes more than that, such as all photos at once.
        lab: whether the function takes photos in Lab instead of RGB.
        min_size: smallest side in pixels that the function supports.
        logged: whether ``PixelMetrics`` logs it unless told what to log; only for metrics with a function.
        ranked: whether confidence intervals allow systems to be ranked by it.
        card: whether model cards show it.
        headline: whether an evaluation report may lead with it; the first such metric does.
        spread: whether its interval is a standard deviation instead of a confidence interval.
        gallery: whether an evaluation report shows the best and worst images by it.
        chart: whether a benchmark draws its curves; those of the headline metric are always drawn.
    """

    key: str
    title: str
    description: str = ""
    better: Literal["lower", "higher"] | None = "lower"
    digits: int = 2
    unit: str = ""
    group: Group = "image"
    function: PhotoFunction | str | None = None
    lab: bool = False
    min_size: int = 1
    logged: bool = True
    ranked: bool = True
    card: bool = True
    headline: bool = False
    spread: bool = False
    gallery: bool = False
    chart: bool = False

    def measure(self, predicted: PhotoBatch, target: PhotoBatch) -> "Tensor":
        """Computes the metric of each photo.

        Args:
            predicted: colorized photos.
            target: the original photos, of the same size.

        Returns:
            (B,).

        Raises:
            ColorganError: if the metric is not a function of photos, or the photos are too small for it.
        """
        if self.function is None:
            raise ColorganError(f"{self.title} ({self.key}) cannot be computed from photos alone")
        height, width = target.rgb.shape[-2:]
        if min(height, width) < self.min_size:
            raise ColorganError(
                f"{self.title} ({self.key}) needs photos of at least {self.min_size} x {self.min_size} pixels, "
                f"received {height} x {width}"
            )
        function = self.function if callable(self.function) else cast(PhotoFunction, resolve_name(self.function))
        return function(predicted.lab, target.lab) if self.lab else function(predicted.unit, target.unit)

    @property
    def label(self) -> str:
        """Title and unit."""
        return f"{self.title}, {self.unit}" if self.unit else self.title

    @property
    def higher_is_better(self) -> bool:
        """Whether larger values are better."""
        return self.better == "higher"

    @property
    def arrow(self) -> str:
        """The direction of improvement as an arrow, for table headers."""
        return {"lower": "↓", "higher": "↑", None: ""}[self.better]

    @property
    def direction(self) -> str:
        """The direction of improvement in words, empty if there is none."""
        return "" if self.better is None else f"{self.better} is better"
