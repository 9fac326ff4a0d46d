import functools
import math

import pytest
import torch
from torch import Tensor

from colorgan.models.color_spaces import HSV, RGB, Lab, YCbCr
from colorgan.models.config import from_config, to_config
from colorgan.models.hints import GeometricPointHints, Hints, NoHints, PixelHints, PointHints

ICOLORIT = functools.partial(PointHints, max_points=128, patch_sizes=(2, 2), placement="grid", p_none=0.0)
ALWAYS_HINTED = functools.partial(PointHints, min_points=1, max_points=20)
KINDS = [
    PointHints(),
    GeometricPointHints(),
    PixelHints(),
    ICOLORIT(),
    PointHints(placement="centered", patch_sizes=(3, 4)),
]
every_kind = pytest.mark.parametrize("hints", KINDS, ids=lambda hints: f"{type(hints).__name__}{hints.init_args}")


def noise(batch: int = 4, channels: int = 2, height: int = 32, width: int = 48, seed: int = 0) -> Tensor:
    """Random colors, different at every pixel."""
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(batch, channels, height, width, generator=generator) * 2 - 1


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# -- every kind --------------------------------------------------------------------------------------------------------


def test_no_hints_has_no_channels() -> None:
    hints, color = NoHints(), noise()
    assert hints.channels(2) == 0
    for made in (hints.sample(color), hints.validation(color, torch.arange(4), 5), hints.empty(color)):
        assert made.shape == (4, 0, 32, 48)


@every_kind
@pytest.mark.parametrize("channels", [2, 3])
def test_shape_dtype_and_mask(hints: Hints, channels: int) -> None:
    for dtype in (torch.float32, torch.bfloat16):
        color = noise(channels=channels).to(dtype)
        assert hints.channels(channels) == channels + 1
        for made in (hints.sample(color), hints.validation(color, torch.arange(4)), hints.empty(color)):
            assert made.shape == (4, channels + 1, 32, 48)
            assert made.dtype == dtype
            mask = made[:, -1:]
            assert ((mask == 0) | (mask == 1)).all()
            assert (made[:, :-1] * (1 - mask) == 0).all()
            assert made.abs().max() <= 1
    assert hints.empty(color).count_nonzero() == 0


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 3)])
@every_kind
def test_photos_may_be_smaller_than_a_patch(hints: Hints, size: tuple[int, int]) -> None:
    color = noise(8, 2, *size)
    assert hints.sample(color).shape == (8, 3, *size)
    assert hints.validation(color, torch.arange(8), 3)[:, -1].amax((1, 2)).min() == 1


@every_kind
def test_sampling_is_reproducible(hints: Hints) -> None:
    color = noise()
    assert torch.equal(hints.sample(color, generator=seeded(1)), hints.sample(color, generator=seeded(1)))
    assert not torch.equal(hints.sample(color, generator=seeded(1)), hints.sample(color, generator=seeded(2)))
    torch.manual_seed(3)
    first = hints.sample(color)
    torch.manual_seed(3)
    assert torch.equal(hints.sample(color), first)


def test_config_round_trip() -> None:
    for hints in KINDS:
        again = from_config(to_config(hints), Hints)
        assert torch.equal(again.sample(noise(), generator=seeded()), hints.sample(noise(), generator=seeded()))


# -- patches -----------------------------------------------------------------------------------------------------------


def test_patches_hold_the_mean_target_color() -> None:
    """Compared with a plain loop, in which later patches overwrite earlier ones."""
    hints, color = PointHints(patch_sizes=(1, 9)), noise(6)
    index = torch.arange(6)
    points = hints.validation_points(index, 32, 48, 15)
    expected = torch.zeros(6, 3, 32, 48)
    for photo in range(6):
        for n in range(15):
            top, left, side = (int(edge[photo, n]) for edge in (points.top, points.left, points.side))
            patch = (photo, slice(None), slice(top, top + side), slice(left, left + side))
            assert color[patch].shape == (2, side, side)
            expected[patch][:2] = color[patch].mean((1, 2))[:, None, None]
            expected[patch][2] = 1
    torch.testing.assert_close(hints.validation(color, index, 15), expected)


def test_single_pixels_hold_the_target_color() -> None:
    color = noise()
    made = PixelHints(p_none=0.01).sample(color, generator=seeded())
    assert torch.equal(made[:, :2], color * made[:, 2:])


def test_uniform_placement_covers_the_photo() -> None:
    """Every pixel is equally likely, including the corners."""
    made = PointHints(patch_sizes=(1, 1)).validation(torch.zeros(200, 2, 8, 12), torch.arange(200), 20)
    fraction = made[:, -1].mean(0)
    expected = 1 - (1 - 1 / 96) ** 20
    assert (fraction - expected).abs().max() < 5 * math.sqrt(expected * (1 - expected) / 200)


