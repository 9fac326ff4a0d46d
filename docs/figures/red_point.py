"""Draws red_point.png of docs/hints.md: three photos, a red point on each, and what the model makes of it.

python docs/figures/red_point.py [CHECKPOINT]
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from colorgan import Colorizer
from colorgan.images.contact_sheet import contact_sheet
from colorgan.images.samples import SAMPLE_PHOTOS
from colorgan.inference.hint_file import ColorHint

RED, RADIUS = "#c81e28", 10
POINTS = {"flower_00": (118, 92), "bridge_00": (40, 80), "rocket_00": (40, 80)}

model = Colorizer.from_checkpoint(sys.argv[1] if len(sys.argv) > 1 else None)
columns: dict[str, list[np.ndarray]] = {"the point": [], "without": [], "with the point": [], "reference": []}
for name, (x, y) in POINTS.items():
    reference = Image.open(SAMPLE_PHOTOS / "val" / f"{name}.jpg")
    gray = reference.convert("L")
    marked = gray.convert("RGB")
    ImageDraw.Draw(marked).ellipse((x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS), RED)
    hinted = model.colorize(gray, hints=[ColorHint(x, y, RED, RADIUS)])
    for column, picture in zip(columns.values(), (marked, model.colorize(gray), hinted, reference), strict=True):
        column.append(np.asarray(picture.convert("RGB")))
contact_sheet(columns, captions=list(POINTS), tile=240).save(Path(__file__).with_name("red_point.png"))
