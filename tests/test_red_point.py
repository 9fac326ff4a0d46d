"""What a user expects of a hint, held against a trained model: the one that ships, or that of COLORGAN_HINT_MODEL."""

import os

import numpy as np
import pytest
import torch
from PIL import Image

from colorgan.cielab import chroma, colours, encode, root
from colorgan.colorizer import Colorizer
from colorgan.data.photos import SAMPLE_PHOTOS
from colorgan.errors import ColorganError
from colorgan.hint_file import ColorHint
from colorgan.metrics.colour import ciede2000, to_lab

RED = "#c81e28"
RADIUS, FAR = 10, 70


@pytest.fixture(scope="module")
def model() -> Colorizer:
    path = os.environ.get("COLORGAN_HINT_MODEL")
    try:
        loaded = Colorizer.from_checkpoint(path)
    except ColorganError:
        if path:
            raise
        pytest.skip("no trained model: set COLORGAN_HINT_MODEL to a checkpoint that follows hints")
    if not loaded.takes_hints:
        pytest.skip("the model that ships takes no hints: set COLORGAN_HINT_MODEL to a checkpoint that does")
    return loaded


def difference(one: Image.Image, other: Image.Image) -> np.ndarray:
    """CIEDE2000 of every pixel, (H, W)."""
    photos = [torch.from_numpy(np.array(photo)).permute(2, 0, 1)[None] / 255 for photo in (one, other)]
    return ciede2000(to_lab(photos[0]), to_lab(photos[1]))[0].numpy()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "x", "y"), [("val/flower_00", 118, 92), ("train/free_00", 92, 96), ("train/coffee_00", 40, 130)]
)
def test_a_red_point_makes_its_region_red_and_leaves_far_ones(model: Colorizer, name: str, x: int, y: int) -> None:
    gray = Image.open(SAMPLE_PHOTOS / f"{name}.jpg").convert("L")
    without = model.colorize(gray)
    hinted = model.colorize(gray, hints=[ColorHint(x, y, RED, RADIUS)])
    down, right = np.mgrid[: gray.height, : gray.width] + 0.5
    distance = np.hypot(right - x, down - y)

    light = root(np.array(gray))
    a, b = (np.full_like(light, value.item()) for value in chroma(np.array([[ColorHint(0, 0, RED, 1).rgb]], np.uint8)))
    wanted = Image.fromarray(np.stack([encode(channel) for channel in colours(light, a, b)], axis=-1))
    assert difference(hinted, wanted)[distance <= RADIUS].mean() < 10
    change = difference(hinted, without)
    assert change[distance > FAR].mean() < 4
    assert change[distance <= RADIUS].mean() > 10
