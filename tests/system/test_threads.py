import threading

import pytest

from colorgan.system.threads import available_cores, map_ahead


@pytest.mark.parametrize("num_threads", [1, 3])
def test_results_come_in_order(num_threads: int) -> None:
    assert list(map_ahead(lambda number: number * number, range(50), num_threads)) == [n * n for n in range(50)]


@pytest.mark.parametrize("num_threads", [1, 2])
def test_items_are_taken_only_a_little_ahead(num_threads: int) -> None:
    items = iter(range(1000))
    results = map_ahead(lambda number: number, items, num_threads)
    for number in range(20):
        assert next(results) == number
    results.close()
    assert next(items) <= 20 + 2 * num_threads


def test_errors_reach_the_caller_and_end_the_threads() -> None:
    before = threading.active_count()

    def fail_at_3(number: int) -> int:
        if number == 3:
            raise ValueError("three")
        return number

    results = map_ahead(fail_at_3, range(100), 2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="three"):
        next(results)
    assert threading.active_count() == before


def test_there_is_at_least_one_core() -> None:
    assert available_cores() >= 1
