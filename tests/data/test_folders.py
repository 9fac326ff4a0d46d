from pathlib import Path

import pytest

from colorgan.data.folders import SplitFolders
from colorgan.errors import ColorganError


def split_folders(root: Path, *subfolders: str, **given: Path | list[Path]) -> SplitFolders:
    for name in subfolders:
        (root / name).mkdir(parents=True)
    lists = {name: [paths] if isinstance(paths, Path) else paths for name, paths in given.items()}
    return SplitFolders(root, {"train": [], "val": [], "test": [], **lists})


def found(folders: SplitFolders) -> list[str | None]:
    """The folders of the three splits, relative to the root."""
    places = [folders.find(split) for split in ("train", "val", "test")]
    return [None if place is None else str(place.relative_to(folders.root)) for place in places]


@pytest.mark.parametrize(
    ("subfolders", "expected"),
    [
        ((), [".", None, None]),
        (("roses", "tulips"), [".", None, None]),
        (("train", "val", "test"), ["train", "val", "test"]),
        (("training", "validation", "testing"), ["training", "validation", "testing"]),
        (("train", "valid"), ["train", "valid", None]),
        (("train",), ["train", None, None]),
        (("val", "test"), [".", None, None]),  # without train/ they are photos like all others
    ],
)
def test_folders_below_a_root(tmp_path: Path, subfolders: tuple[str, ...], expected: list[str | None]) -> None:
    assert found(split_folders(tmp_path, *subfolders)) == expected


def test_given_folders_take_precedence(tmp_path: Path) -> None:
    folders = split_folders(tmp_path, "train", "val", "other", val=tmp_path / "other")
    assert found(folders) == ["train", "other", None]


def test_a_given_training_folder_does_not_belong_to_the_root(tmp_path: Path) -> None:
    folders = split_folders(tmp_path, "train", "val", "other", train=tmp_path / "other")
    assert found(folders) == ["other", None, None]


@pytest.mark.parametrize(
    ("train", "val"), [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("a", "link")], ids=["same", "below", "above", "link"]
)
def test_overlapping_folders_are_refused(tmp_path: Path, train: str, val: str) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a" / "b")
    folders = split_folders(tmp_path, train=tmp_path / train, val=tmp_path / val)
    with pytest.raises(ColorganError, match="the validation folder .* and the training folder .* overlap; give separ"):
        folders.check_overlap()


def test_neighbors_do_not_overlap(tmp_path: Path) -> None:
    split_folders(tmp_path, "photos", "photos2", train=tmp_path / "photos", test=tmp_path / "photos2").check_overlap()
    split_folders(tmp_path, train=tmp_path / "gone", val=tmp_path / "gone").check_overlap()  # reported when it is read