@pytest.mark.parametrize("draw", ["sample", "validation"])
def test_centered_placement_is_normally_distributed(draw: str) -> None:
    """The mean is half and the standard deviation a quarter of the range, clipped at two deviations (Zhang et al.)."""
    hints = PointHints(min_points=100, patch_sizes=(3, 3), placement="centered")
    index = torch.arange(500)
    if draw == "validation":
        points = hints.validation_points(index, 102, 202, 100)
    else:
        words = torch.randint(2**32, (500, hints._num_words(100)), generator=seeded())
        points = hints._points_from_words(words, 102, 202)
    for edge, limit in ((points.top.double(), 100), (points.left.double(), 200)):
        assert edge.min() == 0
        assert edge.max() == limit - 1
        assert edge.mean().item() == pytest.approx((limit - 1) / 2, abs=limit / 200)
        within_one_deviation = ((edge - (limit - 1) / 2).abs() < limit / 4).double().mean().item()
        assert within_one_deviation == pytest.approx(0.6827, abs=0.01)


def test_grid_placement_reaches_every_cell() -> None:
    points = ICOLORIT().validation_points(torch.arange(300), 8, 12, 20)
    assert (points.side == 2).all()
    assert sorted(points.top.unique().tolist()) == [0, 2, 4, 6]
    assert sorted(points.left.unique().tolist()) == [0, 2, 4, 6, 8, 10]


def test_patch_sizes_are_equally_likely() -> None:
    side = PointHints(patch_sizes=(1, 9)).validation_points(torch.arange(1000), 32, 32, 90).side
    fraction = torch.bincount(side.flatten(), minlength=10)[1:] / side.numel()
    assert (fraction - 1 / 9).abs().max() < 0.005


# -- number ------------------------------------------------------------------------------------------------------------


def sample_counts(hints: PointHints, photos: int = 20_000, size: int = 32) -> Tensor:
    words = torch.randint(2**32, (photos, hints._num_words(hints._max_count(size, size))), generator=seeded())
    return hints._points_from_words(words, size, size).present.sum(1).double()


def test_uniform_counts() -> None:
    counts = sample_counts(PointHints(max_points=9, p_none=0.0))
    fraction = torch.bincount(counts.long(), minlength=10) / len(counts)
    assert (fraction - 0.1).abs().max() < 0.01
    counts = sample_counts(PointHints(min_points=3, max_points=5, p_none=0.25))
    fraction = torch.bincount(counts.long(), minlength=6) / len(counts)
    assert fraction.tolist() == pytest.approx([0.25, 0, 0, 0.25, 0.25, 0.25], abs=0.015)


def test_geometric_counts() -> None:
    """P(n) = p (1 - p)^n with p = 1/8, so seven patches on average."""
    counts = sample_counts(GeometricPointHints())
    assert counts.mean().item() == pytest.approx(7, abs=0.25)
    for n in (0, 1, 2, 7):
        assert (counts == n).double().mean().item() == pytest.approx(0.125 * 0.875**n, abs=0.01)


def test_pixel_hints_reveal_two_percent_on_every_other_photo() -> None:
    made = PixelHints().sample(torch.zeros(400, 2, 32, 32), generator=seeded())
    fraction = made[:, -1].mean((1, 2))
    hinted = fraction > 0
    assert hinted.double().mean().item() == pytest.approx(0.5, abs=0.08)
    assert fraction[hinted].mean().item() == pytest.approx(0.02, rel=0.03)
    assert fraction.max() <= 21 / 1024


@every_kind
def test_some_photos_get_no_hints(hints: Hints) -> None:
    made = hints.sample(torch.zeros(2000, 2, 8, 8), generator=seeded())
    assert (made[:, -1].amax((1, 2)) == 0).sum() > 0


def test_p_full_reveals_whole_photos() -> None:
    color = noise(2000, 2, 8, 8)
    made = PointHints(max_points=1, patch_sizes=(1, 1), p_none=0.5, p_full=0.2).sample(color, generator=seeded())
    whole = made[:, -1].mean((1, 2)) == 1
    assert whole.double().mean().item() == pytest.approx(0.5 * 0.2, abs=0.03)
    assert torch.equal(made[whole, :2], color[whole])


# -- validation --------------------------------------------------------------------------------------------------------


