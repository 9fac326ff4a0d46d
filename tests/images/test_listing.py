"""Photos in a folder are found in a stable order."""

import pytest

from colorgan.errors import ColorganError
from colorgan.images import list_photos


def test_photos_are_listed_recursively_in_name_order(tmp_path):
    for name in ["b.JPG", "a/z.png", "a/b/c.webp", "a-b.tiff", ".hidden.jpg", ".git/x.jpg", "notes.txt", "a.jpg/d.bmp"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    names = [path.relative_to(tmp_path).as_posix() for path in list_photos(tmp_path)]
    assert names == ["a-b.tiff", "a.jpg/d.bmp", "a/b/c.webp", "a/z.png", "b.JPG"]


@pytest.mark.timeout(20)
def test_cyclic_symlinks_are_visited_once(tmp_path):
    (tmp_path / "one" / "two").mkdir(parents=True)
    (tmp_path / "one" / "photo.jpg").touch()
    for name in ("one/two/up", "one/two/out", "self"):
        (tmp_path / name).symlink_to(tmp_path, target_is_directory=True)
    assert [path.name for path in list_photos(tmp_path)] == ["photo.jpg"]


def test_folders_without_photos_are_rejected(tmp_path):
    with pytest.raises(ColorganError, match="there is no folder .*absent"):
        list_photos(tmp_path / "absent")
    with pytest.raises(ColorganError, match=r"contains no photos \(.*\.jpg"):
        list_photos(tmp_path)
    (tmp_path / "a.jpg").touch()
    with pytest.raises(ColorganError, match=r"a\.jpg is a file; give a folder of photos"):
        list_photos(tmp_path / "a.jpg")
