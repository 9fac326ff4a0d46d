import pytest

from colorgan.models.discriminators import UNetDiscriminator
from colorgan.models.generators import UNet
from tests.models.contract import parameter_count
from tests.models.discriminators.contract import DiscriminatorContract


class TestUNetDiscriminator(DiscriminatorContract):
    network = UNetDiscriminator
    small = {"width": 4, "depth": 2}
    variants = [{"norm": "none"}, {"norm": "instance"}, {"spectral_norm": True}, {"upsampling": "pixel_shuffle"}]

    def score_shape(self, size: tuple[int, int]) -> tuple[int, ...]:
        return (1, *size)


@pytest.mark.parametrize(("channels", "published"), [(4, 14_640_001), (3, 14_639_713)])
def test_published_parameter_count(channels: int, published: int) -> None:
    assert parameter_count(lambda: UNetDiscriminator(channels)) == published


def test_published_parameter_count_with_generator() -> None:
    assert parameter_count(lambda: UNet(1, 3)) + parameter_count(lambda: UNetDiscriminator(4)) == 29_279_268
