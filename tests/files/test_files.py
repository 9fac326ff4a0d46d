import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from colorgan.errors import CheckpointError
from colorgan.files import (
    atomic_write,
    check_digest,
    default_cache_dir,
    digest,
    digest_file,
    display_path,
    newest_file,
    open_checkpoint,
    open_regular,
    refuse_url,
    resolved,
    write_text,
)


def test_failed_write_keeps_the_existing_file(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    file.write_text("old")

    def fail_after_writing() -> None:
        with atomic_write(file) as temporary:
            temporary.write_text("new")
            raise OSError

    with pytest.raises(OSError, match="^$"):
        fail_after_writing()
    assert file.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX permissions")
def test_written_file_follows_the_umask(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with atomic_write(tmp_path / "new folder" / "atomic") as temporary:
        temporary.write_text("content")
    assert (tmp_path / "new folder" / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_umask_survives_files_written_at_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mask = os.umask(0o027)
    set_umask = os.umask

    def set_slowly(new: int) -> int:
        old = set_umask(new)
        time.sleep(0.02)
        return old

    def write(number: int) -> int:
        with atomic_write(tmp_path / str(number)) as temporary:
            temporary.write_text("x")
        return (tmp_path / str(number)).stat().st_mode & 0o777

    monkeypatch.setattr(os, "umask", set_slowly)
    try:
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(write, range(8))) == [0o640] * 8
        assert set_umask(mask) == 0o027
    finally:
        set_umask(mask)


def test_digest_file_is_checked_if_it_exists(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"abc")
    assert digest(file) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    check_digest(file)
    digest_file(file).write_text(f"{digest(file)}  weights\n")
    check_digest(file)
    file.write_bytes(b"abd")
    with pytest.raises(CheckpointError, match="damaged: its SHA-256 differs from that in weights.sha256"):
        check_digest(file)


def test_pattern_selects_the_newest_file(tmp_path: Path) -> None:
    for name, seconds in (("a", 2_000), ("b", 3_000), ("c", 1_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "best.ckpt").touch()
        os.utime(tmp_path / name / "best.ckpt", (seconds, seconds))
    assert newest_file(f"{tmp_path}/*/best.ckpt", "model.init_from") == str(tmp_path / "b" / "best.ckpt")
    assert newest_file("missing.ckpt", "model.init_from") == "missing.ckpt"
    with pytest.raises(CheckpointError, match=r"model\.init_from: no file matches .*last\.ckpt; train that run first"):
        newest_file(f"{tmp_path}/*/last.ckpt", "model.init_from")


def test_paths_below_the_working_directory_are_displayed_relative_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert display_path(tmp_path / "runs" / "1") == str(Path("runs", "1"))
    assert display_path(tmp_path.parent) == str(tmp_path.parent)


def test_default_cache_dir_follows_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path))
    assert default_cache_dir() == tmp_path
    monkeypatch.delenv("COLORGAN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    expected = {"darwin": Path.home() / "Library" / "Caches" / "colorgan", "linux": tmp_path / "colorgan"}
    if sys.platform in expected:
        assert default_cache_dir() == expected[sys.platform]


@pytest.mark.timeout(20)
def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    for name in ("file", "link"):
        with open_regular(tmp_path / name) as stream:
            assert stream.read() == b"content"
    for name, problem in (("pipe", "not a regular file"), ("zero", "not a regular file"), (".", "it is a folder")):
        with pytest.raises(OSError, match=problem):
            open_regular(tmp_path / name)
        with pytest.raises(OSError, match=problem):
            digest(tmp_path / name)


@pytest.mark.parametrize("name", ["n" * 255, "\u00fc" * 127, "\udcff" * 255])
def test_files_with_the_longest_names_are_written(tmp_path: Path, name: str) -> None:
    with atomic_write(tmp_path / name) as temporary:
        temporary.write_bytes(b"content")
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_digest_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "a.ckpt"
    file.write_bytes(b"weights")
    with digest_file(file).open("wb") as stream:
        stream.truncate(5 << 30)
    with pytest.raises(CheckpointError, match=r"a\.ckpt\.sha256 is too large"):
        check_digest(file)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no named pipes")
def test_pipes_and_devices_are_not_opened_to_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", tmp_path):
        with pytest.raises(CheckpointError, match="is not a file|cannot be read"), open_checkpoint(path):
            pass
    with (
        pytest.raises(CheckpointError, match=r"missing cannot be read \(No such file"),
        open_checkpoint(tmp_path / "missing"),
    ):
        pass


@pytest.mark.parametrize("path", ["https://x.org/a.ckpt", Path("https://x.org/a.ckpt"), "s3://bucket/a.ckpt"])
def test_urls_are_named_in_full(path: str | Path) -> None:
    with pytest.raises(CheckpointError, match=r"^(https|s3)://.*a\.ckpt is a URL; download"):
        refuse_url(path)
    with pytest.raises(CheckpointError, match="is a URL"):
        newest_file(str(path), "model.init_from")


@pytest.mark.parametrize("path", ["a.ckpt", "/a:/b.ckpt", "C:/models/a.ckpt", "folder/a:b.ckpt"])
def test_paths_are_no_urls(path: str) -> None:
    refuse_url(path)


@pytest.mark.skipif(os.name == "nt", reason="links need permissions")
def test_a_link_to_itself_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "loop.ckpt").symlink_to("loop.ckpt")
    assert resolved(tmp_path / "loop.ckpt") == tmp_path / "loop.ckpt"
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    assert resolved(tmp_path / "link" / "a") == tmp_path / "folder" / "a"


def test_text_has_the_same_bytes_on_every_system(tmp_path: Path) -> None:
    write_text(tmp_path / "new folder" / "report.md", "ΔE₀₀\n\r\n")
    assert (tmp_path / "new folder" / "report.md").read_bytes() == "ΔE₀₀\n\r\n".encode()
    assert [file.name for file in (tmp_path / "new folder").iterdir()] == ["report.md"]
