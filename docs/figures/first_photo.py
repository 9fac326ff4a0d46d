"""Draws docs/figures/first_photo.jpg, the picture at the top of the README: a sample photo before and after.

python docs/figures/first_photo.py [CHECKPOINT]
"""

import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from colorgan.cli import main
from colorgan.images import SAMPLE_PHOTOS

FIGURE = Path(__file__).with_suffix(".jpg")
TILES = [f"life_{number}" for number in (11, 12, 13)]
"""Of a photo by Aitzol Berasategi (CC BY 4.0), none of which a shipped model was trained on."""

if __name__ == "__main__":
    tiles = [np.asarray(Image.open(SAMPLE_PHOTOS / "val" / f"{name}.jpg").convert("L")) for name in TILES]
    photo = np.hstack(tiles)
    checkpoint = [f"--checkpoint={path}" for path in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as folder:
        old, new = Path(folder, "old.jpg"), Path(folder, "new.jpg")
        Image.fromarray(photo).save(old, quality=92)
        code = main(["colorize", str(old), "-o", str(new), "--side-by-side", *checkpoint])
        shutil.copy(Path(folder, "new_side_by_side.jpg"), FIGURE)
    sys.exit(code)
