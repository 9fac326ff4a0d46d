import pytest
import torch
import torch.nn.functional as F

from colorgan.models.layers.blocks import init_weights
from colorgan.models.layers.upsampling import PixelShuffleConv2d, upsample_layer


@pytest.mark.parametrize("kind", ["transposed", "resize", "pixel_shuffle"])
def test_doubles_height_and_width(kind: str) -> None:
    for size in ((1, 1), (3, 5)):
        output = upsample_layer(kind, 6, 4)(torch.rand(2, 6, *size))  # type: ignore[arg-type]
        assert output.shape == (2, 4, 2 * size[0], 2 * size[1])


@pytest.mark.parametrize("std", [None, 0.02])
@pytest.mark.parametrize("kernel_size", [1, 3])
def test_icnr_starts_as_nearest_neighbor(kernel_size: int, std: float | None) -> None:
    torch.manual_seed(0)
    layer = PixelShuffleConv2d(3, 5, kernel_size=kernel_size)  # type: ignore[arg-type]
    init_weights(layer, std)
    output = layer(torch.rand(1, 3, 4, 4))
    assert torch.equal(output, F.interpolate(output[..., ::2, ::2], scale_factor=2, mode="nearest"))
    assert output[..., ::2, ::2].std() > 0
    assert not torch.equal(output[:, 0], output[:, 1])


def test_without_icnr_there_is_a_checkerboard() -> None:
    """Shows that the test above can fail: without ICNR the four pixels of a cell differ."""
    torch.manual_seed(0)
    layer = PixelShuffleConv2d(3, 5)
    torch.nn.init.normal_(layer.conv.weight)
    output = layer(torch.rand(1, 3, 4, 4))
    assert not torch.allclose(output, F.interpolate(output[..., ::2, ::2], scale_factor=2, mode="nearest"))


def test_blur_averages_four_neighbors() -> None:
    torch.manual_seed(0)
    layer = PixelShuffleConv2d(2, 2, blur=True)
    torch.nn.init.normal_(layer.conv.weight)
    x = torch.rand(1, 2, 3, 3)
    blurred = layer(x)
    layer.blur = False
    sharp = layer(x)
    expected = (sharp[..., 1:, 1:] + sharp[..., :-1, 1:] + sharp[..., 1:, :-1] + sharp[..., :-1, :-1]) / 4
    torch.testing.assert_close(blurred[..., 1:, 1:], expected)
    torch.testing.assert_close(blurred[..., 0, 0], sharp[..., 0, 0])
