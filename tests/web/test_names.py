import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

from hypothesis import example, given
from hypothesis import strategies as st

from colorgan.web.server.names import colored_name, place_in_archive, safe_path


@example("0. .")
@example("a" * 95 + ". " * 50 + "b")
@given(
    st.one_of(
        st.text(), st.lists(st.sampled_from(["..", ".", "/", "\\", "C:", "con", "a", " ", "\0", "~"])).map("".join)
    )
)
def test_any_name_is_a_place_below_where_it_is_unpacked(name: str) -> None:
    safe = safe_path(name)
    assert safe
    assert not PurePosixPath(safe).is_absolute()
    assert not PureWindowsPath(safe).is_absolute()
    assert not PureWindowsPath(safe).drive
    assert not {"..", ".", ""} & set(safe.split("/"))
    assert not PureWindowsPath(safe).is_reserved()
    assert "\\" not in safe
    assert safe_path(safe) == safe
    safe.encode()
    assert "/" not in colored_name(name, "PNG")


def test_places_do_not_collide_even_where_case_does_not_count(tmp_path: Path) -> None:
    taken: set[str] = set()
    for name in ("a.jpg", "A.tif", "a.png", "b/a.jpg"):
        place = place_in_archive(name, "PNG", taken)
        assert place.casefold() not in taken
        taken.add(place.casefold())
    assert taken == {"a.png", "a (2).png", "a (3).png", "b/a.png"}
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        for place in taken:
            archive.writestr(place, "")
