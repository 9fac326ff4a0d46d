"""Splits depend only on seed and names and keep groups together."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from colorgan.data.split import seeded_split


def names(count: int) -> list[str]:
    return [f"folder/{number}.jpg" for number in range(count)]


def test_published_flowers_split_has_164_photos():
    parts = seeded_split(names(8189), range(8189), [0.02], seed=0)
    assert [len(part) for part in parts] == [164, 8025]


def test_split_does_not_depend_on_the_order_of_files():
    all_names = names(50)
    parts = seeded_split(all_names, range(50), [0.2, 0.1], seed=3)
    reversed_parts = seeded_split(all_names[::-1], range(50), [0.2, 0.1], seed=3)
    assert [len(part) for part in parts] == [10, 5, 35]
    for one, other in zip(parts, reversed_parts, strict=True):
        assert {all_names[i] for i in one} == {all_names[::-1][i] for i in other}
    assert seeded_split(all_names, range(50), [0.2], seed=4)[0].tolist() != parts[0].tolist()


def test_split_never_changes():
    assert seeded_split(names(12), range(12), [0.25], seed=0)[0].tolist() == [1, 5, 11]


def test_adding_a_photo_moves_few_others():
    before = {names(100)[i] for i in seeded_split(names(100), range(100), [0.2], seed=0)[0]}
    after = {names(101)[i] for i in seeded_split(names(101), range(101), [0.2], seed=0)[0]}
    assert len(before & after) >= 19


@given(
    groups=st.lists(st.integers(0, 8), min_size=1, max_size=40),
    fractions=st.lists(st.floats(0, 0.45), min_size=1, max_size=2),
    seed=st.integers(0, 5),
)
def test_parts_are_disjoint_and_groups_stay_together(groups, fractions, seed):
    parts = seeded_split(names(len(groups)), groups, fractions, seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(groups)))
    groups_of_parts = [{groups[i] for i in part} for part in parts]
    assert sum(len(part_groups) for part_groups in groups_of_parts) == len(set(groups))
    for part, fraction in zip(parts, fractions, strict=False):
        assert len(part) <= max(1, round(fraction * len(groups)))
