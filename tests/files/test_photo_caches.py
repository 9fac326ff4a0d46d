"""Sizes, and the protection of caches in use."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from colorgan.errors import ColorganError
from colorgan.files.photo_caches import (
    INDEX,
    PIXELS,
    About,
    open_for_use,
    parse_size,
    record_use,
    shrink,
    size_limit,
    stored_caches,
)
from tests.helpers import REPOSITORY


def make_cache(root: Path, number: int, size: int = 1000) -> Path:
    """A cache that was used at second ``number``."""
    folder = root / f"{number:032x}"
    folder.mkdir(parents=True)
    (folder / PIXELS).write_bytes(bytes(size))
    (folder / INDEX).write_text("{}")
    record_use(folder, About("photos", 8, number))
    os.utime(folder / "about.json", (number, number))
    return folder


@pytest.mark.parametrize(
    ("text", "size"), [("0", 0), ("17", 17), ("20GB", 20 * 10**9), (" 1.5 kb ", 1500), ("500 MB", 5 * 10**8)]
)
def test_sizes(text, size):
    assert parse_size(text, "limit") == size


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "1 GiB", "1,5GB", "inf", "1e9", "\u0661GB", "9" * 400])
def test_invalid_sizes_raise(text):
    with pytest.raises(ColorganError, match="limit must be a size such as 20GB, 500MB or 0; received"):
        parse_size(text, "limit")


def test_default_limit_is_20_gb(monkeypatch):
    monkeypatch.delenv("COLORGAN_CACHE_SIZE", raising=False)
    assert size_limit() == 20 * 10**9
    monkeypatch.setenv("COLORGAN_CACHE_SIZE", "1MB")
    assert size_limit() == 10**6


def test_shrink_deletes_the_oldest_until_the_rest_fits(tmp_path):
    folders = [make_cache(tmp_path, number) for number in (1, 2, 3, 4)]
    size = stored_caches(tmp_path)[0].size
    assert [cache.folder for cache in shrink(tmp_path, 2 * size)] == folders[:2]
    assert [cache.about.count for cache in stored_caches(tmp_path)] == [4, 3]
    assert sorted(path.name for path in tmp_path.iterdir()) == [folder.name for folder in folders[2:]]
    assert shrink(tmp_path, 2 * size) == []


def test_only_folders_named_like_caches_are_caches(tmp_path):
    (tmp_path / "features").mkdir()
    (tmp_path / ("a" * 32)).write_bytes(b"a file")
    (tmp_path / f"{'a' * 32}.1-x.part").mkdir()
    assert stored_caches(tmp_path) == []
    assert shrink(tmp_path, 0) == []


def test_only_folders_with_an_index_are_caches_and_links_are_not_followed(tmp_path):
    root = tmp_path / "root"
    ours, elsewhere = make_cache(root, 1), make_cache(tmp_path / "elsewhere", 2)
    foreign = root / ("c" * 32)
    foreign.mkdir()
    (foreign / "thesis.txt").write_text("x")
    (root / ("d" * 32)).symlink_to(elsewhere)
    (ours / "link").symlink_to(elsewhere, target_is_directory=True)
    assert stored_caches(root)[0].size < 2000
    assert [cache.folder for cache in shrink(root, 0)] == [ours]
    assert sorted(path.name[0] for path in root.iterdir()) == ["c", "d"]
    assert (foreign / "thesis.txt").is_file()
    assert (elsewhere / INDEX).is_file()


@pytest.mark.parametrize("about", ["{", "[]", '{"source": 3, "side": 1, "count": 1}', '{"other": 1}'])
def test_cache_with_a_damaged_description_is_listed(about, tmp_path):
    (make_cache(tmp_path, 1) / "about.json").write_text(about)
    (cache,) = stored_caches(tmp_path)
    assert cache.about == About("unknown", 0, 0)


def test_cache_that_was_built_again_while_it_was_to_be_deleted_is_kept(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    folder = make_cache(tmp_path, 1)
    flock = fcntl.flock

    def build_again_and_lock(*arguments):
        (folder / PIXELS).rename(tmp_path / "deleted")  # the file that is about to be locked
        (folder / PIXELS).write_bytes(b"new")
        flock(*arguments)

    monkeypatch.setattr(fcntl, "flock", build_again_and_lock)
    assert shrink(tmp_path, 0) == []
    assert (folder / PIXELS).read_bytes() == b"new"


def test_shrink_skips_a_cache_in_use_by_another_process(tmp_path):
    used, other = make_cache(tmp_path, 1), make_cache(tmp_path, 2)
    program = (
        "import sys; from pathlib import Path; from colorgan.files.photo_caches import open_for_use\n"
        "file = open_for_use(Path(sys.argv[1])); print('opened', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(used / PIXELS)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "opened\n"
        assert [cache.folder for cache in shrink(tmp_path, 0)] == [other]
        process.kill()  # its lock ends with it
    assert [cache.folder for cache in shrink(tmp_path, 0)] == [used]


def test_opening_a_cache_that_is_deleted_meanwhile_raises(tmp_path, monkeypatch):
    folder = make_cache(tmp_path, 1)
    stat = Path.stat

    def replaced(path, **options):
        return stat(folder / "about.json", **options)

    monkeypatch.setattr(Path, "stat", replaced)
    with pytest.raises(FileNotFoundError, match="was deleted"):
        open_for_use(folder / PIXELS)
