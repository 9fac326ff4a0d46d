"""Sheets of photos before and after, a page at a time, so that memory does not grow with their number."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from colorgan.files import atomic_write
from colorgan.images import UnreadableImage, contact_sheet, read_rgb
from colorgan.inference.batch.jobs import Job

_TILE = 320
_PHOTOS = 24
_BLOCKS = 3


def write_sheets(jobs: Sequence[Job], folder: Path, overwrite: bool = False) -> list[Path]:
    """Writes ``before_after_1.png`` and so on, 24 photos on each.

    Photos that were not colored are left out. A sheet that is there stays, unless it may be overwritten.

    Args:
        jobs: photos and the files they were colored into.
        folder: where the sheets go.
        overwrite: whether sheets that are there are replaced.

    Returns:
        The sheets of these photos, the older ones included.
    """
    pages = []
    for first in range(0, len(jobs), _PHOTOS):
        target = folder / f"before_after_{first // _PHOTOS + 1}.png"
        if overwrite or not target.exists():
            rows = [(job.name, *row) for job in jobs[first : first + _PHOTOS] if (row := _row(job)) is not None]
            if not rows:
                continue
            names, before, after = zip(*rows, strict=True)
            drawn = contact_sheet({"before": before, "after": after}, captions=names, blocks=_BLOCKS, tile=_TILE)
            with atomic_write(target) as temporary:
                drawn.save(temporary, "PNG")
        pages.append(target)
    return pages


def _row(job: Job) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]] | None:
    try:
        return _thumbnail(job.source), _thumbnail(job.target)
    except UnreadableImage:
        return None


def _thumbnail(file: Path) -> npt.NDArray[np.uint8]:
    image = Image.fromarray(read_rgb(file, shrink_to=_TILE))
    image.thumbnail((_TILE, _TILE), Image.Resampling.LANCZOS)
    return np.asarray(image)
