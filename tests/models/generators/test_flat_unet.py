import pytest
import torch
from torch import nn

from colorgan.models.generators import FlatUNet
from tests.models.contract import parameter_count
from tests.models.generators.contract import GeneratorContract


class TestFlatUNet(GeneratorContract):
    network = FlatUNet
    small = {"width": 4, "depth": 3}
    variants = [{"norm": "none"}, {"norm": "instance"}, {"dropout": 0.0}, {"depth": 1}, {"depth": 5}]


@pytest.mark.parametrize(
    ("width", "published"),
    [(16, 58_064), (24, 130_104), (30, 202_950), (38, 325_166), (46, 476_054), (52, 608_036), (72, 1_164_456)],
)
def test_published_parameter_count(width: int, published: int) -> None:
    assert parameter_count(lambda: FlatUNet(1, 2, width=width)) == published


def test_no_convolution_has_a_bias() -> None:
    layers = [m for m in FlatUNet(1, 2, width=2).modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    assert len(layers) == 12
    assert all(layer.bias is None for layer in layers)


def test_dropout_in_all_upsampling_steps_but_the_last() -> None:
    rates = [module.p for module in FlatUNet(1, 2, width=2).modules() if isinstance(module, nn.Dropout)]
    assert rates == [0.5] * 4


def test_skip_connections_start_at_the_second_upsampling_step() -> None:
    with torch.device("meta"):
        network = FlatUNet(1, 2, width=8)
    in_channels = [module.in_channels for module in network.modules() if isinstance(module, nn.ConvTranspose2d)]
    assert in_channels == [8, 16, 16, 16, 16]
