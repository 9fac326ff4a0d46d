"""Draws docs/figures/old_photos.jpg: what OldPhotos does to photos.

python docs/figures/old_photos.py FOLDER
"""

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from colorgan.images import list_photos, read_rgb
from colorgan.models import Lab, OldPhotos

SIZE = 160
COUNT = 6
EFFECTS = ("blur", "contrast", "fading", "grain", "halftone", "stains", "scratches", "jpeg")


def square(file: Path) -> Image.Image:
    """The middle of a photo."""
    image = Image.fromarray(read_rgb(file))
    scale = SIZE / min(image.size)
    image = image.resize((max(SIZE, round(image.width * scale)), max(SIZE, round(image.height * scale))))
    left, top = (image.width - SIZE) // 2, (image.height - SIZE) // 2
    return image.crop((left, top, left + SIZE, top + SIZE))


torch.manual_seed(3)
files = list_photos(Path(sys.argv[1]))
photos = np.stack([np.asarray(square(file)) for file in files[:: len(files) // COUNT][:COUNT]])
gray, _ = Lab().split(torch.from_numpy(photos).permute(0, 3, 1, 2) / 255)
alone = [OldPhotos(p_clean=0, **{name: float(name == effect) for name in EFFECTS}) for effect in EFFECTS]
rows = [gray, *(degradation(gray) for degradation in alone)]
rows += [OldPhotos()(gray) for _ in range(2)]
sheet = torch.cat([torch.cat(list(row), dim=2) for row in rows], dim=1)[0]
image = Image.fromarray(((sheet + 1) * 127.5).round().byte().numpy())
image.save(Path(__file__).with_suffix(".jpg"), quality=70, optimize=True)
