from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from colorgan.color.cielab import lightness
from colorgan.errors import ColorganError
from colorgan.images import SAMPLE_PHOTOS
from colorgan.inference.full_size import ChromaPrediction
from colorgan.inference.temporal import TemporalSmoother, is_cut


def scene(seed: int) -> np.ndarray:
    """A wide, detailed image to pan over, (64, 256)."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 48), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((256, 64), Image.Resampling.BICUBIC))


def video(seed: int, frames: int, step: int = 1, flicker: float = 0.0, grain: float = 0.0) -> list[np.ndarray]:
    """Frames (64, 96, 3) of a camera that pans to the right."""
    rng = np.random.default_rng(seed)
    wide = scene(seed)
    result = []
    for number in range(frames):
        frame = wide[:, number * step : number * step + 96] * (1 + flicker * rng.standard_normal())
        frame = frame + grain * rng.standard_normal(frame.shape)
        result.append(np.repeat(frame.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2))
    return result


def flickering_predictions(frames: list[np.ndarray], seed: int = 0) -> list[ChromaPrediction]:
    """Predictions whose colors change randomly from frame to frame."""
    rng = np.random.default_rng(seed)
    shape = 2, *frames[0].shape[:2]
    return [
        ChromaPrediction(f, np.broadcast_to(rng.normal(20, 8, (2, 1, 1)), shape).astype(np.float32)) for f in frames
    ]


def mean_flicker(predictions: list[ChromaPrediction]) -> float:
    return float(np.abs(np.diff([prediction.ab.mean() for prediction in predictions])).mean())


def test_flicker_is_reduced() -> None:
    frames = flickering_predictions(video(1, 40, step=0, grain=3))
    smooth = TemporalSmoother(0.8)
    assert mean_flicker([smooth(frame) for frame in frames]) < 0.3 * mean_flicker(frames)
    assert smooth.scenes == 1


def test_weight_zero_changes_nothing() -> None:
    frames = flickering_predictions(video(1, 5))
    smooth = TemporalSmoother(0.0)
    for frame in frames:
        np.testing.assert_array_equal(smooth(frame).ab, frame.ab)


@pytest.mark.parametrize("seed", range(6))
def test_only_cuts_are_detected_as_cuts(seed: int) -> None:
    """Camera motion, exposure flicker and grain are not cuts."""
    frames = [*video(seed, 20, step=2, flicker=0.1, grain=8), *video(seed + 50, 20, step=3), *video(seed + 90, 5)]
    planes = [lightness(frame) for frame in frames]
    cuts = [n for n in range(1, len(planes)) if is_cut(planes[n - 1], planes[n])]
    assert cuts == [20, 40]


def test_cuts_between_photos_of_similar_layout_are_detected() -> None:
    rocket, bridge = (
        lightness(np.asarray(Image.open(SAMPLE_PHOTOS / "val" / f"{name}.jpg").convert("RGB").resize((96, 72))))
        for name in ("rocket_01", "bridge_10")
    )
    assert np.corrcoef(rocket.ravel(), bridge.ravel())[0, 1] > 0.5
    assert is_cut(rocket, bridge)


def test_colors_are_not_smoothed_across_cuts() -> None:
    red, blue = (np.full((2, 64, 96), value, np.float32) for value in (60, -60))
    frames = [*(ChromaPrediction(f, red) for f in video(3, 6)), *(ChromaPrediction(f, blue) for f in video(4, 2))]
    smooth = TemporalSmoother(0.9)
    smoothed = [smooth(frame) for frame in frames]
    np.testing.assert_array_equal(smoothed[6].ab, blue)
    assert smooth.scenes == 2


def test_slow_fade_is_not_a_cut_but_a_jump_from_black_is() -> None:
    frame = video(5, 1)[0]
    fade = [lightness((frame * factor).astype(np.uint8)) for factor in np.linspace(1, 0.15, 15)]
    assert not any(is_cut(before, after) for before, after in pairwise(fade))
    black = np.zeros((64, 96), np.float32)
    assert is_cut(fade[0], black)
    assert is_cut(black, fade[0])
    assert not is_cut(black, black + 1)


def test_moving_regions_are_smoothed_less() -> None:
    still = np.full((64, 96, 3), 90, np.uint8)
    still[:, 48:] = 160
    moved = still.copy()
    moved[20:40, 10:30] = 250
    smooth = TemporalSmoother(0.9)
    smooth(ChromaPrediction(still, np.zeros((2, 64, 96), np.float32)))
    after = smooth(ChromaPrediction(moved, np.full((2, 64, 96), 50, np.float32))).ab[0]
    assert after[30, 20] > 45
    assert after[60, 90] < 10


def test_frame_of_another_size_starts_a_scene() -> None:
    smooth = TemporalSmoother(0.9)
    smooth(ChromaPrediction(video(1, 1)[0], np.zeros((2, 64, 96), np.float32)))
    other = ChromaPrediction(np.zeros((10, 12, 3), np.uint8), np.full((2, 10, 12), 9, np.float32))
    np.testing.assert_array_equal(smooth(other).ab, other.ab)


@pytest.mark.parametrize("weight", [-0.1, 1.0, float("nan")])
def test_weight_out_of_range_is_refused(weight: float) -> None:
    with pytest.raises(ColorganError, match=f"less than 1, received {weight}"):
        TemporalSmoother(weight)
