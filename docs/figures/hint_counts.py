"""Draws hint_counts.png of docs/hints.md: photos coloured with 0, 5, 10 and 50 hints taken from the truth.

python docs/figures/hint_counts.py [CHECKPOINT]
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from colorgan import Colorizer
from colorgan.images.contact_sheet import sheet
from colorgan.images.samples import SAMPLE_PHOTOS
from colorgan.models.hints import PointHints

COUNTS = (0, 5, 10, 50)
files = sorted((SAMPLE_PHOTOS / "val").glob("*.jpg"))[3::7]

model = Colorizer.from_checkpoint(sys.argv[1] if len(sys.argv) > 1 else None)
photos = [np.asarray(Image.open(file).resize((model.size, model.size))) for file in files]
truth = torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2) / 255
gray, colour = model.color.split(truth)
columns = {"gray": model.color.merge(gray, torch.zeros_like(colour)).clamp(0, 1)}
for count in COUNTS:
    hints = PointHints(sides=(2, 2)).validation(colour, torch.arange(len(files)), count, color=model.color)
    with torch.inference_mode():
        columns[f"{count} hints"] = model(truth, hints)
columns["truth"] = truth
sheet(columns, captions=[file.name for file in files], tile=150).save(Path(__file__).with_name("hint_counts.png"))
