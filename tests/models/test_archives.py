import io
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from colorgan.errors import CheckpointError
from colorgan.files import check_digest, digest
from colorgan.models.archives import check_archive, seal
from colorgan.models.weight_files import read_torch_file

CONTENTS = {"weight": torch.arange(1000.0), "more": [1, 2.5, "text", None, True, (1, 2)]}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    torch.save(CONTENTS, tmp_path / "a.pt")
    return tmp_path / "a.pt"


def archive_of(description: bytes) -> io.BytesIO:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a/data.pkl", description)
    return buffer


def check(file: Path) -> None:
    with file.open("rb") as stream:
        check_archive(stream, file)


def test_sealed_archives_are_read_as_before(saved: Path) -> None:
    assert seal(saved) == digest(saved)
    assert torch.equal(torch.load(saved, weights_only=True)["weight"], CONTENTS["weight"])
    assert torch.equal(read_torch_file(saved, saved)["weight"], CONTENTS["weight"])
    with zipfile.ZipFile(saved) as archive:
        assert archive.testzip() is None
        assert archive.comment.startswith(b"colorgan-sha256: ")
    with pytest.raises(ValueError, match="does not end as an archive"):
        seal(saved)


def test_a_changed_byte_of_a_sealed_archive_is_found_anywhere(saved: Path) -> None:
    seal(saved)
    assert check_digest(saved)
    original = saved.read_bytes()
    for position in (0, 40, len(original) // 2, len(original) - 90, len(original) - 1):
        data = bytearray(original)
        data[position] ^= 1
        saved.write_bytes(data)
        with pytest.raises(CheckpointError, match="damaged: its SHA-256"):
            check_digest(saved)


def test_a_changed_weight_is_found_without_a_digest(saved: Path) -> None:
    data = bytearray(saved.read_bytes())
    data[data.index(struct.pack("<f", 500.0))] ^= 1
    saved.write_bytes(data)
    assert torch.load(saved, weights_only=True)["weight"][500] != 500  # torch does not compare checksums
    assert not check_digest(saved)
    with pytest.raises(CheckpointError, match=r"a\.pt is damaged: the checksum of 'a/data/0' differs"):
        read_torch_file(saved, saved)


@pytest.mark.parametrize(
    ("description", "problem"),
    [
        (b"\x80\x02cos\nsystem\n.", r"more than data .*os\.system"),
        (b"\x80\x02cbuiltins\nbytearray\n.", r"builtins\.bytearray"),
        (b"\x80\x02ctorch\nUntypedStorage\n.", r"torch\.UntypedStorage"),
        (b"\x80\x02ctorch._utils\n_rebuild_sparse_tensor\n.", "_rebuild_sparse_tensor"),
        (pickle.dumps(torch.Size, protocol=4), "a STACK_GLOBAL"),
        (b"I5\n.", "a INT"),
        (b"\x80\x02}r\xff\xff\xff\x7f.", "damaged"),
        (b"\x80\x02}", "damaged"),
        (b"]" * (9 << 20) + b".", "describes more values"),
        (b"\x80\x02" + b"]" * 1_000_000 + b".", "describes more values"),
    ],
)
def test_descriptions_of_more_than_plain_tensors_are_refused(description: bytes, problem: str) -> None:
    with pytest.raises(CheckpointError, match=problem):
        check_archive(archive_of(description), "a.pt")


def with_two_folders(file: Path) -> None:
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("other/data.pkl", b"\x80\x02}.")


def with_many_entries(file: Path) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for number in range(65_600):
            archive.writestr(zipfile.ZipInfo(f"a/{number}"), b"")


def with_a_prefix(file: Path) -> None:
    file.write_bytes(b"#!/bin/sh\n" + file.read_bytes())


def with_a_suffix(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"more")


@pytest.mark.parametrize("change", [with_two_folders, with_many_entries, with_a_prefix, with_a_suffix])
def test_archives_that_torch_does_not_write_are_refused(saved: Path, change: Callable[[Path], None]) -> None:
    change(saved)
    with pytest.raises(CheckpointError, match=r"a\.pt is (damaged or )?not a file of torch\.save"):
        check(saved)
