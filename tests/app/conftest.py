"""Photos and a model for the tests of the app: small, on the CPU, with colours that can be foretold."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorgan.cielab import FloatArray
from colorgan.colorizer import Colorizer
from colorgan.generators import UNet
from colorgan.hints import PointHints
from colorgan.photo_colorizer import PhotoColorizer


class Painter(PhotoColorizer):
    """Colours everything warm, the more the lighter, and where hints are, as they say. It notes what it was asked."""

    size = 32
    takes_hints = True

    def __init__(self) -> None:
        self.batches: list[tuple[int, ...]] = []

    def colour_small(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        self.batches.append(rgb.shape)
        gray = rgb.mean(axis=1, keepdims=True)
        coloured = np.clip(gray * np.array([1.2, 1.0, 0.7], np.float32).reshape(1, 3, 1, 1), 0, 1)
        return coloured if hints is None else np.where(hints[:, 3:] > 0, hints[:, :3], coloured)


@pytest.fixture
def painter() -> Painter:
    return Painter()


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A released model with random weights that takes hints."""
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("model")
    Colorizer(UNet(4, 2, width=4, depth=2), hints=PointHints(), size=32).save_pretrained(folder)
    return folder


def picture(seed: int, height: int = 30, width: int = 40) -> Image.Image:
    """A smooth picture with colours, another one for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Four photos in two folders."""
    for number, name in enumerate(["a.jpg", "b.png", "summer/c.jpg", "summer/beach/d.tif"]):
        file = tmp_path / "album" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        picture(number, 30 + number, 40).save(file)
    return tmp_path / "album"


@pytest.fixture
def tree() -> Callable[[Path], list[str]]:
    """Lists all files below a folder."""
    return lambda folder: sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())
