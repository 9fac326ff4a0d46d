"""Draws contact sheets of photos before and after, one sheet at a time, so that memory does not grow with the batch."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from colorgan.files import atomic_write
from colorgan.images import UnreadableImage, contact_sheet, read_rgb
from colorgan.inference.batch.jobs import Job

SHEETS = "sheets"
"""Subfolder of the output folder in which contact sheets are."""

_TILE_SIZE = 320
_PHOTOS_PER_SHEET = 24
_PHOTOS_PER_ROW = 3


def write_sheets(jobs: Sequence[Job], folder: Path, overwrite: bool = False) -> list[Path]:
    """Writes ``sheets/before_after_1.png`` and so on, with 24 photos each.

    Photos that were not colorized are left out.

    Args:
        jobs: the photos and their colorized files.
        folder: the output folder.
        overwrite: whether to replace existing sheets.

    Returns:
        The sheets of these photos, including those that already existed.
    """
    sheets = []
    for start in range(0, len(jobs), _PHOTOS_PER_SHEET):
        file = folder / SHEETS / f"before_after_{start // _PHOTOS_PER_SHEET + 1}.png"
        if overwrite or not file.exists():
            sheet_jobs = jobs[start : start + _PHOTOS_PER_SHEET]
            rows = [(job.name, *pair) for job in sheet_jobs if (pair := _thumbnails(job)) is not None]
            if not rows:
                continue
            names, before, after = zip(*rows, strict=True)
            sheet = contact_sheet(
                {"before": before, "after": after}, captions=names, blocks=_PHOTOS_PER_ROW, tile=_TILE_SIZE
            )
            with atomic_write(file) as temporary:
                sheet.save(temporary, "PNG")
        sheets.append(file)
    return sheets


def _thumbnails(job: Job) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]] | None:
    """The photo before and after, or ``None`` if either cannot be read."""
    try:
        return _thumbnail(job.source), _thumbnail(job.target)
    except UnreadableImage:
        return None


def _thumbnail(file: Path) -> npt.NDArray[np.uint8]:
    image = Image.fromarray(read_rgb(file, shrink_to=_TILE_SIZE))
    image.thumbnail((_TILE_SIZE, _TILE_SIZE), Image.Resampling.LANCZOS)
    return np.asarray(image)
