import pytest
import torch
from torch import nn

from colorgan.generators import EncoderDecoder
from tests.generators.contract import GeneratorContract


class TestEncoderDecoder(GeneratorContract):
    network = EncoderDecoder
    small = {"width": 4, "depth": 3}
    variants = [
        {"activation": "tanh"},
        {"norm": "none"},
        {"norm": "instance"},
        {"mean_colour": True},
        {"depth": 1},
        {"depth": 1, "mean_colour": True},
        {"depth": 6, "width": 2},
    ]


def test_six_halvings_and_six_doublings_by_default() -> None:
    with torch.device("meta"):
        layers = [type(module) for module in EncoderDecoder(1, 2).modules()]
    assert layers.count(nn.Conv2d) == layers.count(nn.ConvTranspose2d) == 6


def test_the_mean_colour_joins_at_the_bottom() -> None:
    """It reaches every pixel alike, wherever in the plane it stands, and the halvings see the gray alone."""
    torch.manual_seed(0)
    network = EncoderDecoder(3, 2, width=4, depth=3, mean_colour=True).eval()
    assert network.down[0][0].in_channels == 1
    x = torch.rand(1, 3, 16, 16)
    turned = torch.cat([x[:, :1], x[:, 1:].flip(dims=(2, 3))], dim=1)
    torch.testing.assert_close(network(turned), network(x))
    other = x.clone()
    other[:, 1:] -= 0.5
    assert not torch.allclose(network(other), network(x))


def test_refuses_an_activation() -> None:
    with pytest.raises(ValueError, match="activation must be 'relu' or 'tanh', got 'gelu'"):
        EncoderDecoder(1, 2, activation="gelu")  # type: ignore[arg-type]
