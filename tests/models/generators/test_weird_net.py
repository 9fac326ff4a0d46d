import pytest

from colorgan.models.generators import WeirdNet
from tests.models.contract import parameter_count
from tests.models.generators.contract import GeneratorContract


class TestWeirdNet(GeneratorContract):
    network = WeirdNet
    small = {"widths": [3, 4, 5], "kernel_size": 3}
    variants = [{"widths": [2, 4]}, {"widths": [2, 3, 4, 5]}, {"kernel_size": 5, "tanh": False}, {"norm": "batch"}]


def test_parameter_count() -> None:
    """By hand: a path of width w has 25 w (1 + w) + 2 w; pairs join 12, 20 and 24 channels to 8, 16 and 16."""
    paths = sum(25 * width * (1 + width) + 2 * width for width in (4, 8, 16))
    pairs = 25 * (12 * 8 + 20 * 16 + 24 * 16) + 8 + 16 + 16
    assert parameter_count(lambda: WeirdNet(1, 3)) == paths + pairs + 25 * 40 * 3 + 3 == 32_199


def test_every_pair_of_paths_is_joined() -> None:
    network = WeirdNet(1, 3, widths=[2, 3, 5, 7])
    assert [pair[0].in_channels for pair in network.meetings] == [5, 7, 9, 8, 10, 12]
    assert network.last.in_channels == 3 + 5 + 7 + 5 + 7 + 7


@pytest.mark.parametrize(
    ("widths", "message"),
    [
        ([4], r"widths must name the channels of two paths or more, received \[4\]"),
        ([4, 0], "widths must be an integer of at least 1, received 0"),
    ],
)
def test_rejects_invalid_widths(widths: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        WeirdNet(1, 3, widths=widths)
