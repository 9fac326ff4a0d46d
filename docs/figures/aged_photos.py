"""Draws docs/figures/aged_photos.jpg: ten held-out sample photos made to look old by OldPhotos, and colorized.

python docs/figures/aged_photos.py [CHECKPOINT]
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from colorgan.images import SAMPLE_PHOTOS, read_rgb
from colorgan.images.contact_sheet import contact_sheet
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.models import Lab, OldPhotos

TILES = ["bridge_01", "bridge_04", "bridge_09", "bridge_13", "flower_02", "flower_06"]
TILES += ["life_04", "life_09", "life_12", "rocket_04"]
"""Of four photos that no shipped model was trained on: by Sander Klootwijk, vultilion, Aitzol Berasategi and SpaceX."""

if __name__ == "__main__":
    torch.manual_seed(1)
    references = [read_rgb(SAMPLE_PHOTOS / "val" / f"{name}.jpg") for name in TILES]
    gray, _ = Lab().split(torch.from_numpy(np.stack(references)).permute(0, 3, 1, 2) / 255)
    old = [((photo[0].numpy() + 1) * 127.5).round().astype(np.uint8) for photo in OldPhotos(p_clean=0)(gray)]
    colorizer = TorchColorizer.from_checkpoint(*sys.argv[1:])
    colorized = [np.asarray(colorizer.colorize(Image.fromarray(photo).convert("RGB"))) for photo in old]
    sheet = contact_sheet({"old": old, "colorized": colorized, "reference": references}, blocks=2, tile=160)
    sheet.save(Path(__file__).with_suffix(".jpg"), quality=88)
