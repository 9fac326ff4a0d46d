"""Sample photos to try the page with: packaged ones, in gray, and in color as references."""

import functools
import io
import re
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from colorgan.images import SAMPLE_PHOTOS

_NAMES = {
    "flower_03.jpg": "Dahlia",
    "life_02.jpg": "Brook",
    "rocket_04.jpg": "Launch pad at dusk",
    "bridge_13.jpg": "Estuary",
    "life_04.jpg": "Undergrowth",
    "bridge_06.jpg": "Bridge",
}
"""None of them was used to train the shipped model."""
_JPEG_QUALITY = 95


@dataclass(frozen=True)
class Sample:
    """A sample photo.

    Attributes:
        file: the photo, in color.
        name: what it shows.
        credit: author and license.
    """

    file: Path
    name: str
    credit: str


@functools.cache
def list_samples() -> list[Sample]:
    """Lists the samples, with the credits of their folder."""
    credits = (SAMPLE_PHOTOS / "CREDITS.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\w+)_\*\.jpg \| \w+ \| (.+) \|$", credits, re.MULTILINE))
    return [
        Sample(SAMPLE_PHOTOS / "val" / file, name, ", ".join(rows[file.partition("_")[0]].split(" | ")))
        for file, name in _NAMES.items()
    ]


@functools.cache
def sample_photo(file: Path, in_color: bool = False) -> bytes:
    """A sample as JPEG, in gray unless it shall be a reference for the colors of another photo."""
    if in_color:
        return file.read_bytes()
    gray = io.BytesIO()
    with Image.open(file) as image:
        image.convert("L").save(gray, "JPEG", quality=_JPEG_QUALITY)
    return gray.getvalue()
