import pytest
import torch
from torch import Tensor

from colorgan.models.color_spaces import HSV, RGB, ColorSpace, Lab, YCbCr
from colorgan.models.colorization import ColorizationNetwork
from colorgan.models.generators import Generator
from colorgan.models.hints import PointHints


class Recorder(Generator):
    """Predicts a constant color, and keeps its input."""

    size_multiple, min_size = 8, 16

    def forward(self, x: Tensor) -> Tensor:
        self.check_input(x)
        self.x = x
        return torch.full((len(x), self.out_channels, *x.shape[-2:]), 0.25, dtype=x.dtype)


def network_of(color_space: ColorSpace, hinted: bool = False) -> tuple[ColorizationNetwork, Recorder]:
    channels = color_space.channels
    generator = Recorder(1 + (channels + 1 if hinted else 0), channels)
    return ColorizationNetwork(generator, color_space, PointHints() if hinted else None), generator


@pytest.mark.parametrize("color_space", [Lab(), HSV("angle"), YCbCr(), RGB()], ids=lambda space: type(space).__name__)
def test_result_is_the_photos_gray_with_the_predicted_color(color_space: ColorSpace) -> None:
    network, _ = network_of(color_space)
    photo = torch.rand(2, 3, 24, 32, generator=torch.Generator().manual_seed(0)) * 0.4 + 0.3
    gray, _ = color_space.split(photo)
    color = torch.full((2, color_space.channels, 24, 32), 0.25)
    torch.testing.assert_close(network(photo), color_space.merge(gray, color).clamp(0, 1))
    torch.testing.assert_close(network.predict_ab(photo), color_space.to_ab(gray, color))


@pytest.mark.parametrize(
    ("size", "padded"), [((16, 16), (16, 16)), ((17, 25), (24, 32)), ((1, 3), (16, 16)), ((40, 9), (40, 16))]
)
def test_edges_are_replicated_up_to_a_size_that_the_generator_takes(
    size: tuple[int, int], padded: tuple[int, int]
) -> None:
    network, generator = network_of(Lab())
    photo = torch.rand(1, 3, *size)
    assert network(photo).shape == photo.shape
    assert generator.x.shape[-2:] == padded
    gray, _ = Lab().split(photo)
    expected = torch.nn.functional.pad(gray, (0, padded[1] - size[1], 0, padded[0] - size[0]), mode="replicate")
    assert torch.equal(generator.x, expected)


def test_without_hints_their_channels_are_zero() -> None:
    network, generator = network_of(Lab(), hinted=True)
    assert network.takes_hints
    network(torch.rand(2, 3, 16, 16))
    assert generator.x.shape == (2, 4, 16, 16)
    assert not generator.x[:, 1:].any()
    hints = torch.rand(2, 3, 16, 16)
    network(torch.rand(2, 3, 16, 16), hints)
    assert torch.equal(generator.x[:, 1:], hints)


def test_defaults_and_size() -> None:
    network = ColorizationNetwork(Recorder(1, 2), size=48)
    assert isinstance(network.color_space, Lab)
    assert (network.takes_hints, network.size) == (False, 48)
    assert network.state_dict()["working_size"] == 48
