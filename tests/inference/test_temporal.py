from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from colorgan.color.cielab import lightness
from colorgan.errors import ColorganError
from colorgan.inference.full_size import ChromaPrediction
from colorgan.inference.temporal import TemporalSmoother, is_cut


def scene(seed: int) -> np.ndarray:
    """A wide picture to pan over, (64, 256), with detail."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 48), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((256, 64), Image.Resampling.BICUBIC))


def film(seed: int, frames: int, step: int = 1, flicker: float = 0.0, grain: float = 0.0) -> list[np.ndarray]:
    """Frames (64, 96, 3) of a camera that moves to the right."""
    rng = np.random.default_rng(seed)
    wide = scene(seed)
    shown = []
    for number in range(frames):
        frame = wide[:, number * step : number * step + 96] * (1 + flicker * rng.standard_normal())
        frame = frame + grain * rng.standard_normal(frame.shape)
        shown.append(np.repeat(frame.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2))
    return shown


def restless(frames: list[np.ndarray], seed: int = 0) -> list[ChromaPrediction]:
    """A model that changes its mind from frame to frame."""
    rng = np.random.default_rng(seed)
    shape = 2, *frames[0].shape[:2]
    return [
        ChromaPrediction(f, np.broadcast_to(rng.normal(20, 8, (2, 1, 1)), shape).astype(np.float32)) for f in frames
    ]


def flicker(colorings: list[ChromaPrediction]) -> float:
    return float(np.abs(np.diff([c.ab.mean() for c in colorings])).mean())


def test_flicker_of_the_prediction_is_reduced() -> None:
    frames = restless(film(1, 40, step=0, grain=3))
    steadier = TemporalSmoother(0.8)
    assert flicker([steadier(frame) for frame in frames]) < 0.3 * flicker(frames)
    assert steadier.scenes == 1


def test_without_weight_nothing_changes() -> None:
    frames = restless(film(1, 5))
    steadier = TemporalSmoother(0.0)
    for frame in frames:
        np.testing.assert_array_equal(steadier(frame).ab, frame.ab)


@pytest.mark.parametrize("seed", range(6))
def test_a_cut_is_seen_and_nothing_else(seed: int) -> None:
    """Camera motion, flicker of the exposure and grain are no cuts; other scenes are."""
    frames = [*film(seed, 20, step=2, flicker=0.1, grain=8), *film(seed + 50, 20, step=3), *film(seed + 90, 5)]
    lights = [lightness(frame) for frame in frames]
    cuts = [n for n in range(1, len(lights)) if is_cut(lights[n - 1], lights[n])]
    assert cuts == [20, 40]


def test_colors_do_not_pass_over_a_cut() -> None:
    red, blue = (np.full((2, 64, 96), value, np.float32) for value in (60, -60))
    frames = [*(ChromaPrediction(f, red) for f in film(3, 6)), *(ChromaPrediction(f, blue) for f in film(4, 2))]
    steadier = TemporalSmoother(0.9)
    steady = [steadier(frame) for frame in frames]
    np.testing.assert_array_equal(steady[6].ab, blue)
    assert steadier.scenes == 2


def test_a_slow_fade_to_black_is_no_cut_but_a_title_after_it_is() -> None:
    frame = film(5, 1)[0]
    fade = [lightness((frame * share).astype(np.uint8)) for share in np.linspace(1, 0.15, 15)]
    assert not any(is_cut(one, other) for one, other in pairwise(fade))
    black = np.zeros((64, 96), np.float32)
    assert is_cut(fade[0], black)
    assert is_cut(black, fade[0])
    assert not is_cut(black, black + 1)


def test_what_moves_takes_its_own_colors_sooner() -> None:
    still = np.full((64, 96, 3), 90, np.uint8)
    still[:, 48:] = 160
    moved = still.copy()
    moved[20:40, 10:30] = 250
    steadier = TemporalSmoother(0.9)
    steadier(ChromaPrediction(still, np.zeros((2, 64, 96), np.float32)))
    after = steadier(ChromaPrediction(moved, np.full((2, 64, 96), 50, np.float32))).ab[0]
    assert after[30, 20] > 45
    assert after[60, 90] < 10


def test_frames_of_another_size_begin_anew() -> None:
    steadier = TemporalSmoother(0.9)
    steadier(ChromaPrediction(film(1, 1)[0], np.zeros((2, 64, 96), np.float32)))
    other = ChromaPrediction(np.zeros((10, 12, 3), np.uint8), np.full((2, 10, 12), 9, np.float32))
    np.testing.assert_array_equal(steadier(other).ab, other.ab)


@pytest.mark.parametrize("weight", [-0.1, 1.0, float("nan")])
def test_a_weight_out_of_range_is_refused(weight: float) -> None:
    with pytest.raises(ColorganError, match=f"less than 1, received {weight}"):
        TemporalSmoother(weight)
