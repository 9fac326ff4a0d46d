"""Sample photos to try the page with: packaged ones, in gray, and in color as references."""

import functools
import io
import re
from dataclasses import dataclass

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
        name: what it shows.
        url: where the server has it, in gray.
        color_url: where the server has it in color, as a reference for the colors of other photos.
        credit: author and license.
    """

    name: str
    url: str
    color_url: str
    credit: str


@functools.cache
def list_samples() -> list[Sample]:
    """Lists the samples, with the credits of their folder."""
    credits = (SAMPLE_PHOTOS / "CREDITS.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| (\w+)_\*\.jpg \| \w+ \| (.+) \|$", credits, re.MULTILINE))
    return [
        Sample(
            name,
            f"/api/samples/{file}",
            f"/api/samples/{file}?color=1",
            ", ".join(rows[file.partition("_")[0]].split(" | ")),
        )
        for file, name in _NAMES.items()
    ]


@functools.lru_cache(2 * len(_NAMES))
def sample_photo(file: str, in_color: bool = False) -> bytes | None:
    """A sample as JPEG, in gray or in color; ``None`` if there is none of this file name."""
    if file not in _NAMES:
        return None
    if in_color:
        return (SAMPLE_PHOTOS / "val" / file).read_bytes()
    gray = io.BytesIO()
    with Image.open(SAMPLE_PHOTOS / "val" / file) as image:
        image.convert("L").save(gray, "JPEG", quality=_JPEG_QUALITY)
    return gray.getvalue()
