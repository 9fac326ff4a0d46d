import pytest
import torch

from colorgan.errors import ColorganError
from colorgan.models.discriminators import UNetDiscriminator
from colorgan.models.generators import UNet
from tests.models.contract import parameter_count
from tests.models.discriminators.contract import DiscriminatorContract


class TestUNetDiscriminator(DiscriminatorContract):
    network = UNetDiscriminator
    small = {"width": 4, "depth": 2}
    variants = [
        {"norm": "none"},
        {"norm": "instance"},
        {"spectral_norm": True},
        {"upsampling": "pixel_shuffle"},
        {"blocks": 2},
    ]

    def score_shape(self, size: tuple[int, int]) -> tuple[int, ...]:
        return (1, *size)


@pytest.mark.parametrize(("channels", "published"), [(4, 14_640_001), (3, 14_639_713)])
def test_published_parameter_count(channels: int, published: int) -> None:
    assert parameter_count(lambda: UNetDiscriminator(channels)) == published


def test_published_parameter_count_with_generator() -> None:
    assert parameter_count(lambda: UNet(1, 3)) + parameter_count(lambda: UNetDiscriminator(4)) == 29_279_268


@pytest.mark.parametrize("cut", [0, 1, 2])
def test_a_truncated_network_scores_squares_of_pixels(cut: int) -> None:
    network = UNetDiscriminator(3, width=2, depth=2, cut=cut)
    assert network(torch.zeros(1, 3, 8, 12)).shape == (1, 1, 8 // 2**cut, 12 // 2**cut)
    assert len(network.body.up) == 2 - cut


def test_cannot_leave_out_more_steps_than_there_are() -> None:
    with pytest.raises(ColorganError, match="cut must be at most the depth, 2, received 3"):
        UNetDiscriminator(3, width=2, depth=2, cut=3)
