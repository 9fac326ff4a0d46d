import numpy as np
import pytest
from skimage.color import rgb2lab

from colorgan.color import cielab
from colorgan.inference import full_size as fullsize
from colorgan.inference.full_size import ChromaPrediction, apply_chroma, downscale, working_shape


def scene(height: int, width: int) -> np.ndarray:
    """Two colors of different lightness with a slanted border between them."""
    down, right = np.mgrid[:height, :width]
    left = right < width * 0.4 + down * 0.2
    return np.where(left[..., None], [200, 90, 60], [20, 60, 110]).astype(np.uint8)


def look(photo: np.ndarray, size: int) -> ChromaPrediction:
    small = downscale(photo, working_shape(photo.shape[:2], size))
    return ChromaPrediction(small, cielab.rgb_to_ab(small))


def difference(photo: np.ndarray, painted: np.ndarray) -> np.ndarray:
    """Distance in a and b, as scikit-image sees it."""
    return np.linalg.norm(rgb2lab(photo)[..., 1:] - rgb2lab(painted)[..., 1:], axis=-1)


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
def test_working_shapes(shape: tuple[int, int], size: int, expected: tuple[int, int]) -> None:
    assert working_shape(shape, size) == expected


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (3, 5), (37, 61), (400, 90)])
def test_any_size_keeps_size_dtype_and_lightness(shape: tuple[int, int], dtype: type) -> None:
    rng = np.random.default_rng(0)
    gray = rng.integers(0, np.iinfo(dtype).max, shape, endpoint=True).astype(dtype)
    seen = downscale(gray, working_shape(shape, 16))
    painted = apply_chroma(gray, ChromaPrediction(seen, rng.uniform(-90, 90, (2, *seen.shape[:2])).astype(np.float32)))
    assert painted.shape == (*shape, 3)
    assert painted.dtype == dtype
    change = rgb2lab(painted / np.iinfo(dtype).max)[..., 0] - cielab.lightness(gray)
    assert np.abs(change).mean() < 0.15
    assert np.abs(change).max() < 0.5


def test_without_strength_a_gray_photo_is_untouched() -> None:
    gray = np.random.default_rng(0).integers(0, 65536, (50, 70)).astype(np.uint16)
    seen = look(scene(50, 70), 16)
    np.testing.assert_array_equal(apply_chroma(gray, seen, 0.0), np.stack([gray] * 3, axis=-1))


def test_strength_is_a_factor_on_the_chroma() -> None:
    photo = np.full((20, 20), 130, np.uint8)
    coloring = ChromaPrediction(downscale(photo, (8, 8)), np.stack([np.full((8, 8), c, np.float32) for c in (24, -16)]))
    for strength in (0.25, 0.5, 1.0):
        _, a, b = rgb2lab(apply_chroma(photo, coloring, strength))[5, 5]
        assert (a, b) == pytest.approx((24 * strength, -16 * strength), abs=0.8)


def test_colors_do_not_bleed_over_an_edge() -> None:
    """Far less than with a plain enlargement, which mixes the colors over the width of a small pixel."""
    photo = scene(240, 320)
    coloring = look(photo, 24)
    plain = fullsize.resize_planes(coloring.ab, photo.shape[:2])
    mixed = np.linalg.norm(plain - cielab.rgb_to_ab(photo), axis=0)
    guided = difference(photo, apply_chroma(photo, coloring))
    assert guided.mean() < 0.5 * mixed.mean()
    assert (guided > 20).mean() < 0.6 * (mixed > 20).mean()


def test_a_flat_photo_shows_no_strips() -> None:
    """With one lightness everywhere, the enlargement is the plain one; nothing shows where strips meet."""
    photo = np.full((301, 203), 128, np.uint8)
    coloring = ChromaPrediction(
        downscale(photo, (16, 11)), np.random.default_rng(0).uniform(-20, 20, (2, 16, 11)).astype(np.float32)
    )
    plain = fullsize.resize_planes(coloring.ab, photo.shape)
    assert np.abs(cielab.rgb_to_ab(apply_chroma(photo, coloring)) - plain).max() < 1.0


@pytest.mark.parametrize("strip", [1, 1 << 10, 1 << 24])
@pytest.mark.parametrize("threads", [1, 4])
def test_strips_and_threads_do_not_show(monkeypatch: pytest.MonkeyPatch, strip: int, threads: int) -> None:
    photo = np.random.default_rng(0).integers(0, 256, (90, 70, 3)).astype(np.uint8)
    coloring = look(scene(90, 70), 16)
    expected = apply_chroma(photo, coloring)
    monkeypatch.setattr(fullsize, "_STRIP_PIXELS", strip)
    monkeypatch.setattr(fullsize, "_MOST_THREADS", threads)
    np.testing.assert_array_equal(apply_chroma(photo, coloring), expected)


def test_sixteen_bits_are_rounded_to_eight_as_they_should() -> None:
    codes = np.arange(65536, dtype=np.uint16).reshape(64, 1024)
    np.testing.assert_array_equal(downscale(codes, codes.shape)[..., 0], np.rint(codes / 257))
