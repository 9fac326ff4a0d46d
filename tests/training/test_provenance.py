"""What a run was made from: commits of a repository, and digests of photos."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import colorgan
from colorgan.data import Photos
from colorgan.data.streaming.photos import ShardedPhotos
from colorgan.data.streaming.shards import Shard, ShardIndex
from colorgan.training import provenance


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package in a repository with one commit."""
    folder = tmp_path / "repository" / "package"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    git(folder.parent, "init", "--quiet")
    git(folder.parent, "add", ".")
    git(folder.parent, "commit", "--quiet", "-m", "first")
    monkeypatch.setattr(provenance, "_PACKAGE", folder)
    return folder


def test_commit_and_changes_of_a_clone(package: Path) -> None:
    commit = git(package, "rev-parse", "HEAD")
    assert provenance.code_version() == {"colorgan": colorgan.__version__, "commit": commit, "modified": False}
    (package.parent / "notes.txt").write_text("outside of the package")
    assert provenance.code_version()["modified"] is False
    (package / "__init__.py").write_text("changed = True\n")
    assert provenance.code_version() == {"colorgan": colorgan.__version__, "commit": commit, "modified": True}


def test_installed_package_has_no_commit(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = package.parent / "environment"  # inside of a repository that is not the package's
    installed.mkdir()
    (installed / "__init__.py").write_text("")
    monkeypatch.setattr(provenance, "_PACKAGE", installed)
    assert provenance.code_version() == {"colorgan": colorgan.__version__}
    monkeypatch.setenv("PATH", "")
    assert provenance.code_version() == {"colorgan": colorgan.__version__}


def described(root: Path, cache: Path) -> dict[str, dict[str, object]]:
    data = Photos(str(root), size=16, batch_size=2, cache_dir=str(cache))
    data.setup("fit")
    found: dict[str, dict[str, object]] = provenance.provenance(data)["photos"]
    return found


def test_digest_of_photos_is_that_of_their_names_and_pixels(tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    root = tmp_path / "photos"
    for split in ("train", "val"):
        (root / split).mkdir(parents=True)
        for number in range(3):
            pixels = draws.integers(0, 256, (16, 16, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(root / split / f"{number}.png")
    first = described(root, tmp_path / "cache")
    assert {name: part["count"] for name, part in first.items()} == {"train": 3, "val": 3}
    moved = shutil.copytree(root, tmp_path / "moved")
    assert described(moved, tmp_path / "other cache") == first

    Image.fromarray(pixels[::-1]).save(moved / "val" / "2.png")
    second = described(moved, tmp_path / "other cache")
    assert second["train"] == first["train"]
    assert second["val"] != first["val"]
    (moved / "val" / "2.png").rename(moved / "val" / "3.png")
    assert described(moved, tmp_path / "other cache")["val"] not in (first["val"], second["val"])


def test_digest_of_packed_photos_is_that_of_their_shards() -> None:
    def digest(*checksums: int) -> str:
        shards = tuple(Shard(f"shard-{number:05d}", 4, checksum) for number, checksum in enumerate(checksums))
        index = ShardIndex(16, shards, "key", {})
        return ShardedPhotos(None, index).digest_of(np.arange(8))  # type: ignore[arg-type]

    assert digest(1, 2) == digest(1, 2)
    assert len({digest(1, 2), digest(2, 1), digest(1, 3)}) == 3


def test_own_data_module_has_no_digest() -> None:
    assert provenance.provenance(None)["photos"] == {}
