"""What a report shows of a metric: its name, its direction and its precision."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """A metric in a report.

    Args:
        key: name in JSON files and logs, such as ``psnr`` or ``val/fid``.
        title: name in tables and charts.
        description: one sentence on how it is computed.
        better: the direction of improvement; ``None`` if there is none, as for the size of a network.
        digits: decimals to show.
        ranked: whether confidence intervals allow systems to be ranked by it.
        chart: whether a benchmark draws its curves; those of the headline metric are always drawn.
    """

    key: str
    title: str
    description: str = ""
    better: Literal["lower", "higher"] | None = "lower"
    digits: int = 2
    ranked: bool = True
    chart: bool = False

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
