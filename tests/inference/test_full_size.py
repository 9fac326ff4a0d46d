import numpy as np
import pytest
from skimage.color import rgb2lab

from colorgan.color import cielab
from colorgan.inference import full_size
from colorgan.inference.full_size import ChromaPrediction, apply_chroma
from colorgan.inference.look import Look
from colorgan.inference.small_image import downscale, resize_planes, working_shape


def scene(height: int, width: int) -> np.ndarray:
    """Two colors of different lightness, separated by a slanted edge."""
    y, x = np.mgrid[:height, :width]
    is_left = x < width * 0.4 + y * 0.2
    return np.where(is_left[..., None], [200, 90, 60], [20, 60, 110]).astype(np.uint8)


def exact_prediction(photo: np.ndarray, size: int) -> ChromaPrediction:
    small = downscale(photo, working_shape(photo.shape[:2], size))
    return ChromaPrediction(small, cielab.rgb_to_ab(small))


def ab_distance(photo: np.ndarray, colorized: np.ndarray) -> np.ndarray:
    """Distance in a and b per pixel, computed by scikit-image."""
    return np.linalg.norm(rgb2lab(photo)[..., 1:] - rgb2lab(colorized)[..., 1:], axis=-1)


@pytest.mark.parametrize(
    ("shape", "size", "expected"),
    [
        ((4000, 6000), 256, (256, 384)),
        ((6000, 4000), 256, (384, 256)),
        ((20, 3000), 256, (7, 1024)),
        ((3000, 20), 256, (1024, 7)),
        ((1, 1), 64, (64, 64)),
        ((1, 100_000), 8, (1, 32)),
    ],
)
def test_working_shape(shape: tuple[int, int], size: int, expected: tuple[int, int]) -> None:
    assert working_shape(shape, size) == expected


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (3, 5), (37, 61), (400, 90)])
def test_size_dtype_and_lightness_are_preserved(shape: tuple[int, int], dtype: type) -> None:
    rng = np.random.default_rng(0)
    gray = rng.integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)
    small = downscale(gray, working_shape(shape, 16))
    colorized = apply_chroma(
        gray, ChromaPrediction(small, rng.uniform(-90, 90, (2, *small.shape[:2])).astype(np.float32))
    )
    assert colorized.shape == (*shape, 3)
    assert colorized.dtype == dtype
    change = rgb2lab(colorized / np.iinfo(dtype).max)[..., 0] - cielab.lightness(gray)
    assert np.abs(change).mean() < 0.15
    assert np.abs(change).max() < 0.5


def test_strength_zero_returns_the_gray_photo() -> None:
    gray = np.random.default_rng(0).integers(0, 65536, (50, 70)).astype(np.uint16)
    prediction = exact_prediction(scene(50, 70), 16)
    np.testing.assert_array_equal(apply_chroma(gray, prediction, Look(0.0)), np.stack([gray] * 3, axis=-1))


def test_strength_scales_the_chroma() -> None:
    photo = np.full((20, 20), 130, np.uint8)
    prediction = ChromaPrediction(
        downscale(photo, (8, 8)), np.stack([np.full((8, 8), c, np.float32) for c in (24, -16)])
    )
    for strength in (0.25, 0.5, 1.0):
        _, a, b = rgb2lab(apply_chroma(photo, prediction, Look(strength)))[5, 5]
        assert (a, b) == pytest.approx((24 * strength, -16 * strength), abs=0.8)


def test_colors_do_not_bleed_over_edges() -> None:
    """Compared with plain upsampling, which mixes colors over the width of a low-resolution pixel."""
    photo = scene(240, 320)
    prediction = exact_prediction(photo, 24)
    plain = resize_planes(prediction.ab, photo.shape[:2])
    plain_distance = np.linalg.norm(plain - cielab.rgb_to_ab(photo), axis=0)
    guided_distance = ab_distance(photo, apply_chroma(photo, prediction))
    assert guided_distance.mean() < 0.5 * plain_distance.mean()
    assert (guided_distance > 20).mean() < 0.6 * (plain_distance > 20).mean()


