from collections.abc import Callable, Sequence

import numpy as np
import pytest
import skimage.color

from colorgan.errors import ColorganError
from colorgan.inference.full_size import ChromaPrediction, Paint, apply_chroma
from colorgan.inference.hints import ColorArea, ColorHint, ColorStroke, Hint, paint_hints, painting
from colorgan.inference.look import Look

SIZE = 240, 160
LEFT, RIGHT = ColorHint(60, 80, "seagreen", 5), ColorHint(180, 80, "firebrick", 5)


def two_things() -> np.ndarray:
    """A gray photo, (160, 240, 3): a dark thing at the left, a light one at the right, with grain."""
    level = np.where(np.arange(240) < 120, 80, 170) + np.random.default_rng(0).normal(scale=3, size=(160, 240))
    return np.repeat(level.astype(np.uint8)[..., None], 3, axis=2)


def ab_of(color: str) -> np.ndarray:
    rgb = np.array([[ColorHint(0, 0, color).rgb]], np.uint8)
    return skimage.color.rgb2lab(rgb)[0, 0, 1:]


def paint(*hints: Hint) -> Paint:
    return paint_hints(hints, SIZE, two_things())


def test_hint_fills_its_thing_and_not_the_other() -> None:
    painted = paint(LEFT)
    assert (painted.weight[:, :110] > 0.9).mean() > 0.9
    assert (painted.weight[:, 130:] < 0.1).mean() > 0.95
    near = painted.ab[:, 75:85, 50:70].reshape(2, -1).mean(axis=1)
    assert near == pytest.approx(ab_of("seagreen"), abs=3)


def test_hints_of_two_colors_do_not_mix_at_an_edge() -> None:
    painted = paint(LEFT, RIGHT)
    green, red = ab_of("seagreen"), ab_of("firebrick")
    along = np.tensordot(painted.ab.transpose(1, 2, 0) - red, green - red, 1) / np.square(green - red).sum()
    assert (along[:, :116] > 0.7).mean() > 0.97
    assert (along[:, 124:] < 0.3).mean() > 0.97
    assert (painted.weight > 0.9).mean() > 0.95


@pytest.mark.parametrize(
    "hint",
    [
        lambda reach: ColorHint(60, 80, "seagreen", 5, reach),
        lambda reach: ColorStroke([(50, 70), (70, 90)], "seagreen", 4, reach),
    ],
)
def test_reach_decides_how_far_a_color_goes(hint: Callable[[float], Hint]) -> None:
    areas = [paint(hint(reach)).weight.sum() for reach in (0, 0.25, 0.5, 1, 2)]
    mark = hint(0).mask(SIZE, (160, 240))
    assert areas == sorted(areas)
    assert areas[0] == mark.sum()
    assert areas[-1] > 20 * areas[0]


def test_area_gets_its_color_and_nothing_else_does() -> None:
    area = ColorArea([(20, 20), (200, 30), (120, 130)], "gold")
    painted = paint(area)
    mask = area.mask(SIZE, (160, 240))
    assert np.array_equal(painted.weight == 1, mask)
    assert np.array_equal(painted.weight == 0, ~mask)
    assert np.abs(painted.ab[:, mask].T - ab_of("gold")).max() < 0.1


def test_marks_cover_what_other_hints_spread_and_later_marks_earlier_ones() -> None:
    dot = ColorHint(70, 80, "gold", 3, reach=0)
    for hints in ((LEFT, dot), (dot, LEFT)):
        painted = paint(*hints)
        inside = dot.mask(SIZE, (160, 240)) & ~LEFT.mask(SIZE, (160, 240))
        assert np.abs(painted.ab[:, inside].T - ab_of("gold")).max() < 0.1
    painted = paint(ColorHint(60, 80, "gold", 9, 0), ColorHint(60, 80, "navy", 3, 0))
    assert painted.ab[:, 80, 60] == pytest.approx(ab_of("navy"), abs=0.1)
    assert painted.ab[:, 80, 67] == pytest.approx(ab_of("gold"), abs=0.1)


def test_shade_has_less_chroma() -> None:
    photo = two_things()
    photo[:, :60] //= 2
    painted = paint_hints(
        [ColorHint(90, 80, "seagreen", 5, 2), ColorStroke([(20, 80), (90, 80)], "seagreen", 3, 2)], SIZE, photo
    )
    dark, bright = (np.linalg.norm(painted.ab[:, 40, x]) for x in (20, 90))
    assert 0.5 * bright < dark < 0.9 * bright


def colorize(photo: np.ndarray, painted: Paint | None, strength: float = 1.0) -> np.ndarray:
    """L*a*b* of a photo whose predicted color is a* = 20."""
    small = photo[::2, ::2]
    ab = np.zeros((2, *small.shape[:2]), np.float32)
    ab[0] = 20
    return skimage.color.rgb2lab(apply_chroma(photo, ChromaPrediction(small, ab, painted), Look(strength)))


def test_paint_covers_the_prediction_at_full_size_and_keeps_the_lightness() -> None:
    photo = np.repeat(np.repeat(two_things(), 3, axis=0), 3, axis=1)
    lab = colorize(photo, paint_hints([ColorHint(180, 240, "seagreen", 15)], (720, 480), photo))
    without = colorize(photo, None)
    assert np.abs(lab[..., 0] - without[..., 0]).mean() < 0.2
    left, right = lab[100:400, 60:300, 1:].reshape(-1, 2), lab[100:400, 420:700, 1:].reshape(-1, 2)
    assert np.median(left, axis=0) == pytest.approx(ab_of("seagreen"), abs=6)
    assert np.median(right, axis=0) == pytest.approx([20, 0], abs=2)


def test_paint_keeps_its_color_whatever_the_strength() -> None:
    painted = paint(LEFT)
    lab = colorize(two_things(), painted, strength=0)
    assert np.median(lab[:, 20:100, 1:].reshape(-1, 2), axis=0) == pytest.approx(ab_of("seagreen"), abs=6)
    assert np.abs(lab[:, 140:, 1:]).mean() < 1


@pytest.mark.parametrize(("color", "change"), [("white", 30), ("black", -30), ("#505050", 0)])
def test_recolored_places_become_a_little_lighter_or_darker(color: str, change: float) -> None:
    photo = two_things()
    kept, recolored = (
        colorize(photo, paint(ColorHint(60, 80, color, 5, recolor=recolor))) for recolor in (False, True)
    )
    difference = recolored[..., 0] - kept[..., 0]
    assert np.median(difference[:, 20:100]) == pytest.approx(change, abs=1.5)
    assert np.abs(difference[:, 150:]).mean() < 0.5


def test_hints_outside_the_photo_are_refused() -> None:
    with pytest.raises(ColorganError, match="hint 1 is at .300, 10., outside the photo of 240 x 160 pixels"):
        paint(ColorHint(300, 10, "red"))


def test_many_hints_do_not_overflow() -> None:
    hints: Sequence[Hint] = [
        ColorHint(5 + 11 * (index % 20), 5 + 30 * (index // 20), "navy", 2, 2) for index in range(80)
    ]
    painted = paint(*hints)
    assert np.isfinite(painted.ab).all()
    assert np.isfinite(painted.weight).all()
    assert painting._MAX_LOG_ODDS * 2 + np.log(len(hints)) < np.log(np.finfo(np.float32).max)


def test_hints_of_a_program_do_not_spread() -> None:
    hints = [ColorHint(1 + index % 230, 1 + index // 230, "navy", 0.4) for index in range(257)]
    painted = paint(*hints)
    assert painted.weight.sum() == 257
