import torch

from colorgan.models.layers.flat_body import FlatBody


def test_output_is_that_of_the_layers_joined_by_hand() -> None:
    """From the second upsampling step on, the features from below come first and the skip connection second."""
    torch.manual_seed(0)
    network = FlatBody(2, width=3, depth=3, norm="batch", dropout=0.5).eval()
    x = torch.rand(2, 2, 16, 24)
    half = network.down[0](network.first(x))
    quarter = network.down[1](half)
    up = network.up[0](network.down[2](quarter))
    up = network.up[1](torch.cat([up, quarter], dim=1))
    up = network.up[2](torch.cat([up, half], dim=1))
    assert torch.equal(network(x), up)
    assert up.shape == (2, 3, 16, 24)
    assert up.abs().max() <= 1
