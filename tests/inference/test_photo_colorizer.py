import numpy as np
import pytest
from skimage.color import rgb2lab

from colorgan.errors import ColorganError
from colorgan.inference.hints import ColorHint
from colorgan.inference.photo_colorizer import as_batch
from tests.helpers import Painter, photo_of


def test_photos_of_equal_working_shape_share_a_batch(painter: Painter) -> None:
    """At a shorter side of 32 px, 48 x 96 and 24 x 48 photos both become 32 x 64."""
    photos = [photo_of(0, 48, 96), photo_of(1, 30, 30), photo_of(2, 24, 48), photo_of(3, 48, 96), photo_of(4, 30, 30)]
    predictions = painter.predict_chroma(photos, batch_size=2)
    assert painter.batches == [(2, 3, 32, 64), (1, 3, 32, 64), (2, 3, 32, 32)]
    for photo, prediction in zip(photos, predictions, strict=True):
        (alone,) = Painter().predict_chroma([photo])
        assert np.array_equal(prediction.ab, alone.ab)
        assert np.array_equal(prediction.small, alone.small)


def test_size_is_the_shorter_side(painter: Painter) -> None:
    painter.predict_chroma([photo_of(0, 60, 40)], size=20)
    painter.predict_chroma([photo_of(0, 60, 40)])
    assert painter.batches == [(1, 3, 30, 20), (1, 3, 48, 32)]


@pytest.mark.parametrize(("size", "batch_size"), [(0, 8), (4097, 8), (32, 0)])
def test_sizes_out_of_range_are_refused(painter: Painter, size: int, batch_size: int) -> None:
    with pytest.raises(ColorganError, match="must be"):
        painter.predict_chroma([photo_of(0)], size=size, batch_size=batch_size)


def test_photos_without_hints_in_a_batch_with_hints_get_none(painter: Painter) -> None:
    photo = photo_of(0, 32, 32)
    plain, hinted = painter.predict_chroma([photo, photo], hints=[None, [ColorHint(16, 16, "blue", 4, reach=0)]])
    assert painter.batches == [(2, 3, 32, 32)]
    (expected,) = Painter().predict_chroma([photo])
    assert np.array_equal(plain.ab, expected.ab)
    changed = (hinted.ab != expected.ab).any(axis=0)
    assert changed[16, 16]
    assert changed.sum() < 100
    assert hinted.ab[1, 16, 16] < -30  # blue


def test_strength_scales_the_chroma(painter: Painter) -> None:
    photo = (photo_of(5, 40, 40) * 0.3 + 90).astype(np.uint8)  # so that no color leaves sRGB
    gray, half, full = (rgb2lab(painter.colorize(photo, strength=strength)) for strength in (0.0, 0.5, 1.0))
    assert np.abs(gray[..., 1:]).max() < 1
    np.testing.assert_allclose(half[..., 1:], full[..., 1:] / 2, atol=1.5)
    np.testing.assert_allclose(gray[..., 0], full[..., 0], atol=1)


def test_batch_is_in_the_unit_range() -> None:
    images = [photo_of(0, 4, 6), photo_of(1, 4, 6)]
    batch = as_batch(images)
    assert batch.shape == (2, 3, 4, 6)
    assert batch.dtype == np.float32
    assert np.array_equal(batch[1, 2], images[1][..., 2].astype(np.float32) / 255)
