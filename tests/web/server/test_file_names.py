import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from colorgan.web.server.file_names import archive_path, colorized_name, safe_path

NAMES = st.one_of(
    st.text(), st.lists(st.sampled_from(["..", ".", "/", "\\", "C:", "con", "a", " ", "\0", "~"])).map("".join)
)


@example("0. .")
@example("a" * 95 + ". " * 50 + "b")
@example("CON .0")
@example("con\u0131n$")
@given(NAMES)
def test_any_name_becomes_a_safe_relative_path(name: str) -> None:
    safe = safe_path(name)
    assert safe
    assert not PurePosixPath(safe).is_absolute()
    assert not PureWindowsPath(safe).is_absolute()
    assert not PureWindowsPath(safe).drive
    assert not {"..", ".", ""} & set(safe.split("/"))
    assert "\\" not in safe
    assert safe_path(safe) == safe
    safe.encode()
    assert "/" not in colorized_name(name, "PNG")
    for path in (safe, colorized_name(name, "PNG"), archive_path(name, "JPEG", set())):
        assert not any(PureWindowsPath(part).is_reserved() for part in path.split("/"))


@pytest.mark.parametrize(
    "name", ["CON", "con.jpg", "Aux .tar.gz", "nul  .0", "COM1.png", "lpt³", "conin$.x", "CONOUT$", "prn./a", "com0"]
)
def test_windows_device_names_get_a_prefix(name: str) -> None:
    assert safe_path(name).startswith("_")
    assert not PureWindowsPath(safe_path(name).split("/")[0]).is_reserved()


@pytest.mark.parametrize("name", ["console.jpg", "com10.png", "a.con", "nullify", "con-1.jpg"])
def test_similar_names_are_unchanged(name: str) -> None:
    assert safe_path(name) == name


def test_archive_paths_are_unique_ignoring_case(tmp_path: Path) -> None:
    taken: set[str] = set()
    for name in ("a.jpg", "A.tif", "a.png", "b/a.jpg"):
        path = archive_path(name, "PNG", taken)
        assert path.casefold() not in taken
        taken.add(path.casefold())
    assert taken == {"a.png", "a (2).png", "a (3).png", "b/a.png"}
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for path in taken:
            archive.writestr(path, "")
