import pytest
import torch

from colorgan.models.discriminators import ConvLinear
from tests.models.contract import parameter_count
from tests.models.discriminators.contract import DiscriminatorContract


class TestConvLinear(DiscriminatorContract):
    network = ConvLinear
    small = {"size": 16, "width": 4, "num_downsamples": 2, "hidden": 8}
    variants = [{"norm": "none"}, {"norm": "instance"}, {"spectral_norm": True}, {"init_std": 0.1}]

    def sizes(self, network: ConvLinear) -> list[tuple[int, int]]:
        return [(16, 16)]

    def score_shape(self, size: tuple[int, int]) -> tuple[int, ...]:
        return (1,)

    def test_rejects_unsupported_sizes(self) -> None:
        with pytest.raises(ValueError, match="ConvLinear was built for images of 16x16, received 32x16: set its size"):
            self.build()(torch.zeros(2, 3, 32, 16))


@pytest.mark.parametrize(("channels", "published"), [(4, 6_119_810), (3, 6_119_234)])
def test_published_parameter_count(channels: int, published: int) -> None:
    assert parameter_count(lambda: ConvLinear(channels, size=128)) == published


def test_rejects_size_that_cannot_be_downsampled() -> None:
    with pytest.raises(
        ValueError, match="ConvLinear downsamples its input 3 times: size must be a multiple of 8, received 100"
    ):
        ConvLinear(3, size=100, width=2)