def test_flat_photo_is_upsampled_without_seams() -> None:
    """With constant lightness, guided upsampling equals plain upsampling, also where strips meet."""
    photo = np.full((301, 203), 128, np.uint8)
    prediction = ChromaPrediction(
        downscale(photo, (16, 11)), np.random.default_rng(0).uniform(-20, 20, (2, 16, 11)).astype(np.float32)
    )
    plain = resize_planes(prediction.ab, photo.shape)
    assert np.abs(cielab.rgb_to_ab(apply_chroma(photo, prediction)) - plain).max() < 1.0


@pytest.mark.parametrize("strip_pixels", [1, 1 << 10, 1 << 24])
@pytest.mark.parametrize("num_threads", [1, 4])
def test_result_does_not_depend_on_strips_and_threads(
    monkeypatch: pytest.MonkeyPatch, strip_pixels: int, num_threads: int
) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (90, 70, 3)).astype(np.uint8)
    prediction = exact_prediction(scene(90, 70), 16)
    expected = apply_chroma(photo, prediction)
    monkeypatch.setattr(full_size, "_STRIP_PIXELS", strip_pixels)
    np.testing.assert_array_equal(apply_chroma(photo, prediction, num_threads=num_threads), expected)


def test_16_bit_values_are_rounded_correctly() -> None:
    codes = np.arange(65536, dtype=np.uint16).reshape(64, 1024)
    np.testing.assert_array_equal(downscale(codes, codes.shape)[..., 0], np.rint(codes / 257))


def paint_at_once(photo: np.ndarray, prediction: ChromaPrediction) -> np.ndarray:
    """The definition of :func:`apply_chroma`, tap by tap and without strips, for photos larger than the small image."""
    fy, guide = cielab.fy(photo), cielab.fy(prediction.small)
    (height, width), (small_height, small_width) = fy.shape, guide.shape
    y = (np.arange(height)[:, None] + 0.5) * (small_height / height) - 0.5
    x = (np.arange(width)[None] + 0.5) * (small_width / width) - 0.5
    down, along = ((position - np.floor(position)).astype(np.float32) for position in (y, x))
    total, chroma = np.zeros_like(fy), np.zeros((2, height, width), np.float32)
    for row, near_row in ((np.floor(y), 1 - down), (np.floor(y) + 1, down)):
        for column, near in ((np.floor(x), 1 - along), (np.floor(x) + 1, along)):
            tap = row.clip(0, small_height - 1).astype(int), column.clip(0, small_width - 1).astype(int)
            similarity = 1 + (fy - guide[tap]) ** 2 * np.float32((116 / 7) ** 2)
            weight = near / similarity**2 * near_row
            total += weight
            chroma += weight * prediction.ab[:, *tap]
    linear = cielab.lab_to_linear(fy, *(chroma / total))
    return np.stack([cielab.linear_to_srgb(channel, photo.dtype) for channel in linear], axis=-1)


@pytest.mark.parametrize("shape", [(375, 500), (500, 375), (37, 3001), (3001, 37)])
@pytest.mark.parametrize("kind", ["gray", "rgb", "gray16", "rgb16"])
def test_strips_equal_the_definition(shape: tuple[int, int], kind: str) -> None:
    rng = np.random.default_rng(0)
    dtype = np.uint16 if kind.endswith("16") else np.uint8
    channels = (3,) if kind.startswith("rgb") else ()
    photo = rng.integers(0, np.iinfo(dtype).max, (*shape, *channels), endpoint=True).astype(dtype)
    small = downscale(photo, working_shape(shape, 32))
    ab = rng.uniform(-60, 60, (2, *small.shape[:2])).astype(np.float32)  # a third of these colors are out of gamut
    prediction = ChromaPrediction(small, ab)
    difference = np.abs(apply_chroma(photo, prediction).astype(int) - paint_at_once(photo, prediction))
    assert difference.max() <= np.iinfo(dtype).max // 255
    assert (difference > 0).mean() < 1e-4  # none here; other processors may round differently
