"""The stored outputs are complete, and they notice wrong wiring that keeps every size."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import colorgan.models
from colorgan.models.base import ImageNetwork
from colorgan.models.discriminators import Discriminator
from colorgan.models.generators import Generator
from colorgan.models.layers import hint_spreading
from tests.models import golden
from tests.models.contract import NetworkContract
from tests.models.discriminators.test_conv_linear import TestConvLinear as ConvLinearContract
from tests.models.discriminators.test_flat import TestFlatDiscriminator as FlatDiscriminatorContract
from tests.models.discriminators.test_patch_gan import TestPatchGAN as PatchGANContract
from tests.models.discriminators.test_pix2pix_patch_gan import TestPix2PixPatchGAN as Pix2PixPatchGANContract
from tests.models.discriminators.test_unet import TestUNetDiscriminator as UNetDiscriminatorContract
from tests.models.generators.test_encoder_decoder import TestEncoderDecoder as EncoderDecoderContract
from tests.models.generators.test_encoder_unet import TestOverResNet as EncoderUNetContract
from tests.models.generators.test_flat_unet import TestFlatUNet as FlatUNetContract
from tests.models.generators.test_pix2pix_unet import TestPix2PixUNet as Pix2PixUNetContract
from tests.models.generators.test_plain_cnn import TestPlainCNN as PlainCNNContract
from tests.models.generators.test_unet import TestUNet as UNetContract
from tests.models.generators.test_weird_net import TestWeirdNet as WeirdNetContract
from tests.models.test_chroma import TestChromaNet as ChromaNetContract


def test_every_public_network_is_stored() -> None:
    public = [getattr(colorgan.models, name) for name in colorgan.models.__all__]
    bases = {ImageNetwork, Discriminator, Generator}
    networks = {
        value.__name__
        for value in public
        if inspect.isclass(value)
        and issubclass(value, ImageNetwork)
        and any(
            {"forward", "examine"} & vars(parent).keys() for parent in set(value.__mro__[:-1]) - bases - {nn.Module}
        )
    }
    assert len(networks) >= 16
    assert networks == {name.partition("(")[0] for name in golden.load()}


def test_no_stored_output_is_out_of_use() -> None:
    names = {contract.golden_name(*case) for contract in golden.contracts() for case in contract.golden_cases()}
    assert names == set(golden.load())


def test_values_do_not_depend_on_torch() -> None:
    torch.manual_seed(1)
    first = golden.fill(nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)))
    torch.manual_seed(2)
    second = golden.fill(nn.Sequential(nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3)))
    assert all(
        torch.equal(a, b) for a, b in zip(first.state_dict().values(), second.state_dict().values(), strict=True)
    )


Mutation = Callable[[Any, pytest.MonkeyPatch], None]
"""Changes a network, or the code that it runs, without changing the size of any parameter."""


def concatenate_in_reverse(network: nn.Module, patch: pytest.MonkeyPatch) -> None:
    """For example the skip connection after the features from below instead of before them."""
    cat = torch.cat
    patch.setattr(torch, "cat", lambda tensors, dim=0: cat([*tensors][::-1], dim=dim))


def set_all(kind: type[nn.Module], **attributes: Any) -> Mutation:
    """Sets attributes of all modules of a class."""

    def change(network: nn.Module, patch: pytest.MonkeyPatch) -> None:
        modules = [module for module in network.modules() if isinstance(module, kind)]
        assert modules
        for module in modules:
            for name, value in attributes.items():
                assert getattr(module, name) != value
                setattr(module, name, value)

    return change


def replace_last(kind: type[nn.Module], new: nn.Module) -> Mutation:
    """Replaces the last module of a class, for example a normalization by nothing."""

    def change(network: nn.Module, patch: pytest.MonkeyPatch) -> None:
        names = [name for name, module in network.named_modules() if isinstance(module, kind)]
        network.set_submodule(names[-1], new)

    return change


def swap(one: str, other: str) -> Mutation:
    """Swaps two layers of equal size."""

    def change(network: nn.Module, patch: pytest.MonkeyPatch) -> None:
        first, second = network.get_submodule(one), network.get_submodule(other)
        shapes = [[tensor.shape for tensor in module.state_dict().values()] for module in (first, second)]
        assert shapes[0] == shapes[1]
        network.set_submodule(one, second)
        network.set_submodule(other, first)

    return change


def set_attribute(place: Any, name: str, value: Any) -> Mutation:
    return lambda network, patch: patch.setattr(place, name, value)


class ZeroPaddedConv2d(nn.Conv2d):
    """A 3×3 convolution that pads with zeros; stands in for one with reflection padding."""

    def forward(self, input: Tensor) -> Tensor:
        return nn.functional.conv2d(input, self.weight, self.bias, padding=1)


def pad_with_zeros(network: nn.Module, patch: pytest.MonkeyPatch) -> None:
    from colorgan.models.layers.blocks import ReflectConv2d

    patch.setattr(ReflectConv2d, "forward", ZeroPaddedConv2d.forward)


def divide_by_nothing(network: Any, patch: pytest.MonkeyPatch) -> None:
    network.width = 1


def normalize_as_inception(network: Any, patch: pytest.MonkeyPatch) -> None:
    network.encoder.conv1.mean.fill_(0.5)


MUTATIONS: list[tuple[type[NetworkContract], Mutation]] = [
    (UNetContract, concatenate_in_reverse),
    (UNetContract, set_all(nn.LeakyReLU, negative_slope=0.1)),
    (UNetContract, replace_last(nn.BatchNorm2d, nn.Identity())),
    (UNetContract, replace_last(nn.ReLU, nn.LeakyReLU(0.2))),
    (UNetContract, swap("body.down.1.3", "body.bottom")),
    (UNetContract, pad_with_zeros),
    (Pix2PixUNetContract, concatenate_in_reverse),
    (Pix2PixUNetContract, set_all(nn.LeakyReLU, negative_slope=0.1)),
    (Pix2PixUNetContract, replace_last(nn.BatchNorm2d, nn.Identity())),
    (FlatUNetContract, concatenate_in_reverse),
    (FlatUNetContract, swap("body.down.0", "body.down.1")),
    (FlatUNetContract, replace_last(nn.BatchNorm2d, nn.Identity())),
    (FlatUNetContract, replace_last(nn.Tanh, nn.Identity())),
    (PlainCNNContract, set_all(nn.Conv2d, padding_mode="circular")),
    (PlainCNNContract, replace_last(nn.ReLU, nn.LeakyReLU(0.01))),
    (WeirdNetContract, concatenate_in_reverse),
    (EncoderDecoderContract, replace_last(nn.ReLU, nn.Tanh())),
    (EncoderDecoderContract, replace_last(nn.BatchNorm2d, nn.Identity())),
    (EncoderUNetContract, concatenate_in_reverse),
    (EncoderUNetContract, normalize_as_inception),
    (EncoderUNetContract, set_attribute(hint_spreading, "_DECAY", 0.7)),
    (ChromaNetContract, swap("halve.1", "halve.2")),
    (ConvLinearContract, set_all(nn.LeakyReLU, negative_slope=0.1)),
    (FlatDiscriminatorContract, divide_by_nothing),
    (FlatDiscriminatorContract, swap("body.down.0", "body.down.1")),
    (PatchGANContract, replace_last(nn.BatchNorm2d, nn.Identity())),
    (Pix2PixPatchGANContract, set_all(nn.LeakyReLU, negative_slope=0.1)),
    (UNetDiscriminatorContract, concatenate_in_reverse),
]


@pytest.mark.parametrize(("contract", "mutation"), MUTATIONS)
def test_wrong_wiring_is_noticed(
    contract: type[NetworkContract], mutation: Mutation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network with hints, or with the most input channels, stored as it is and then changed."""
    test = contract()
    case = (test.channels[-1], {})
    test.test_output_is_the_stored_one(case)
    fill = golden.fill

    def fill_and_change(network: nn.Module) -> nn.Module:
        fill(network)
        mutation(network, monkeypatch)
        return network

    monkeypatch.setattr(golden, "fill", fill_and_change)
    with pytest.raises(AssertionError):
        test.test_output_is_the_stored_one(case)


def test_missing_output_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(golden, "load", dict)
    with pytest.raises(
        AssertionError, match=r"no output of UNet\(1, 2, .*\) is stored: run python -m tests.models.gol"
    ):
        UNetContract().test_output_is_the_stored_one(((1, 2), {}))
