import pytest
import torch

from colorgan.models.discriminators import FlatDiscriminator
from tests.models.contract import parameter_count
from tests.models.discriminators.contract import DiscriminatorContract


class TestFlatDiscriminator(DiscriminatorContract):
    network = FlatDiscriminator
    small = {"size": 16, "width": 4}
    variants = [{"norm": "none"}, {"norm": "instance"}, {"spectral_norm": True}, {"dropout": 0.0}]

    def sizes(self, network: FlatDiscriminator) -> list[tuple[int, int]]:
        return [(16, 16)]

    def score_shape(self, size: tuple[int, int]) -> tuple[int, ...]:
        return (1,)

    def test_rejects_unsupported_sizes(self) -> None:
        with pytest.raises(
            ValueError, match="FlatDiscriminator was built for images of 16x16, received 32x16: set its"
        ):
            self.build()(torch.zeros(2, 3, 32, 16))


@pytest.mark.parametrize(("width", "published"), [(4, 264_341), (16, 1_081_937)])
def test_published_parameter_count(width: int, published: int) -> None:
    assert parameter_count(lambda: FlatDiscriminator(3, size=256, width=width)) == published


def test_score_is_divided_by_width() -> None:
    network = FlatDiscriminator(3, size=8, width=4).eval()
    torch.nn.init.zeros_(network.last.weight)
    torch.nn.init.constant_(network.last.bias, 10.0)
    assert network(torch.rand(1, 3, 8, 8)).item() == 2.5


def test_rejects_size_that_cannot_be_downsampled() -> None:
    with pytest.raises(ValueError, match="downsamples its input 3 times: size must be a multiple of 8, received 100"):
        FlatDiscriminator(3, size=100)
