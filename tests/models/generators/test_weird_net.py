import pytest

from colorgan.models.generators import WeirdNet
from tests.models.generators.contract import GeneratorContract


class TestWeirdNet(GeneratorContract):
    network = WeirdNet
    small = {"widths": [3, 4, 5], "kernel_size": 3}
    variants = [{"widths": [2, 4]}, {"widths": [2, 3, 4, 5]}, {"kernel_size": 5, "tanh": False}, {"norm": "batch"}]


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
