import functools
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from colorgan.errors import ColorganError
from colorgan.models.generators import Pix2PixUNet, UNet
from colorgan.training.checks import check_image_size, check_optimizer, check_range


@pytest.mark.parametrize(
    ("value", "options"),
    [
        (None, {"minimum": 1}),
        (0, {"minimum": 0}),
        (0.999, {"minimum": 0, "below": 1}),
        (1e-9, {"minimum": 0, "strict": 1}),
    ],
)
def test_values_in_range_pass(value: float | None, options: dict[str, Any]) -> None:
    check_range("weight", value, **options)


@pytest.mark.parametrize(
    ("value", "options", "message"),
    [
        (-0.1, {"minimum": 0}, "model.weight must be a number >= 0, received -0.1"),
        (0, {"minimum": 0, "strict": True}, "model.weight must be a number > 0, received 0"),
        (1, {"minimum": 0, "below": 1}, "model.weight must be a number >= 0 and < 1, received 1"),
        (math.inf, {"minimum": 0}, "received inf"),
        (math.nan, {"minimum": 0}, "received nan"),
    ],
)
def test_values_out_of_range_are_named(value: float, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        check_range("weight", value, **options)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            functools.partial(torch.optim.Adam, lr=0.0),
            "model.generator_optimizer: the learning rate must be a positive",
        ),
        (functools.partial(torch.optim.Adam, lr=-1.0), "model.generator_optimizer: Invalid learning rate: -1.0"),
        (functools.partial(torch.optim.Adam, lr=1e-3, betas=(0.5, 1.5)), "Invalid beta parameter"),
        (functools.partial(torch.optim.SGD, lr=1e-3, betas=(0.5, 0.9)), "unexpected keyword argument 'betas'"),
    ],
)
def test_wrong_optimizers_are_named(make: Callable[..., torch.optim.Optimizer], message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        check_optimizer("generator_optimizer", make)
    check_optimizer("generator_optimizer", torch.optim.Adam)


def test_image_size_is_checked_without_running_the_network() -> None:
    network = UNet(1, 2, width=4, depth=3)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    check_image_size(network, 1, 2**20 * 8)  # a photo of 281 TB
    after = network.state_dict()
    assert all(torch.equal(tensor, after[name]) for name, tensor in before.items())
    assert not any(parameter.is_meta for parameter in network.parameters())


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (Pix2PixUNet(1, 2, width=2, depth=5), "data.size=48 does not suit Pix2PixUNet: .*multiples of 32"),
        (nn.Sequential(nn.Conv2d(1, 1, 64)), "data.size=48 does not suit Sequential: "),
    ],
)
def test_unsuitable_sizes_are_named(network: nn.Module, message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        check_image_size(network, 1, 48)
