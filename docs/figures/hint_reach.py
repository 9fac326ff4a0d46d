"""Draws hint_reach.png for docs/hints.md: hints on sample photos, and the results at several reaches.

python docs/figures/hint_reach.py [CHECKPOINT]
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from colorgan import ColorArea, ColorHint, ColorStroke, open_model
from colorgan.images.contact_sheet import contact_sheet
from colorgan.images.samples import SAMPLE_PHOTOS
from colorgan.inference import Hint

REACHES = (0, 0.5, 1, 2)
HINTS: dict[str, list[Hint]] = {
    "flower_00": [ColorHint(80, 60, "purple", 4)],
    "flower_04": [ColorStroke([(60, 120), (100, 110)], "deeppink", 3), ColorHint(20, 30, "saddlebrown", 4)],
    "bridge_13": [ColorHint(120, 70, "seagreen", 4), ColorHint(40, 20, "orange", 4)],
    "rocket_01": [ColorHint(30, 60, "crimson", 4), ColorArea([(66, 60), (82, 60), (82, 160), (66, 160)], "gold")],
}


def outlined(gray: Image.Image, hints: list[Hint]) -> Image.Image:
    """The photo with its hints."""
    marked = gray.convert("RGB")
    draw = ImageDraw.Draw(marked)
    for hint in hints:
        mask = hint.mask(gray.size, gray.size[::-1])
        marked.paste(Image.new("RGB", gray.size, hint.rgb), mask=Image.fromarray(mask))
        if isinstance(hint, ColorHint):
            radius = hint.radius + 1.5
            draw.ellipse((hint.x - radius, hint.y - radius, hint.x + radius, hint.y + radius), outline="white")
    return marked


model = open_model(sys.argv[1] if len(sys.argv) > 1 else None)
titles = ["hints", "without hints", *(f"reach {reach:g}" for reach in REACHES)]
columns: dict[str, list[np.ndarray]] = {title: [] for title in titles}
for name, hints in HINTS.items():
    gray = Image.open(SAMPLE_PHOTOS / "val" / f"{name}.jpg").convert("L")
    images = [outlined(gray, hints), model.colorize(gray)]
    for reach in REACHES:
        reached = [hint if isinstance(hint, ColorArea) else replace(hint, reach=reach) for hint in hints]
        images.append(model.colorize(gray, hints=reached))
    for column, image in zip(columns.values(), images, strict=True):
        column.append(np.asarray(image.convert("RGB")))
contact_sheet(columns, captions=list(HINTS), tile=200).save(Path(__file__).with_name("hint_reach.png"))
