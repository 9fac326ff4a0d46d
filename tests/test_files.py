import os
import sys
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
    for name, time in (("a", 2_000), ("b", 3_000), ("c", 1_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "best.ckpt").touch()
        os.utime(tmp_path / name / "best.ckpt", (time, time))
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
