"""Photos in a folder are found in a stable order."""

import os

import pytest

from colorgan.errors import ColorganError
from colorgan.images import find_photos, list_photos


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


@pytest.mark.timeout(20)
def test_folders_that_cannot_be_opened_and_other_formats_do_not_stop_the_search(tmp_path, monkeypatch):
    for name in ("a.jpg", "closed/b.jpg", "open/c.jpg", "phone.JXL", "notes.txt", "icons/x.ico"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "loop.png").symlink_to("loop.png")
    scandir = os.scandir

    def refuse(folder):  # permissions do not stop the administrator, who may run the tests
        if folder == tmp_path / "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    listing = find_photos(tmp_path)
    assert [path.relative_to(tmp_path).as_posix() for path in listing.photos] == ["a.jpg", "loop.png", "open/c.jpg"]
    reasons = {
        os.path.relpath(error.path, tmp_path): error.reason for error in (*listing.unopened, *listing.unsupported)
    }
    assert reasons["closed"] == "the folder or link cannot be opened (permission denied)"
    assert "too many" in reasons["loop"]
    assert reasons["phone.JXL"] == "the format .jxl is not supported; convert the file to JPEG, PNG or TIFF"
    assert reasons.keys() == {"closed", "loop", "phone.JXL", os.path.join("icons", "x.ico")}  # noqa: PTH118
    (tmp_path / "a.jpg").unlink()
    (tmp_path / "loop.png").unlink()
    (tmp_path / "open" / "c.jpg").unlink()
    with pytest.raises(ColorganError, match=r"contains no photos .*, and .*closed cannot be opened"):
        find_photos(tmp_path)
