"""Photos without color are detected despite noise and logos."""

import numpy as np
import pytest
from PIL import Image

from colorgan.data.gray import is_gray
from tests.helpers import photo_of


def test_gray_photos_are_detected():
    colorful = photo_of(0, 40, 40)
    gray = np.asarray(Image.fromarray(colorful).convert("L").convert("RGB"))
    noise = np.random.default_rng(0).integers(-4, 5, gray.shape)
    logo = gray.copy()
    logo[:3, :5] = (0, 0, 255)
    assert not is_gray(colorful)
    assert is_gray(gray)
    assert is_gray((gray.astype(int) + noise).clip(0, 255).astype(np.uint8))
    assert is_gray(logo)


@pytest.mark.parametrize("spread", [12, 13])
def test_limits_of_the_spread_and_of_the_fraction(spread):
    photo = np.full((10, 100, 3), (100, 100 + spread, 100), np.uint8)
    assert is_gray(photo) == (spread <= 12)
    photo[1:] = 100  # a tenth remains
    assert is_gray(photo) == (spread <= 12)
    photo[0, 10:] = 100  # a hundredth remains
    assert is_gray(photo)
