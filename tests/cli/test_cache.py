"""``colorgan cache`` lists and deletes photo caches, and nothing else."""

import os
import re
from pathlib import Path

import pytest

from colorgan.cli import main
from colorgan.data import Photos
from colorgan.data.cache import CachedPhotos


@pytest.fixture(autouse=True)
def cache_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    (folder / "features").mkdir(parents=True)
    (folder / "features" / "a.npy").write_bytes(b"x")
    monkeypatch.setenv("COLORGAN_CACHE", str(folder))
    monkeypatch.delenv("COLORGAN_CACHE_SIZE", raising=False)
    return folder


def cached(folder: Path, side: int, last_used: int) -> CachedPhotos:
    """Caches the photos of a folder; they are not in use afterward."""
    data = Photos(str(folder), size=side, batch_size=1)
    data.setup("fit")
    photos = data.splits["train"].photos
    del photos.pixels
    os.utime(photos.folder / "about.json", (last_used, last_used))
    return photos


def caches(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"locks", "features"}


def test_list_shows_source_number_size_and_last_use(make_photos, cache_dir, capsys):
    roses, tulips = make_photos("roses", 5), make_photos("tulips", 3)
    old = cached(roses, 100, 1_700_000_000)
    new = cached(tulips, 8, 1_750_000_000)
    assert main(["cache"]) == 0
    header, first, second, total = capsys.readouterr().out.splitlines()
    assert header.split() == ["name", "photos", "px", "size", "last", "used", "source"]
    assert re.fullmatch(rf"{new.folder.name[:8]} +3 +8 +0\.0 MB  2025-06-15 \d\d:\d\d  {re.escape(str(tulips))}", first)
    assert re.fullmatch(rf"{old.folder.name[:8]} +5 +100 +0\.2 MB  2023-11-1\d .* {re.escape(str(roses))}", second)
    assert total == f"2 caches in {cache_dir}: 0.2 MB of at most 20,000 MB (COLORGAN_CACHE_SIZE)"


def test_empty_and_missing_folders_have_no_caches(cache_dir, monkeypatch, capsys):
    assert main(["cache"]) == 0
    monkeypatch.setenv("COLORGAN_CACHE", str(cache_dir / "none"))
    assert main(["cache", "--clear"]) == 0
    assert [line.partition(" in ")[0] for line in capsys.readouterr().out.splitlines()] == ["0 caches"] * 2


def test_clear_deletes_all_caches_and_nothing_else(make_photos, cache_dir, capsys):
    folder = make_photos("roses", 3)
    cached(folder, 8, 1)
    cached(folder, 16, 2)
    assert main(["cache", "--clear"]) == 0
    assert caches(cache_dir) == set()
    assert (cache_dir / "features" / "a.npy").exists()
    output = capsys.readouterr().out
    assert output.count(f"from {folder}, ") == output.count("deleted: ") == 2
    assert "0 caches in" in output


def test_clear_keeps_caches_in_use(make_photos, cache_dir, capsys):
    photos = cached(make_photos("roses", 3), 8, 1)
    assert photos.pixels.size
    assert main(["cache", "--clear"]) == 0
    assert caches(cache_dir) == {photos.folder.name}
    assert "kept, because it is in use: " in capsys.readouterr().out


def test_clear_by_name_and_by_source(make_photos, cache_dir, monkeypatch):
    names = ("roses", "tulips/train", "tulips2")
    roses, tulips, lilies = (cached(make_photos(name, 3), 8, 1) for name in names)
    assert main(["cache", "--clear", roses.folder.name[:8]]) == 0
    assert caches(cache_dir) == {tulips.folder.name, lilies.folder.name}
    monkeypatch.chdir(cache_dir.parent)
    assert main(["cache", "--clear", "tulips/"]) == 0
    assert caches(cache_dir) == {lilies.folder.name}
    assert main(["cache", "--clear", "tulips2"]) == 0
    assert caches(cache_dir) == set()


def test_limit_deletes_the_least_recently_used(make_photos, cache_dir, capsys):
    folder = make_photos("roses", 3)
    cached(folder, 64, 1)
    newest = cached(folder, 65, 2)
    assert main(["cache", "--limit", "0.05MB"]) == 0
    assert caches(cache_dir) == {newest.folder.name}
    assert capsys.readouterr().out.startswith("deleted: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--clear", "nothing"], "--clear: there is no cache of 'nothing'; `colorgan cache` lists names and sources"),
        (["--limit", "some"], "--limit must be a size such as 20GB, 500MB or 0; received 'some'"),
        (["--clear", "--limit", "1GB"], "--clear and --limit both delete caches; give one of them"),
        (["--cache-dir", "missing"], "--cache-dir: there is no folder missing"),
    ],
)
def test_bad_input_is_one_sentence(arguments, message, capsys):
    assert main(["cache", *arguments]) == 1
    assert capsys.readouterr().err == f"error: {message}\n"


@pytest.mark.parametrize(
    ("which", "code", "message"),
    [("", 2, "--clear is empty; give a value"), ("cc", 1, "--clear: 2 caches have names that begin")],
)
def test_clear_of_an_empty_or_ambiguous_name_deletes_nothing(which, code, message, cache_dir, capsys):
    names = {"c" * 31 + end for end in "ab"}
    for name in names:
        (cache_dir / name).mkdir()
        (cache_dir / name / "index.json").write_text("{}")
    for arguments in ([f"--clear={which}"], ["--clear", which]):
        try:
            exit_code = main(["cache", *arguments])
        except SystemExit as leaving:
            exit_code = leaving.code
        assert exit_code == code
        assert message in capsys.readouterr().err
    assert caches(cache_dir) == names


def test_list_shows_caches_of_older_versions(cache_dir, capsys):
    (cache_dir / ("ab" * 16)).mkdir()
    (cache_dir / ("ab" * 16) / "pixels.bin").write_bytes(bytes(100_000))
    (cache_dir / ("ab" * 16) / "index.json").write_text("{}")
    assert main(["cache"]) == 0
    assert re.search(r"^abababab +\? +\? +0\.1 MB .* unknown$", capsys.readouterr().out, re.MULTILINE)
    assert main(["cache", "--clear", "abab"]) == 0
    assert caches(cache_dir) == set()
