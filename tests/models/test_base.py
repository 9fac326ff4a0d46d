import pytest

from colorgan.errors import ColorganError
from colorgan.models.base import check_at_least, check_probability


@pytest.mark.parametrize("value", [0, -3, 2.0, True, "8"])
def test_check_at_least_rejects(value: object) -> None:
    with pytest.raises(ColorganError, match="width must be an integer of at least 1, received"):
        check_at_least(1, width=value)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan"), float("inf")])
def test_check_probability_rejects(value: float) -> None:
    with pytest.raises(ColorganError, match=r"dropout must be a probability in \[0, 1\), received"):
        check_probability(dropout=value)
