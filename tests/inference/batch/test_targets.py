"""Each photo has a file of its own, whatever the names, and it does not depend on the order of the photos."""

import os
from pathlib import Path, PurePath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from colorgan.inference.batch.targets import choose_targets

NAMES = [
    *("a.jpg", "A.jpg", "a.JPG", "a.png", "a.jpg.png", "a", "b.tif", "b.png/c.jpg", "b.jpg", "x/a.jpg", "X/a.jpg"),
    *(
        "\u00e9.jpg",
        "e\u0301.jpg",
        "\u00df.jpg",
        "ss.jpg",
        "n" * 251 + ".jpg",
        "n" * 251 + ".png",
        "\u6f22" * 83 + ".jpg",
    ),
    *("\udcff" * 251 + ".jpg", "n" * 251 + ".jpe", "line\nbreak.jpg", "..a.jpg", "a..jpg", "-.jpg", " .jpg"),
]


@settings(max_examples=200, deadline=None)
@given(st.permutations(NAMES), st.integers(1, len(NAMES)))
def test_targets_differ_on_every_file_system(names: list[str], count: int) -> None:
    photos = [PurePath(name) for name in names[:count]]
    targets = choose_targets(photos)
    assert len({target.as_posix().casefold() for target in targets}) == count
    for photo, target in zip(photos, targets, strict=True):
        assert target.parent == photo.parent
        assert target.suffix == ".png"
        assert len(os.fsencode(target.name)) <= 255
    folders = {str(parent).casefold() for target in targets for parent in target.parents}
    assert not folders & {str(target).casefold() for target in targets}
    backwards = choose_targets(photos[::-1])
    assert backwards[::-1] == targets


@pytest.mark.parametrize("name", ["n" * 251 + ".jpg", "\u6f22" * 83 + ".jpeg", "\udcff" * 250 + ".jpg"])
def test_longest_names_can_be_written(tmp_path: Path, name: str) -> None:
    (target,) = choose_targets([PurePath(name)], ".webp")
    (tmp_path / target).write_bytes(b"")
    assert choose_targets([PurePath("b.jpg")]) == [PurePath("b.png")]
