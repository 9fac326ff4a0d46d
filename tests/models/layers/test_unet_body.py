import torch
from torch import nn

from colorgan.models.layers.unet_body import UNetBody


def test_output_is_that_of_the_layers_joined_by_hand() -> None:
    """Every level has a skip connection, which comes after the features from below."""
    torch.manual_seed(0)
    network = UNetBody(1, 1, width=2, depth=2, norm="none", upsampling="transposed", dropout=0.0)
    x = torch.rand(2, 1, 8, 12)
    full = network.first(x)
    half = network.down[0](full)
    quarter = network.down[1](half)
    up = network.up[0](torch.cat([network.bottom(quarter), quarter], dim=1))
    up = network.up[1](torch.cat([up, half], dim=1))
    assert torch.equal(network(x), network.last(torch.cat([up, full], dim=1)))
    assert isinstance(network.last, nn.Conv2d)  # without an activation
