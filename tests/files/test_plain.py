from typing import Any

import pytest

from colorgan.errors import CheckpointError
from colorgan.files.plain import check_plain
from tests.attacks.checkpoint_corpus import endless, laughs


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (laughs(20), "more than 100,000 values"),
        (laughs(100), "more than 32 levels deep"),
        (endless(), "more than 32 levels deep"),
        ([None] * 100_001, "more than 100,000 values"),
        ({"size": 1 << 64}, "an integer of more than 64 bits"),
        ("x" * (1 << 21), "a text of 2,097,152 characters"),
        ({"more": {1}}, "a set, which is not plain"),
        ({1.5: 1}, "neither a text nor an integer"),
        ({None: 1}, "neither a text nor an integer"),
    ],
)
def test_values_beyond_the_bounds_are_refused(value: Any, problem: str) -> None:
    with pytest.raises(CheckpointError, match=f"a.ckpt was refused: .*{problem}"):
        check_plain(value, "a.ckpt")


def test_values_that_are_used_twice_count_twice() -> None:
    shared = [1, 2, 3]
    check_plain([shared, shared], "a.ckpt", max_values=9)
    with pytest.raises(CheckpointError, match="more than 8 values"):
        check_plain([shared, shared], "a.ckpt", max_values=8)


def test_lists_can_be_bounded() -> None:
    check_plain({"widths": [1] * 9}, "a.ckpt", max_length=9)
    with pytest.raises(CheckpointError, match="a list of more than 8 values"):
        check_plain({"widths": [1] * 9}, "a.ckpt", max_length=8)


def test_other_values_can_be_accepted() -> None:
    check_plain({"more": {1}}, "a.ckpt", is_leaf=lambda value: isinstance(value, set))
