import pytest

from colorgan.models.generators import WeirdNet
from tests.models.generators.contract import GeneratorContract


class TestWeirdNet(GeneratorContract):
    network = WeirdNet
    small = {"widths": [3, 4, 5], "kernel_size": 3}
    variants = [{"widths": [2, 4]}, {"widths": [2, 3, 4, 5]}, {"kernel_size": 5, "tanh": False}, {"norm": "batch"}]


def test_every_two_paths_meet() -> None:
    network = WeirdNet(1, 3, widths=[2, 3, 5, 7])
    assert [meeting[0].in_channels for meeting in network.meetings] == [5, 7, 9, 8, 10, 12]
    assert network.last.in_channels == 3 + 5 + 7 + 5 + 7 + 7


@pytest.mark.parametrize(
    ("widths", "sentence"),
    [
        ([4], r"widths must name the channels of two paths or more, got \[4\]"),
        ([4, 0], "widths must be a whole number of at least 1, got 0"),
    ],
)
def test_refuses_widths(widths: list[int], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        WeirdNet(1, 3, widths=widths)
