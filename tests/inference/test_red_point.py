"""What a user expects of a hint, held against a trained model: the one that ships, or that of COLORGAN_HINT_MODEL."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorgan.color.cielab import fy, lab_to_linear, linear_to_srgb, rgb_to_ab
from colorgan.color.difference import ciede2000
from colorgan.color.tensors import to_lab
from colorgan.errors import ColorganError
from colorgan.images import SAMPLE_PHOTOS
from colorgan.inference.colorizer import Colorizer
from colorgan.inference.hint_file import ColorHint

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


def red_point(model: Colorizer, file: Path, x: int, y: int) -> tuple[float, float, float]:
    """CIEDE2000: from the hint's color within its radius, changed within its radius, and changed far away."""
    gray = Image.open(file).convert("L")
    without = model.colorize(gray)
    hinted = model.colorize(gray, hints=[ColorHint(x, y, RED, RADIUS)])
    down, right = np.mgrid[: gray.height, : gray.width] + 0.5
    distance = np.hypot(right - x, down - y)

    light = fy(np.array(gray))
    a, b = (
        np.full_like(light, value.item()) for value in rgb_to_ab(np.array([[ColorHint(0, 0, RED, 1).rgb]], np.uint8))
    )
    wanted = Image.fromarray(np.stack([linear_to_srgb(channel) for channel in lab_to_linear(light, a, b)], axis=-1))
    change = difference(hinted, without)
    return (
        float(difference(hinted, wanted)[distance <= RADIUS].mean()),
        float(change[distance <= RADIUS].mean()),
        float(change[distance > FAR].mean()),
    )


@pytest.mark.slow
def test_a_red_point_makes_its_region_red_and_leaves_far_ones(model: Colorizer) -> None:
    """On all photos that were held out from the training of the model that ships, at a point on their left."""
    files = sorted((SAMPLE_PHOTOS / "val").glob("*.jpg"))
    assert len(files) == 42
    from_hint, changed, far = np.array([red_point(model, file, 40, 80) for file in files]).T
    assert from_hint.max() < 10
    assert changed.min() > 10
    assert far.mean() < 4
    assert (far < changed / 2).all()
