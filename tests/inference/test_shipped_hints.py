"""Checks that a trained model follows hints: the shipped model, or the one named by COLORGAN_HINT_MODEL."""

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
from colorgan.inference.hints import ColorHint
from colorgan.inference.torch_colorizer import TorchColorizer

RED = "#c81e28"
RADIUS, FAR = 10, 70


@pytest.fixture(scope="module")
def model() -> TorchColorizer:
    path = os.environ.get("COLORGAN_HINT_MODEL")
    try:
        loaded = TorchColorizer.from_checkpoint(path)
    except ColorganError:
        if path:
            raise
        pytest.skip("no trained model: set COLORGAN_HINT_MODEL to a checkpoint that follows hints")
    if not loaded.takes_hints:
        pytest.skip("the shipped model takes no hints: set COLORGAN_HINT_MODEL to a checkpoint that does")
    return loaded


def color_difference(first: Image.Image, second: Image.Image) -> np.ndarray:
    """CIEDE2000 of every pixel, (H, W)."""
    photos = [torch.from_numpy(np.array(photo)).permute(2, 0, 1)[None] / 255 for photo in (first, second)]
    return ciede2000(to_lab(photos[0]), to_lab(photos[1]))[0].numpy()


def measure_red_hint(model: TorchColorizer, file: Path, x: int, y: int) -> tuple[float, float, float]:
    """Measures mean CIEDE2000 differences.

    Returns:
        The difference from the color of the hint, within its radius; and the difference from the prediction without the
        hint, within the radius and far away.
    """
    gray = Image.open(file).convert("L")
    without = model.colorize(gray)
    hinted = model.colorize(gray, hints=[ColorHint(x, y, RED, RADIUS, reach=0)])
    pixel_y, pixel_x = np.mgrid[: gray.height, : gray.width] + 0.5
    distance = np.hypot(pixel_x - x, pixel_y - y)

    photo_fy = fy(np.array(gray))
    a, b = (
        np.full_like(photo_fy, value.item()) for value in rgb_to_ab(np.array([[ColorHint(0, 0, RED, 1).rgb]], np.uint8))
    )
    expected = Image.fromarray(
        np.stack([linear_to_srgb(channel) for channel in lab_to_linear(photo_fy, a, b)], axis=-1)
    )
    change = color_difference(hinted, without)
    return (
        float(color_difference(hinted, expected)[distance <= RADIUS].mean()),
        float(change[distance <= RADIUS].mean()),
        float(change[distance > FAR].mean()),
    )


@pytest.mark.slow
def test_red_hint_changes_its_surroundings_only(model: TorchColorizer) -> None:
    """For all photos held out from the training of the shipped model, with a hint on their left."""
    files = sorted((SAMPLE_PHOTOS / "val").glob("*.jpg"))
    assert len(files) == 42
    from_hint, changed, far = np.array([measure_red_hint(model, file, 40, 80) for file in files]).T
    assert from_hint.max() < 10
    assert changed.min() > 10
    assert far.mean() < 4
    assert (far < changed / 2).all()
