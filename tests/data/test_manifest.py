"""Manifests survive any name, and other files are refused in one sentence."""

from pathlib import Path

import pytest

from colorgan.data.manifest import ACCEPTED, LEFT_OUT, REPAIRED, ManifestEntry, read_manifest, summarize, write_manifest
from colorgan.errors import ColorganError

ENTRIES = [
    ManifestEntry("train", "line\nbreak \x1b[31m\udcff.jpg", ACCEPTED),
    ManifestEntry("train", "ü.jpg", REPAIRED, "turned upright; converted from CMYK"),
    ManifestEntry("val", "a.jpg", LEFT_OUT, "the file is cut short (3 bytes)"),
    ManifestEntry("val", "b.jpg", LEFT_OUT, "the file is cut short (4 bytes)"),
]


def test_entries_are_read_as_written(tmp_path: Path) -> None:
    write_manifest(tmp_path / "run" / "photos.jsonl", ENTRIES)
    assert read_manifest(tmp_path / "run" / "photos.jsonl") == ENTRIES
    assert (tmp_path / "run" / "photos.jsonl").read_bytes().isascii()


def test_summary_counts_by_reason() -> None:
    assert summarize(ENTRIES) == [
        "1 accepted",
        "1 repaired",
        "  1 turned upright",
        "  1 converted from CMYK",
        "2 left out",
        "  2 the file is cut short",
    ]
    assert str(ENTRIES[0]).isprintable()


@pytest.mark.parametrize(
    "content",
    [b"hello", b"[]", b"{}", b"[" * 100_000, b"\xff\xfe", b'{"split": 1, "file": 2, "status": 3}', b'{"file": "a"}'],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "photos.jsonl").write_bytes(content)
    with pytest.raises(ColorganError, match="is no manifest: its line 1 is not a JSON object with the keys"):
        read_manifest(tmp_path / "photos.jsonl")


def test_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ColorganError, match=r"cannot read the manifest .*photos.jsonl: No such file"):
        read_manifest(tmp_path / "photos.jsonl")
