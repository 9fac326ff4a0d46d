import pytest

from colorgan.errors import ColorganError
from colorgan.models.base import check_at_least, check_probability


@pytest.mark.parametrize("value", [0, -3, 2.0, True, "8"])
def test_whole_numbers(value: object) -> None:
    with pytest.raises(ColorganError, match="width must be a whole number of at least 1, got"):
        check_at_least(1, width=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan"), float("inf")])
def test_probabilities(value: float) -> None:
    with pytest.raises(ColorganError, match="dropout must be a probability"):
        check_probability(dropout=value)
