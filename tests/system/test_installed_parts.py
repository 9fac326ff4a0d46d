"""Entry points of installed packages."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from colorgan.system.installed_parts import InstalledPart, installed_parts, parts_named


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    installed_parts.cache_clear()
    yield
    installed_parts.cache_clear()


def install(folder: Path, name: str, *points: str) -> None:
    place = folder / f"{name.replace('-', '_')}-1.0.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (place / "entry_points.txt").write_text("\n".join(["[colorgan.parts]", *points, "[other]", "x = y:z", ""]))


def of(package: str) -> list[InstalledPart]:
    return [part for part in installed_parts() if part.package == package]


def test_parts_are_listed_without_importing_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "some-net", "Net = some_net.nets:Net", "other = some_net:OTHER")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert of("some-net") == [
        InstalledPart("Net", "some_net.nets", "Net", "some-net"),
        InstalledPart("other", "some_net", "OTHER", "some-net"),
    ]
    assert list(parts_named("Net", "some_net")) == of("some-net")[:1]
    assert list(parts_named("Net", "another")) == []
    assert "some_net" not in sys.modules


def test_the_first_package_of_a_name_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, module in (("first", "one"), ("second", "two")):
        install(tmp_path / folder, "some-net", f"Net = {module}:Net")
    monkeypatch.setattr(sys, "path", [str(tmp_path / "first"), str(tmp_path / "second"), *sys.path])
    assert [part.module for part in of("some-net")] == ["one"]


@pytest.mark.parametrize("entry", ["", ".", "absolute"])
def test_the_working_directory_installs_nothing(entry: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, "some-net", "Net = some_net:Net")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path) if entry == "absolute" else entry, *sys.path])
    assert of("some-net") == []
