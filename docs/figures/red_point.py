"""Draws red_point.png for docs/hints.md: three photos, colorized without and with a red hint.

python docs/figures/red_point.py [CHECKPOINT]
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from colorgan import ColorHint, Colorizer
from colorgan.images.contact_sheet import contact_sheet
from colorgan.images.samples import SAMPLE_PHOTOS

COLOR, RADIUS = "#c81e28", 10
POSITIONS = {"flower_00": (118, 92), "bridge_00": (40, 80), "rocket_00": (40, 80)}

colorizer = Colorizer(sys.argv[1] if len(sys.argv) > 1 else None)
columns: dict[str, list[np.ndarray]] = {"hint": [], "without hint": [], "with hint": [], "reference": []}
for name, (x, y) in POSITIONS.items():
    reference = Image.open(SAMPLE_PHOTOS / "val" / f"{name}.jpg")
    gray = reference.convert("L")
    marked = gray.convert("RGB")
    ImageDraw.Draw(marked).ellipse((x - RADIUS, y - RADIUS, x + RADIUS, y + RADIUS), COLOR)
    hinted = colorizer.colorize(gray, hints=[ColorHint(x, y, COLOR, RADIUS, reach=0)])
    for column, image in zip(columns.values(), (marked, colorizer.colorize(gray), hinted, reference), strict=True):
        column.append(np.asarray(image.convert("RGB")))
contact_sheet(columns, captions=list(POSITIONS), tile=240).save(Path(__file__).with_name("red_point.png"))
