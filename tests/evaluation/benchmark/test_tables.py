import pytest

from colorgan.evaluation.benchmark.tables import format_duration, format_number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (54.73481, "54.73"),
        (0.12345, "0.1235"),
        (0.0, "0"),
        (999.96, "1000"),
        (1234.5, "1234"),
        (-1234567.0, "-1234567"),
        (0.00001234, "1.234e-05"),
        (20.0, "20"),
    ],
)
def test_numbers_have_four_digits(value: float, text: str) -> None:
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (3599.6, "1 h 0 min"),
        (7260.0, "2 h 1 min"),
        (360_000.0, "100 h 0 min"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert format_duration(seconds) == text
