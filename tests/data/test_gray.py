"""Photos without color are detected despite noise and logos."""

import numpy as np
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