def test_positions_match_stored_values() -> None:
    """Published curves were measured with these positions, so no change and no machine may move them."""
    points = PointHints().validation_points(torch.tensor([0, 1]), 64, 64, 3)
    assert points.top.tolist() == [[44, 46, 7], [25, 16, 17]]
    assert points.left.tolist() == [[12, 29, 28], [53, 34, 31]]
    assert points.side.tolist() == [[9, 1, 6], [1, 3, 4]]
    assert points.present.all()
    centered = GeometricPointHints().validation_points(torch.tensor([0, 1]), 64, 64, 3)
    assert centered.top.tolist() == [[15, 26, 38], [23, 39, 31]]
    assert centered.left.tolist() == [[25, 29, 30], [26, 0, 49]]
    counts = GeometricPointHints().validation_points(torch.arange(8), 64, 64).present.sum(1)
    assert counts.tolist() == [3, 3, 16, 1, 2, 17, 4, 6]


@every_kind
@pytest.mark.parametrize("count", [None, 0, 1, 5])
def test_validation_is_independent_of_batch_and_random_state(hints: Hints, count: int | None) -> None:
    color, index = noise(6), torch.tensor([5, 0, 3, 2**31, 17, 4])
    together = hints.validation(color, index, count)
    torch.manual_seed(99)
    order = torch.tensor([4, 2, 0, 5, 1, 3])
    assert torch.equal(hints.validation(color[order], index[order], count), together[order])
    for photo in range(6):
        one = slice(photo, photo + 1)
        assert torch.equal(hints.validation(color[one], index[one], count), together[one])


@every_kind
def test_validation_does_not_change_the_random_state(hints: Hints) -> None:
    before = torch.get_rng_state()
    hints.validation(noise(), torch.arange(4), 7)
    assert torch.equal(torch.get_rng_state(), before)


def test_different_photos_have_different_hints() -> None:
    made = ALWAYS_HINTED().validation(noise(1).expand(20, -1, -1, -1), torch.arange(20), 5)
    assert len({photo.numpy().tobytes() for photo in made}) == 20


@every_kind
def test_more_hints_include_the_fewer(hints: Hints) -> None:
    index = torch.arange(5)
    few, many = (hints.validation(noise(5), index, count)[:, -1] for count in (5, 20))
    assert (many >= few).all()
    assert many.sum() > few.sum()
    assert hints.validation(noise(5), index, 0).count_nonzero() == 0


# -- color spaces -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "color_space", [RGB(), HSV(), HSV("angle"), YCbCr(), Lab()], ids=lambda color_space: str(color_space.init_args)
)
def test_hints_of_a_uniform_photo_have_its_color(color_space) -> None:
    _, color = color_space.split(torch.tensor([0.8, 0.2, 0.1]).view(1, 3, 1, 1).expand(2, -1, 16, 16))
    made = ALWAYS_HINTED().validation(color, torch.arange(2), 5, color_space=color_space)
    seen = made[:, -1:].bool()
    torch.testing.assert_close(made[:, :-1], torch.where(seen, color, 0), atol=1e-5, rtol=1e-5)


def test_mean_of_reds_on_either_side_of_hue_zero_is_red() -> None:
    reds = torch.tensor([[1.0, 0.05, 0.0], [1.0, 0.0, 0.05]])[torch.arange(16 * 16) % 2].T.reshape(1, 3, 16, 16)
    color_space = HSV("angle")
    gray, color = color_space.split(reds)
    made = PointHints(patch_sizes=(4, 4)).validation(color, torch.tensor([0]), 3, color_space=color_space)
    seen = made[0, -1].bool()
    rgb = color_space.merge(gray, made[:, :-1])[0][:, seen]
    assert (rgb[0] > 0.9).all()
    assert (rgb[1:] < 0.1).all()


# -- bad input ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PointHints(max_points=-1), "min_points=0 and max_points=-1"),
        (lambda: PointHints(min_points=5, max_points=3), "min_points=5 and max_points=3"),
        (lambda: PointHints(patch_sizes=(0, 3)), r"patch_sizes .*\(0, 3\)"),
        (lambda: PointHints(patch_sizes=(4, 3)), r"patch_sizes .*\(4, 3\)"),
        (lambda: PointHints(placement="corner"), "placement must be .*, received 'corner'"),
        (lambda: PointHints(p_none=1.5), "p_none must be a probability in .*1.5"),
        (lambda: PointHints(p_full=math.nan), "p_full must be a probability in .*nan"),
        (lambda: PointHints(min_points=1, p_none=0.0), "never show a photo without hints"),
        (lambda: PixelHints(p_none=0.0), "PixelHints would never show a photo without hints"),
        (lambda: PixelHints(fraction=0.0), r"fraction must be in \(0, 1\], received 0.0"),
        (lambda: GeometricPointHints(p_stop=0.0), "p_stop must be between 0 and 1, received 0.0"),
        (lambda: PointHints().validation(noise(1), torch.tensor([0]), -1), "must be 0 or more, received -1"),
    ],
)
def test_rejects_invalid_arguments(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
