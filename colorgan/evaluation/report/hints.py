"""PSNR against the number of hints, in the protocols of the literature."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.evaluation.differences import wild_cluster_bootstrap
from colorgan.evaluation.report.comparisons import Comparison, corrected
from colorgan.evaluation.report.photos import Photo, ReferencePhotos, Resize, load_photo
from colorgan.evaluation.report.systems import CheckpointSystem, System
from colorgan.evaluation.statistics import Estimate, Values, bootstrap_mean
from colorgan.inference.hints import ColorHint, Hint, write_hints
from colorgan.metrics.hinted import hinted_psnr
from colorgan.metrics.registry import METRICS
from colorgan.models.color_spaces import RGB
from colorgan.models.hints import PointHints

COUNTS = (0, 1, 5, 10, 50, 100)
"""Numbers of hints at which PSNR is measured, as in the literature."""
_BATCH_SIZE = 8
_PSNR_WITH_HINTS = replace(
    METRICS["psnr"], key="psnr_with_hints", title=f"PSNR with {COUNTS[1]} to {COUNTS[-1]} hints", function=None
)


@dataclass(frozen=True)
class HintProtocol:
    """Size and placement of hints, and the size of the photos.

    Attributes:
        name: value of ``--hints``.
        title: its publication.
        patch_size: height and width of a hint in pixels, at ``size``.
        placement: placement of the hints, as in :class:`colorgan.models.hints.PointHints`.
        size: photos are resized to squares of this many pixels.
        published: a published result, in words.
    """

    name: str
    title: str
    patch_size: int
    placement: Literal["uniform", "centered", "grid"]
    size: int
    published: str = ""

    @property
    def point_hints(self) -> PointHints:
        """The sampler of the hints."""
        return PointHints(patch_sizes=(self.patch_size, self.patch_size), placement=self.placement)

    def __str__(self) -> str:
        where = {"centered": "around the center", "grid": "on a grid", "uniform": "anywhere"}[self.placement]
        return f"{self.title}: {self.patch_size} x {self.patch_size} pixels {where}, at {self.size} x {self.size}"


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        HintProtocol(
            "zhang2017",
            "Zhang et al. 2017",
            patch_size=6,
            placement="centered",
            size=256,
            published="their model, on 1,000 photos of ImageNet: "
            "24.43 dB (0), 25.37 (1), 27.39 (5), 28.42 (10), 30.42 (50), 31.13 (100)",
        ),
        HintProtocol("icolorit", "iColoriT (Yun et al. 2023)", patch_size=2, placement="grid", size=224),
    )
}
"""Published protocols by name: where hints lie, their size, and the size of the photos."""


@dataclass(frozen=True)
class HintResults:
    """PSNR with hints, in one protocol.

    Attributes:
        protocol: the protocol.
        psnr: mean PSNR in dB for each of :data:`COUNTS`, by name of the system.
        without_hints: names of the checkpoints that take no hints.
        comparisons: differences between systems in PSNR with hints, over all numbers of hints but 0.
    """

    protocol: HintProtocol
    psnr: dict[str, list[Estimate]]
    without_hints: tuple[str, ...] = ()
    comparisons: Sequence[Comparison] = ()

    def as_json(self) -> dict[str, Any]:
        """Plain data for ``metrics.json``."""
        return {
            "protocol": str(self.protocol),
            "published": self.protocol.published,
            "counts": list(COUNTS),
            "psnr": {name: [_rounded(estimate) for estimate in means] for name, means in self.psnr.items()},
            **({"comparisons": [entry.as_json() for entry in self.comparisons]} if self.comparisons else {}),
        }


def measure_hints(
    photos: ReferencePhotos,
    systems: Sequence[System],
    protocols: Sequence[str],
    folder: Path,
    on_progress: Callable[[int], object] = lambda count: None,
) -> list[HintResults]:
    """Colorizes photos with hints sampled from the photos themselves.

    The positions of a photo's hints depend only on its position in the order of names, and a larger number of hints
    includes those of a smaller one. Hints are written as ``hints.json`` files, one per photo, in the pixels of the
    photo: its first n hints are those that were used as n hints. Files have round hints where the protocol has squares.

    Args:
        photos: the reference photos.
        systems: the checkpoints among them that take hints are measured.
        protocols: names of :data:`PROTOCOLS`.
        folder: the hints are written here, in one subfolder per protocol.
        on_progress: called with the number of photos completed since the last call.

    Raises:
        ColorganError: if no system takes hints.
    """
    checkpoints = [system for system in systems if isinstance(system, CheckpointSystem)]
    hinted = [system for system in checkpoints if system.colorizer.takes_hints]
    if not hinted:
        raise ColorganError("none of the systems takes hints; leave out --hints")
    without_hints = tuple(system.name for system in checkpoints if system not in hinted)
    results = []
    for protocol in (PROTOCOLS[name] for name in protocols):
        values: dict[str, list[Values]] = {system.name: [] for system in hinted}
        for start in range(0, len(photos), _BATCH_SIZE):
            indices = range(start, min(start + _BATCH_SIZE, len(photos)))
            batch = [load_photo(photos.files[i], Resize(protocol.size, square=True)) for i in indices]
            reference = torch.stack([photo.rgb for photo in batch]).float() / 255
            index = torch.tensor(indices)
            for system in hinted:
                device = system.colorizer.working_size.device
                with torch.inference_mode():
                    psnr = hinted_psnr(
                        system.colorizer, reference.to(device), index.to(device), COUNTS, protocol.point_hints
                    )
                values[system.name].append(psnr.cpu().double().numpy())
            for i, hints in zip(indices, _color_hints(protocol, reference, index, batch), strict=True):
                file = folder / protocol.name / photos.output_name(i, ".json")
                file.parent.mkdir(parents=True, exist_ok=True)
                write_hints(file, hints)
            on_progress(len(indices))
        tables = {name: np.concatenate(rows) for name, rows in values.items()}
        means = {name: [bootstrap_mean(column) for column in table.T] for name, table in tables.items()}
        results.append(HintResults(protocol, means, without_hints, compare_hinted(tables)))
    return results


def compare_hinted(tables: Mapping[str, Values]) -> list[Comparison]:
    """All pairs of systems; the results of a photo with several numbers of hints are not independent.

    Args:
        tables: by system, PSNR for each of :data:`COUNTS`, (n, len(COUNTS)).
    """
    hinted = [column for column, count in enumerate(COUNTS) if count]
    return corrected(
        [
            Comparison(
                _PSNR_WITH_HINTS,
                first,
                second,
                wild_cluster_bootstrap((tables[first] - tables[second])[:, hinted]),
                method="wild cluster bootstrap by photo",
            )
            for first, second in itertools.combinations(tables, 2)
        ]
    )


def _color_hints(protocol: HintProtocol, reference: Tensor, index: Tensor, photos: Sequence[Photo]) -> list[list[Hint]]:
    """The hints that the models received, in the pixels of the original files."""
    size, patch_size = protocol.size, protocol.patch_size
    points = protocol.point_hints.validation_points(index, size, size, max(COUNTS))
    color = RGB().split(reference)[1]
    hints_of_photos = []
    for number, photo in enumerate(photos):
        height, width = photo.original_size
        scale_y, scale_x = height / size, width / size
        hints: list[Hint] = []
        for top, left in zip(points.top[number].tolist(), points.left[number].tolist(), strict=True):
            patch = color[number, :, top : top + patch_size, left : left + patch_size]
            red, green, blue = ((patch.mean(dim=(1, 2)) + 1) / 2).mul(255).round().int().tolist()
            hints.append(
                ColorHint(
                    x=round((left + patch_size / 2) * scale_x, 2),
                    y=round((top + patch_size / 2) * scale_y, 2),
                    color=f"#{red:02x}{green:02x}{blue:02x}",
                    radius=round(patch_size / 2 * (scale_y * scale_x) ** 0.5, 2),
                )
            )
        hints_of_photos.append(hints)
    return hints_of_photos


def _rounded(estimate: Estimate) -> list[float]:
    """The value and the bounds of its interval, NaN without one."""
    interval = estimate.interval
    bounds = (interval.low, interval.high) if interval else (float("nan"), float("nan"))
    return [round(number, 4) for number in (estimate.value, *bounds)]
