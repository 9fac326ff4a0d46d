"""Draws docs/reports/photos/held_out.jpg: the held-out sample photos, colorized by the former and by the present model.

python docs/reports/photos/sheet.py FORMER_MODEL [MODEL]
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from colorgan.images import SAMPLE_PHOTOS, list_photos, read_rgb
from colorgan.images.contact_sheet import contact_sheet
from colorgan.inference.torch_colorizer import TorchColorizer

if __name__ == "__main__":
    files = list_photos(SAMPLE_PHOTOS / "val")
    references = [read_rgb(file) for file in files]
    gray = [np.asarray(Image.fromarray(photo).convert("L")) for photo in references]
    columns = {"gray": gray, "reference": references}
    for title, model in zip(("former", "present"), (*sys.argv[1:], None), strict=False):
        colorizer = TorchColorizer.from_checkpoint(model)
        columns[title] = [np.asarray(colorizer.colorize(Image.fromarray(photo).convert("RGB"))) for photo in gray]
    sheet = contact_sheet(columns, captions=[file.stem for file in files], blocks=3, tile=112)
    sheet.save(Path(__file__).with_name("held_out.jpg"), quality=75)
