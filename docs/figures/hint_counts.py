"""Draws hint_counts.png of docs/hints.md: photos colored with 0, 5, 10 and 50 hints taken from the reference.

python docs/figures/hint_counts.py [CHECKPOINT]
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from colorgan import Colorizer
from colorgan.images.contact_sheet import contact_sheet
from colorgan.images.samples import SAMPLE_PHOTOS
from colorgan.models.hints import PointHints

COUNTS = (0, 5, 10, 50)
files = sorted((SAMPLE_PHOTOS / "val").glob("*.jpg"))[3::7]

model = Colorizer.from_checkpoint(sys.argv[1] if len(sys.argv) > 1 else None)
photos = [np.asarray(Image.open(file).resize((model.size, model.size))) for file in files]
reference = torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2) / 255
gray, color = model.color_space.split(reference)
columns = {"gray": model.color_space.merge(gray, torch.zeros_like(color)).clamp(0, 1)}
for count in COUNTS:
    hints = PointHints(sides=(2, 2)).validation(color, torch.arange(len(files)), count, color_space=model.color_space)
    with torch.inference_mode():
        columns[f"{count} hints"] = model(reference, hints)
columns["reference"] = reference
contact_sheet(columns, captions=[file.name for file in files], tile=150).save(
    Path(__file__).with_name("hint_counts.png")
)
