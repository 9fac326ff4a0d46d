"""Photos are resized to squares and decoded as the reader reads them."""

import numpy as np

from colorgan.data.decoding import to_square


def test_resizing_keeps_the_whole_photo_and_cropping_the_center():
    photo = np.zeros((10, 30, 3), np.uint8)
    photo[:, 20:] = 255
    assert to_square(photo, 30, "resize")[:, 25:].min() == 255
    assert to_square(photo, 10, "crop").max() == 0
