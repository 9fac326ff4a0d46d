"""PSNR against the number of hints, in the protocols of the literature, with the hints kept as files."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.evaluation.report.photos import Framed, Framing, ReferencePhotos, framed
from colorgan.evaluation.report.statistics import Estimate, Values, mean_estimate
from colorgan.evaluation.report.systems import Checkpoint, System
from colorgan.inference.hint_file import ColorHint, write_hints
from colorgan.models.color_spaces import RGB
from colorgan.models.hints import PointHints

COUNTS = (0, 1, 5, 10, 50, 100)
_BATCH = 8


@dataclass(frozen=True)
class Protocol:
    """How hints are given to a model, and how large the photos are.

    Attributes:
        name: what ``--hints`` calls it.
        title: whose it is.
        side: side of a hint in pixels at ``size``.
        places: where hints lie, as in :class:`colorgan.models.hints.PointHints`.
        size: side of the square that photos are squeezed to.
        published: a known result, in words.
    """

    name: str
    title: str
    side: int
    places: Literal["uniform", "centered", "grid"]
    size: int
    published: str = ""

    @property
    def points(self) -> PointHints:
        """The hints."""
        return PointHints(sides=(self.side, self.side), places=self.places)

    def __str__(self) -> str:
        where = {"centered": "around the middle", "grid": "on a grid", "uniform": "anywhere"}[self.places]
        return f"{self.title}: {self.side} x {self.side} pixels {where}, at {self.size} x {self.size}"


PROTOCOLS = {
    protocol.name: protocol
    for protocol in (
        Protocol(
            "zhang2017",
            "Zhang et al. 2017",
            side=6,
            places="centered",
            size=256,
            published="their model, on 1,000 photos of ImageNet: "
            "24.43 dB (0), 25.37 (1), 27.39 (5), 28.42 (10), 30.42 (50), 31.13 (100)",
        ),
        Protocol("icolorit", "iColoriT (Yun et al. 2023)", side=2, places="grid", size=224),
    )
}


@dataclass(frozen=True)
class Hinted:
    """What hints gain, by one protocol.

    Attributes:
        protocol: how they were given.
        figures: name of a system to mean PSNR in dB, one for each of :data:`COUNTS`.
        without: names of the checkpoints that take no hints.
    """

    protocol: Protocol
    figures: dict[str, list[Estimate]]
    without: tuple[str, ...] = ()

    def plain(self) -> dict[str, Any]:
        """As plain data, for ``metrics.json``."""
        return {
            "protocol": str(self.protocol),
            "published": self.protocol.published,
            "counts": list(COUNTS),
            "psnr": {
                name: [[round(number, 4) for number in (mean.value, mean.low, mean.high)] for mean in figures]
                for name, figures in self.figures.items()
            },
        }


def measure_hinted(
    photos: ReferencePhotos,
    systems: Sequence[System],
    protocols: Sequence[str],
    folder: Path,
    done: Callable[[int], object] = lambda count: None,
) -> list[Hinted]:
    """Colors photos with hints taken from themselves.

    Where a photo's hints lie depends on its position in the order of names alone; a larger number of hints holds those
    of a smaller one. They are written as ``hints.json`` files, one a photo, in its own pixels: the first n of a file
    are what n hints were. A file has round dots where the protocol has squares.

    Args:
        photos: the reference.
        systems: those among them that are checkpoints and take hints are measured.
        protocols: names of :data:`PROTOCOLS`.
        folder: where the hints are kept, in a sub-folder per protocol.
        done: called with the number of photos finished since the last call.

    Raises:
        ColorganError: if no system takes hints.
    """
    from colorgan.metrics.hinted import hinted_psnr  # only now: folders of pictures need no Lightning

    checkpoints = [system for system in systems if isinstance(system, Checkpoint)]
    hinted = [system for system in checkpoints if system.colorizer.takes_hints]
    if not hinted:
        raise ColorganError("none of the systems takes hints, so that there is nothing to measure: leave out --hints")
    without = tuple(system.name for system in checkpoints if system not in hinted)
    results = []
    for protocol in (PROTOCOLS[name] for name in protocols):
        values: dict[str, list[Values]] = {system.name: [] for system in hinted}
        for start in range(0, len(photos), _BATCH):
            index = range(start, min(start + _BATCH, len(photos)))
            batch = [framed(photos.files[at], Framing(protocol.size, square=True)) for at in index]
            reference = torch.stack([photo.rgb for photo in batch]).float() / 255
            numbers = torch.tensor(index)
            for system in hinted:
                device = system.colorizer.working_size.device
                with torch.inference_mode():
                    rows = hinted_psnr(
                        system.colorizer, reference.to(device), numbers.to(device), COUNTS, protocol.points
                    )
                values[system.name].append(rows.double().cpu().numpy())
            for at, hints in zip(index, _as_files(protocol, reference, numbers, batch), strict=True):
                file = (folder / protocol.name / photos.names[at]).with_suffix(".json")
                file.parent.mkdir(parents=True, exist_ok=True)
                write_hints(file, hints)
            done(len(index))
        figures = {name: [mean_estimate(column) for column in np.concatenate(rows).T] for name, rows in values.items()}
        results.append(Hinted(protocol, figures, without))
    return results


def _as_files(protocol: Protocol, reference: Tensor, index: Tensor, photos: Sequence[Framed]) -> list[list[ColorHint]]:
    """The hints that the models were given, in the pixels of the photos' files."""
    size, side, most = protocol.size, protocol.side, max(COUNTS)
    points = protocol.points.validation_points(index, size, size, most)
    whole = RGB().split(reference)[1]
    lists = []
    for number, photo in enumerate(photos):
        height, width = photo.original
        down, right = height / size, width / size
        hints = []
        for top, left in zip(points.top[number].tolist(), points.left[number].tolist(), strict=True):
            patch = (whole[number, :, top : top + side, left : left + side].mean(dim=(1, 2)) + 1) / 2
            red, green, blue = patch.mul(255).round().int().tolist()
            hints.append(
                ColorHint(
                    x=round((left + side / 2) * right, 2),
                    y=round((top + side / 2) * down, 2),
                    color=f"#{red:02x}{green:02x}{blue:02x}",
                    radius=round(side / 2 * (down * right) ** 0.5, 2),
                )
            )
        lists.append(hints)
    return lists
