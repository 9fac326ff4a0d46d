import math

import pytest
import torch
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.augmentation import AdaptiveStrength, DiffAugment
from colorgan.models.config import from_config, to_config


def moved(photo: Tensor, down: int, right: int) -> Tensor:
    """Moves a photo (C, H, W) pixel by pixel; what comes from outside is 0."""
    result = torch.zeros_like(photo)
    for row in range(photo.shape[1]):
        for column in range(photo.shape[2]):
            if 0 <= row + down < photo.shape[1] and 0 <= column + right < photo.shape[2]:
                result[:, row, column] = photo[:, row + down, column + right]
    return result


def test_translation_moves_photos_by_whole_pixels() -> None:
    """Every photo is some translation of itself by at most an eighth, and all of these occur."""
    torch.manual_seed(0)
    photo = torch.rand(3, 8, 16) + 0.1
    batch = photo.expand(400, -1, -1, -1)
    result = DiffAugment(cutout=0.0).sample(batch)(batch)
    candidates = {(down, right): moved(photo, down, right) for down in (-1, 0, 1) for right in (-2, -1, 0, 1, 2)}
    found = [next(shift for shift, each in candidates.items() if torch.equal(each, one)) for one in result]
    assert set(found) == set(candidates)


def test_cutout_sets_a_square_to_zero() -> None:
    """Half as high and wide as the photo, but for the part that sticks out of it."""
    torch.manual_seed(0)
    batch = torch.ones(500, 2, 8, 12)
    result = DiffAugment(translation=0.0).sample(batch)(batch)
    sizes = set()
    for photo in result:
        rows, columns = (photo[0] == 0).nonzero(as_tuple=True)
        height, width = rows.max() - rows.min() + 1, columns.max() - columns.min() + 1
        assert len(rows) == height * width  # a full rectangle
        assert torch.equal(photo[0], photo[1])
        sizes.add((int(height), int(width)))
    assert max(sizes) == (4, 6)
    assert min(height for height, _ in sizes) == 2
    assert min(width for _, width in sizes) == 3


def test_gray_and_color_real_and_fake_are_transformed_alike() -> None:
    batch = torch.rand(8, 1, 16, 16).expand(-1, 4, -1, -1)
    transform = DiffAugment().sample(batch)
    result = transform(batch)
    assert torch.equal(result, result[:, :1].expand(-1, 4, -1, -1))
    assert torch.equal(transform(2 * batch), 2 * result)
    assert torch.equal(transform(batch[:, :1]), result[:, :1])
    assert not torch.equal(DiffAugment().sample(batch)(batch), result)


def test_gradcheck() -> None:
    """The gradient is that of the pixels that are left."""
    torch.manual_seed(0)
    batch = torch.rand(3, 2, 8, 8, dtype=torch.float64, requires_grad=True)
    transform = DiffAugment().sample(batch)
    assert torch.autograd.gradcheck(transform, batch)
    assert torch.autograd.gradgradcheck(transform, batch)
    (gradient,) = torch.autograd.grad(transform(batch).sum(), batch)
    assert set(gradient.unique().tolist()) == {0.0, 1.0}


def test_values_are_those_of_the_photo() -> None:
    """No color is changed: whatever is not 0 stands in the photo."""
    batch = torch.rand(4, 3, 16, 16) + 0.5
    result = DiffAugment().sample(batch)(batch)
    for before, after in zip(batch, result, strict=True):
        kept = after[:, after[0] != 0].T.tolist()
        colors = {tuple(color) for color in before.flatten(1).T.tolist()}
        assert all(tuple(color) in colors for color in kept)


@pytest.mark.parametrize("probability", [0.3, 1.0])
def test_probability(probability: float) -> None:
    torch.manual_seed(0)
    batch = torch.ones(4000, 1, 4, 4)
    result = DiffAugment(translation=0.0, probability=probability).sample(batch)(batch)
    changed = (result != batch).flatten(1).any(1).float().mean()
    assert changed.item() == pytest.approx(probability, abs=0.03)


def test_given_probability_replaces_the_own_one() -> None:
    batch = torch.ones(50, 1, 8, 8)
    assert torch.equal(DiffAugment().sample(batch, torch.tensor(0.0))(batch), batch)


def test_memory_format_and_type_are_kept_in_value() -> None:
    batch = torch.rand(4, 3, 8, 8).to(memory_format=torch.channels_last)
    transform = DiffAugment().sample(batch)
    assert torch.equal(transform(batch), transform(batch.contiguous()))
    assert transform(batch.bfloat16()).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"translation": 1.0}, "translation must be at least 0 and less than 1, received 1.0"),
        ({"cutout": -0.1}, "cutout must be at least 0 and less than 1, received -0.1"),
        ({"translation": 0.0, "cutout": 0.0}, "both 0, so nothing would be augmented"),
        ({"probability": 0.0}, "probability must be above 0 and at most 1, received 0.0"),
        ({"target": 1.0}, "target must be between -1 and 1, such as 0.6, received 1.0"),
        ({"ramp": math.nan}, "ramp must be a positive number such as 500, received nan"),
    ],
)
def test_rejects_invalid_arguments(arguments: dict, message: str) -> None:
    with pytest.raises(ColorganError, match=f"DiffAugment: .*{message}"):
        DiffAugment(**arguments)


def test_can_be_rebuilt_from_a_checkpoint() -> None:
    again = from_config(to_config(DiffAugment(target=0.5)), DiffAugment)
    assert again.init_args == {"target": 0.5}


def test_adaptive_strength_follows_the_rule_of_ada() -> None:
    """Every fourth update, by 4 batches / ramp, in the direction of sign(mean sign - target); by hand."""
    strength = AdaptiveStrength(target=0.6, ramp=1.0, limit=0.1)
    expected, history = 0.0, []
    for start, signs in enumerate([(0.9, 0.5, 0.7, 0.8), (0.6, 0.6, 0.6, 0.5), (1.0, 1.0, 1.0, 1.0)]):
        for number, sign in enumerate(signs):
            strength.update(torch.tensor(sign), photos=16)
            if number == 3:
                mean = sum(signs) / 4
                expected = max(expected + math.copysign(4 * 16 / 1000, mean - 0.6), 0)
            assert strength.probability.item() == pytest.approx(min(expected, 0.1)), (start, number)
            history.append(strength.probability.item())
    assert history[3] > history[7] < history[11]
    for _ in range(40):
        strength.update(torch.tensor(1.0), photos=16)
    assert strength.probability.item() == pytest.approx(0.1)  # its limit


def test_adaptive_strength_is_saved_between_adjustments() -> None:
    one, other = (AdaptiveStrength(target=0.0, ramp=0.1) for _ in range(2))
    for _ in range(6):
        one.update(torch.tensor(0.5), photos=3)
    other.load_state_dict(one.state_dict())
    for each in (one, other):
        for _ in range(2):
            each.update(torch.tensor(-1.0), photos=3)
    assert torch.equal(one.probability, other.probability)
    assert one.probability.item() == pytest.approx(0)  # up once, and down again: 2 · 0.5 < 2 · 1


def test_fixed_augmentation_has_no_adaptive_strength() -> None:
    assert DiffAugment().adaptive_strength() is None
    strength = DiffAugment(target=0.6, ramp=2.0, probability=0.8).adaptive_strength()
    assert strength is not None
    assert (strength.target, strength.ramp, strength.limit, strength.probability.item()) == (0.6, 2.0, 0.8, 0.0)
