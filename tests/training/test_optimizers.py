import functools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

from colorgan.training.optimizers import build_optimizer

Make = Callable[..., Any]


def layer() -> nn.Module:
    torch.manual_seed(0)
    return nn.Conv2d(3, 4, 3)


def groups(network: nn.Module) -> list[dict[str, Any]]:
    return [{"params": [parameter]} for parameter in network.parameters()]


def is_fused(optimizer: Optimizer) -> bool:
    return all(bool(group.get("fused")) for group in optimizer.param_groups)


@pytest.mark.parametrize(
    "make",
    [
        functools.partial(Adam, lr=1e-2, betas=(0.5, 0.999)),
        functools.partial(AdamW, lr=1e-2, weight_decay=0.1),
        functools.partial(SGD, lr=1e-2, momentum=0.9, nesterov=True),
        functools.partial(torch.optim.Adagrad, lr=1e-2),
    ],
)
def test_fused_steps_equal_plain_ones(make: Make) -> None:
    networks = [layer(), layer()]
    plain, fused = make(groups(networks[0])), build_optimizer(make, groups(networks[1]), "bf16-mixed")
    assert is_fused(fused)
    assert not is_fused(plain)
    assert fused.defaults | {"fused": None} == plain.defaults
    for step in range(3):
        for network, optimizer in zip(networks, (plain, fused), strict=True):
            torch.manual_seed(step)
            for parameter in network.parameters():
                parameter.grad = torch.randn_like(parameter)
            optimizer.step()
    for one, other in zip(networks[0].parameters(), networks[1].parameters(), strict=True):
        torch.testing.assert_close(one, other)


def test_options_of_a_group_stay() -> None:
    network = layer()
    built = build_optimizer(Adam, [{"params": list(network.parameters()), "lr": 0.5}], "32-true")
    assert [(group["lr"], group["fused"]) for group in built.param_groups] == [(0.5, True)]


@pytest.mark.parametrize("option", ["fused", "foreach"])
@pytest.mark.parametrize("value", [True, False])
def test_options_of_the_user_stay(option: str, value: bool) -> None:
    make = functools.partial(Adam, lr=1e-2, **{option: value})
    built = build_optimizer(make, groups(layer()), "32-true")
    assert built.defaults == make(groups(layer())).defaults


class OwnAdam(Adam):
    pass


@pytest.mark.parametrize("make", [RMSprop, OwnAdam, functools.partial(SGD, differentiable=True)])
def test_other_optimizers_stay_as_they_are(make: Make) -> None:
    built = build_optimizer(make, groups(layer()), "32-true")
    assert built.defaults == make(groups(layer())).defaults


def test_float16_training_is_not_fused() -> None:
    """There the kernel would unscale the gradients after they are clipped."""
    assert not is_fused(build_optimizer(Adam, groups(layer()), "16-mixed"))


def test_unsupported_device_is_not_fused() -> None:
    network = layer().to("meta")
    assert not is_fused(build_optimizer(Adam, groups(network), "32-true"))


def test_both_networks_train_with_fused_kernels(tiny_model: Make, fit: Make) -> None:
    trainer = fit(tiny_model())
    assert len(trainer.optimizers) == 2
    assert all(is_fused(optimizer) for optimizer in trainer.optimizers)
