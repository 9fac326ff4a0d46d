"""The contract of generators. A new one needs only this test class:

class TestMyGenerator(GeneratorContract):
    network = MyGenerator
    small = {"width": 4}
"""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from colorgan.models.base import ImageNetwork
from colorgan.models.color_spaces import HSV, RGB, Lab, YCbCr
from colorgan.models.generators import Generator
from colorgan.models.hints import NoHints, PointHints
from tests.models.contract import NetworkContract, assert_loss_falls, smooth_image


class GeneratorContract(NetworkContract):
    """Tests that every generator must pass."""

    channels: ClassVar[list[tuple[int, ...]]] = sorted(
        {
            (1 + hints.channels(color_space.channels), color_space.channels)
            for color_space in (RGB(), HSV(), HSV("angle"), YCbCr(), Lab())
            for hints in (NoHints(), PointHints())
        }
    )
    factory: ClassVar[Any] = Callable[[int, int], Generator]

    def golden_input(self, network: ImageNetwork) -> Tensor:
        """Gray everywhere, and hints at one pixel of ten: a mask of 0 and 1, with colors where it is 1."""
        x = super().golden_input(network)
        if network.in_channels > 1:
            x[:, -1:] = (x[:, -1:] > 0.8).double()
            x[:, 1:-1] *= x[:, -1:]
        return x

    def test_shape_and_range(self, channels: tuple[int, int], variant: dict[str, Any]) -> None:
        network = self.build(*channels, **variant)
        assert isinstance(network, Generator)
        assert (network.in_channels, network.out_channels) == channels
        for size in self.sizes(network):
            for x in (self.batch(network, size), torch.full((2, channels[0], *size), -1.0)):
                color = network(x)
                assert color.shape == (2, channels[1], *(side // network.output_stride for side in size))
                assert color.dtype == torch.float32
                assert color.min() >= -1
                assert color.max() <= 1

    def test_range_holds_for_large_weights(self) -> None:
        network = self.build()
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(10)
        color = network(self.batch(network) * 10)
        assert color.abs().max() <= 1
        assert color.min() < -0.05  # uses both halves of the range
        assert color.max() > 0.05

    def test_scores_have_any_range(self, variant: dict[str, Any]) -> None:
        """A color space of scores gets what the last activation would otherwise bring into [-1, 1]."""
        network = self.build(**variant)
        assert isinstance(network, Generator)
        if not network.can_predict_scores:
            with pytest.raises(ValueError, match=f"{type(network).__name__} always predicts colors"):
                network.predict_scores(True, "QuantizedLab")
            return
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.mul_(10)
        network.predict_scores(True, "QuantizedLab")
        assert network(self.batch(network) * 10).abs().max() > 1

    def test_accepts_a_single_photo(self) -> None:
        network = self.build().eval()
        for size in self.sizes(network):
            assert network(self.batch(network, size, count=1)).shape == (1, network.out_channels, *size)

    def test_every_input_channel_affects_the_output(self) -> None:
        network = self.build(4, 2).eval()
        x = self.batch(network).requires_grad_()
        network(x).square().sum().backward()
        assert (x.grad.abs().amax(dim=(0, 2, 3)) > 0).all()

    def test_layer_groups_partition_the_parameters(self) -> None:
        network = self.build(4, 2)
        grouped = [parameter for group in network.layer_groups() for parameter in group.parameters()]
        assert len(grouped) == len(set(grouped))
        assert set(grouped) == set(network.parameters())

    def test_learns(self, variant: dict[str, Any]) -> None:
        """Overfits a photo and its negative, whose colors are opposite: no output that ignores the input is better
        than gray, at any position."""
        network = self.build(**variant)
        gray = smooth_image(self.sizes(network)[-1])
        x = torch.cat([gray, -gray]).expand(-1, network.in_channels, -1, -1)
        target = F.avg_pool2d(x[:, :1].expand(-1, network.out_channels, -1, -1) * 0.6, network.output_stride)
        loss_of_gray = target.abs().mean()
        assert_loss_falls(network, lambda: (network(x) - target).abs().mean(), below=loss_of_gray.item() / 2)
