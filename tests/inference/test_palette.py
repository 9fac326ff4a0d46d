import numpy as np
import pytest
import scipy.linalg
from skimage.color import deltaE_ciede2000

from colorgan.color import cielab
from colorgan.errors import ColorganError
from colorgan.images import SAMPLE_PHOTOS, read_rgb
from colorgan.inference import palette
from colorgan.inference.palette import Palette
from tests.helpers import picture

REFERENCE = np.asarray(picture(5, 60, 80))


def random_covariances(count: int) -> np.ndarray:
    roots = np.random.default_rng(0).normal(0, 12, (count, 2, 2))
    return roots @ roots.swapaxes(1, 2) + np.eye(2)


def test_maps_are_those_of_the_literature(monkeypatch: pytest.MonkeyPatch) -> None:
    """The formula of Pitié and Kokaram with scipy's matrix roots, and its defining property."""
    monkeypatch.setattr(palette, "_NOISE", 0.0)
    source, target = random_covariances(20)[:10], random_covariances(20)[10:]
    maps = palette._monge_kantorovich(source, target)
    for one, other, found in zip(source, target, maps, strict=True):
        root = scipy.linalg.sqrtm(one)
        inverse = np.linalg.inv(root)
        np.testing.assert_allclose(found, inverse @ scipy.linalg.sqrtm(root @ other @ root) @ inverse, rtol=1e-6)
        np.testing.assert_allclose(found @ one @ found.T, other, rtol=1e-6, atol=1e-6)


def test_statistics_at_one_level_are_those_of_its_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(palette, "_SHARED", 1e-9)
    rng = np.random.default_rng(0)
    level = rng.integers(0, 8, (40, 50)).astype(float)
    ab = rng.normal(0, 10, (2, 40, 50)).astype(np.float32) + level.astype(np.float32)
    means, covariances = palette._statistics(level, ab)
    for number in range(8):
        colors = ab[:, level == number]
        np.testing.assert_allclose(means[number], colors.mean(axis=1), rtol=1e-3)
        np.testing.assert_allclose(covariances[number], np.cov(colors, bias=True), rtol=1e-3, atol=1e-2)


def test_a_photo_gets_the_colors_of_the_reference() -> None:
    """Mean and spread of a* and b* of the whole photo, which the method matches only level by level."""
    target = np.asarray(picture(3, 70, 60))
    muted = cielab.rgb_to_ab(target) * np.float32(0.4)
    changed = Palette.of(REFERENCE).transfer(cielab.fy(target), muted).reshape(2, -1)
    wanted = cielab.rgb_to_ab(REFERENCE).reshape(2, -1)
    before = np.linalg.norm(muted.reshape(2, -1).mean(axis=1) - wanted.mean(axis=1))
    assert np.linalg.norm(changed.mean(axis=1) - wanted.mean(axis=1)) < before / 3
    assert changed.std(axis=1) == pytest.approx(wanted.std(axis=1), rel=0.5)
    assert (changed.std(axis=1) > muted.reshape(2, -1).std(axis=1)).all()


def test_own_palette_brings_a_prediction_closer_to_the_truth() -> None:
    errors = []
    for file in sorted((SAMPLE_PHOTOS / "val").glob("*_0[0-3].jpg")):
        photo = read_rgb(file)
        truth, fy = cielab.rgb_to_ab(photo), cielab.fy(photo)
        muted = np.stack([truth[0] * np.float32(0.3) + 5, truth[1] * np.float32(0.3) + 8])
        errors.append([error(fy, ab, truth) for ab in (muted, Palette.of(photo).transfer(fy, muted))])
    before, after = np.mean(errors, axis=0)
    assert after < 0.55 * before


def error(fy: np.ndarray, ab: np.ndarray, truth: np.ndarray) -> float:
    lightness = fy * 116 - 16
    return float(deltaE_ciede2000(*(np.stack([lightness, *plane], axis=-1) for plane in (ab, truth))).mean())


@pytest.mark.parametrize("shape", [(1, 1), (1, 30), (2, 2), (300, 1)])
def test_tiny_and_uniform_photos(shape: tuple[int, int]) -> None:
    for fy in (np.full(shape, 0.5, np.float32), np.full(shape, 1.0, np.float32)):
        changed = Palette.of(REFERENCE).transfer(fy, np.zeros((2, *shape), np.float32))
        assert changed.shape == (2, *shape)
        assert changed.dtype == np.float32
        assert np.isfinite(changed).all()
        assert np.ptp(changed, axis=(1, 2)).max() < 1e-3  # equal pixels stay equal


def test_nearly_uniform_colors_are_not_stretched_into_noise() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.5, (2, 60, 80)).astype(np.float32)
    fy = np.full((60, 80), 0.6, np.float32)
    assert Palette.of(REFERENCE).transfer(fy, noise).std(axis=(1, 2)).max() <= 1.05


def test_flicker_of_a_whole_video_frame_disappears() -> None:
    """A change of all colors of a frame is one of its mean, which the reference determines."""
    photo = np.asarray(picture(3, 60, 80))
    fy, truth, reference = cielab.fy(photo), cielab.rgb_to_ab(photo), Palette.of(REFERENCE)
    frames = [truth * np.float32(0.5) + np.float32(shift) for shift in (-3, 0, 3)]
    changed = [reference.transfer(fy, frame) for frame in frames]
    assert np.abs(np.diff(changed, axis=0)).max() < 0.02 * np.abs(np.diff(frames, axis=0)).max()


def test_gray_reference_is_refused() -> None:
    gray = np.repeat(np.asarray(picture(3, 60, 80))[..., :1], 3, axis=2)
    noise = np.random.default_rng(0).integers(-1, 2, gray.shape)
    for photo in (gray, gray[..., 0], (gray + noise).clip(0, 255).astype(np.uint8)):
        with pytest.raises(ColorganError, match="^the reference photo has no colors; choose one in color$"):
            Palette.of(photo)
