"""The contracts of networks refuse networks that do not learn."""

from typing import Any

import pytest
import torch
from torch import Tensor

from colorgan.models.discriminators import PatchGAN
from colorgan.models.generators import UNet
from tests.models.discriminators.contract import DiscriminatorContract
from tests.models.generators.contract import GeneratorContract


class BlindGenerator(UNet):
    """Ignores its input, but each of its parameters has a gradient and could learn a mean color."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(torch.full_like(x, 0.3))


class OnlyHalfSeen(UNet):
    """Sees the first photo of a batch only."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x[:1].expand_as(x))


class Detached(UNet):
    """No gradient passes through the output."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x).detach() + 0 * sum(parameter.sum() for parameter in self.parameters())


class FrozenFirstLayer(UNet):
    """The first convolution is out of reach of the gradient."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.body.first.register_forward_hook(lambda module, inputs, output: output.detach())


class WithoutBias(UNet):
    """The gradient of one bias is zero everywhere."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        bias = self.body.last.bias
        assert bias is not None
        bias.register_hook(torch.zeros_like)


class BlindDiscriminator(PatchGAN):
    """Ignores its input."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(torch.full_like(x, 0.3))


def generator_contract(network: type[UNet]) -> GeneratorContract:
    contract = GeneratorContract()
    contract.network, contract.small = network, {"width": 4, "depth": 2}  # type: ignore[misc]
    torch.manual_seed(0)
    return contract


@pytest.mark.parametrize("network", [BlindGenerator, OnlyHalfSeen, Detached])
def test_generators_that_do_not_learn_fail(network: type[UNet]) -> None:
    with pytest.raises(pytest.fail.Exception, match="after 300 steps the loss is"):
        generator_contract(network).test_learns({})


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (Detached, "is zero everywhere"),
        (
            FrozenFirstLayer,
            r"no gradient reaches \['body.first.0.weight', 'body.first.1.weight', 'body.first.1.bias'\]",
        ),
        (WithoutBias, r"the gradient of \['body.last.bias'\] is zero everywhere"),
    ],
)
def test_missing_gradients_fail(network: type[UNet], message: str) -> None:
    with pytest.raises(AssertionError, match=message):
        generator_contract(network).test_gradients_reach_every_parameter({})


def test_discriminators_that_do_not_learn_fail() -> None:
    contract = DiscriminatorContract()
    contract.network, contract.small = BlindDiscriminator, {"width": 4, "num_downsamples": 2}  # type: ignore[misc]
    with pytest.raises(pytest.fail.Exception, match="after 300 steps the loss is"):
        contract.test_learns({})


def test_the_same_checks_pass_on_the_real_networks() -> None:
    generator_contract(UNet).test_learns({})
    generator_contract(UNet).test_gradients_reach_every_parameter({})
