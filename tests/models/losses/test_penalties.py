import math

import pytest
import torch
from torch import Tensor, nn

from colorgan.errors import ColorganError
from colorgan.models.losses import R1, R1R2, GradientPenalty


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Conv2d(4, 1, 3))


def squared_norm_by_hand(critic: nn.Module, pair: Tensor) -> Tensor:
    """E‖∇ mean score‖², photo by photo, with the gradient of each from a graph of its own."""
    norms = []
    for photo in pair:
        x = photo[None].clone().requires_grad_()
        (gradient,) = torch.autograd.grad(critic(x).mean(), x, create_graph=True)
        norms.append(gradient.square().sum())
    return torch.stack(norms).mean()


@pytest.mark.parametrize("penalty", [R1(), R1R2()], ids=lambda penalty: type(penalty).__name__)
def test_matches_autograd_by_hand(penalty: GradientPenalty) -> None:
    """The value, and its gradient with respect to the network's weights."""
    real, fake = torch.rand(2, 3, 3, 8, 8)
    critic, twin = network(), network()
    value = penalty(critic, real, fake)
    value.backward()
    expected = squared_norm_by_hand(twin, real)
    if isinstance(penalty, R1R2):
        expected = expected + squared_norm_by_hand(twin, fake)
    torch.testing.assert_close(value, expected)
    expected.backward()
    for one, other in zip(critic.parameters(), twin.parameters(), strict=True):
        if one.grad is not None:
            torch.testing.assert_close(one.grad, other.grad)
    assert critic[0].weight.grad.abs().sum() > 0


def test_gradient_of_the_weights_matches_differences() -> None:
    """R1's own gradient, against finite differences in one weight."""
    critic = network()
    real = torch.rand(2, 3, 8, 8)
    R1()(critic, real, real).backward()
    slope = critic[0].weight.grad[1, 2, 0, 1].item()
    values = []
    for step in (1e-2, -1e-2):
        with torch.no_grad():
            critic[0].weight[1, 2, 0, 1] += step
        values.append(R1()(critic, real, real).item())
        with torch.no_grad():
            critic[0].weight[1, 2, 0, 1] -= step
    assert slope == pytest.approx((values[0] - values[1]) / 2e-2, rel=1e-2)


def test_does_not_depend_on_the_number_of_scores() -> None:
    def per_photo(pair: Tensor) -> Tensor:
        return pair.mean((1, 2, 3))

    def per_pixel(pair: Tensor) -> Tensor:
        return pair.mean(1, keepdim=True)

    real = torch.rand(2, 3, 4, 4)
    assert R1()(per_photo, real, real).item() == pytest.approx(1 / 48)
    assert R1()(per_pixel, real, real).item() == pytest.approx(1 / 48)


def test_lazy_penalty_is_as_strong_on_average() -> None:
    penalty = R1(weight=3.0, every=4)
    due = [penalty.due(update) for update in range(9)]
    assert due == [True, False, False, False, True, False, False, False, True]
    assert penalty.factor == 3.0 / 2 * 4
    assert R1(weight=3.0, every=1).factor == 1.5
    assert all(R1(every=1).due(update) for update in range(3))


def test_is_float32_under_autocast_and_no_grad() -> None:
    critic = network()
    real = torch.rand(2, 3, 8, 8)
    expected = R1()(critic, real, real)
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad():
        value = R1()(critic, real, real)
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, expected)


def test_does_not_reach_the_generator() -> None:
    fake = torch.rand(2, 3, 8, 8, requires_grad=True)
    R1R2()(network(), torch.rand(2, 3, 8, 8), fake * 2).backward()
    assert fake.grad is None


def test_of_a_compiled_network() -> None:
    """torch.compile does not support double backward."""
    critic, real = network(), torch.rand(2, 3, 8, 8)
    compiled = torch.compile(critic, backend="aot_eager")
    torch.testing.assert_close(R1()(compiled, real, real), R1()(critic, real, real))


@pytest.mark.parametrize("penalty", [R1(), R1R2()], ids=lambda penalty: type(penalty).__name__)
def test_rejects_batch_norm(penalty: GradientPenalty) -> None:
    with pytest.raises(ColorganError, match=rf"{type(penalty).__name__} penalizes .* has BatchNorm.*'instance' or"):
        penalty.check(nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4)))
    penalty.check(nn.Sequential(nn.Conv2d(1, 4, 3), nn.InstanceNorm2d(4)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight": 0.0}, "R1: weight must be a positive number such as 10, received 0.0"),
        ({"weight": math.nan}, "received nan"),
        ({"every": 0}, "every must be an integer of at least 1, received 0"),
    ],
)
def test_rejects_invalid_arguments(arguments: dict, message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        R1(**arguments)
