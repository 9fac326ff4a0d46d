"""Draws hint_counts.png for docs/hints.md: photos colorized with 0, 5, 10 and 50 hints sampled from the reference.

python docs/figures/hint_counts.py [CHECKPOINT]
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from colorgan.images.contact_sheet import contact_sheet
from colorgan.images.samples import SAMPLE_PHOTOS
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.models import PointHints

COUNTS = (0, 5, 10, 50)

colorizer = TorchColorizer.from_checkpoint(sys.argv[1] if len(sys.argv) > 1 else None)
color_space = colorizer.color_space
sampler = PointHints(patch_sizes=(2, 2))

files = sorted((SAMPLE_PHOTOS / "val").glob("*.jpg"))[3::7]
photos = [np.asarray(Image.open(file).resize((colorizer.size, colorizer.size))) for file in files]
reference = torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2) / 255
gray, color = color_space.split(reference)
columns = {"gray": color_space.merge(gray, color_space.neutral(gray))}
for count in COUNTS:
    hints = sampler.validation(color, torch.arange(len(files)), count, color_space=color_space)
    with torch.inference_mode():
        columns[f"{count} hints"] = colorizer(reference, hints)
columns["reference"] = reference
sheet = contact_sheet(columns, captions=[file.name for file in files], tile=150)
sheet.save(Path(__file__).with_name("hint_counts.png"))
