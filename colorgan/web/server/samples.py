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
        color_url: where it is in color.
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
    samples = []
    for file, name in _NAMES.items():
        url, credit = f"/api/samples/{file}", ", ".join(rows[file.partition("_")[0]].split(" | "))
        samples.append(Sample(name, url, f"{url}?color=1", credit))
    return samples


@functools.lru_cache(2 * len(_NAMES))
def sample_photo(file: str, in_color: bool = False) -> bytes | None:
    """A sample as JPEG, in gray unless it shall be a reference for the colors of another photo.

    Args:
        file: its file name; ``None`` is returned if there is none of this name.
        in_color: whether it keeps its colors.
    """
    if file not in _NAMES:
        return None
    if in_color:
        return (SAMPLE_PHOTOS / "val" / file).read_bytes()
    gray = io.BytesIO()
    with Image.open(SAMPLE_PHOTOS / "val" / file) as image:
        image.convert("L").save(gray, "JPEG", quality=_JPEG_QUALITY)
    return gray.getvalue()
