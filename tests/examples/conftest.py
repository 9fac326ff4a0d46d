"""Photos larger than the model's size, and what `colorgan colorize` makes of them."""

from pathlib import Path

import numpy as np
import pytest
import skimage.data
from PIL import Image

from colorgan.cli import main
from colorgan.images import read_rgb
from colorgan.inference.shipped import ONNX, shipped_model

REPOSITORY = Path(__file__).parents[2]
MODEL = shipped_model() / ONNX
PHOTOS = ("astronaut", "coffee", "chelsea")


@pytest.fixture(scope="session")
def old_and_new(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, np.ndarray]:
    """Three photos, each with the pixels that the command writes."""
    folder = tmp_path_factory.mktemp("photos")
    for name in PHOTOS:
        Image.fromarray(getattr(skimage.data, name)()).save(folder / f"{name}.png")
    files = [folder / f"{name}.png" for name in PHOTOS]
    assert main(["colorize", *map(str, files), "-o", str(folder / "new")]) == 0
    return {file: read_rgb(folder / "new" / file.name) for file in files}


def assert_same(colorized: np.ndarray, expected: np.ndarray) -> None:
    """Every value is within 1/255, and nearly all are equal."""
    difference = np.abs(colorized.astype(int) - expected.astype(int))
    assert difference.max() <= 1
    assert difference.mean() < 0.02
