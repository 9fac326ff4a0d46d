"""Checks the archives that ``torch.save`` writes before torch reads them, and seals those that colorgan writes.

``torch.load`` trusts the sizes in a file and ignores its checksums, and its restricted unpickler may still be made to
build objects other than tensors. Here, an archive is only read if it is whole, and if it describes nothing but plain
values and dense tensors.
"""

import hashlib
import os
import pickletools
import re
import struct
import zipfile
from pathlib import Path
from typing import BinaryIO

from colorgan.errors import CheckpointError, first_sentence
from colorgan.files import SEAL

_MAX_DESCRIPTION = 8 << 20
"""Bytes of the pickle that describes the contents. 10,000 tensors with their optimizer states take about 3 MiB."""
_MAX_INSTRUCTIONS = 1_000_000
"""Instructions of that pickle; a tensor takes about 40."""
_MAX_ENTRIES = 65_534

_OPCODES = {
    "PROTO", "FRAME", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1",
    "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "EMPTY_LIST", "APPEND", "APPENDS", "EMPTY_TUPLE",
    "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_DICT", "SETITEM", "SETITEMS", "BINPUT", "LONG_BINPUT", "BINGET",
    "LONG_BINGET", "MEMOIZE", "GLOBAL", "REDUCE", "BUILD", "BINPERSID",
}  # fmt: skip
_CLASSES = re.compile(
    r"collections (OrderedDict|Counter)"
    r"|torch (\w*(?<!Untyped)(?<!Typed)Storage|Size|device|(b?float|u?int|complex)\d+|bool)"
    r"|torch\._utils (_rebuild_tensor|_rebuild_tensor_v2|_rebuild_parameter)"
)
"""What the description of plain values and dense tensors names."""

_END, _END_64, _LOCATOR_64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_SIZE, _END_64_SIZE, _LOCATOR_64_SIZE = 22, 56, 20
_SEAL_PREFIX = SEAL + b": "


def seal(file: Path) -> str:
    """Appends the SHA-256 of an archive as its comment, so that any later change of it is found.

    Args:
        file: a file from ``torch.save``; torch and zip programs read it as before.

    Returns:
        The SHA-256 of the sealed file, in hexadecimal.
    """
    length = hashlib.sha256().digest_size * 2
    with file.open("rb+") as stream:
        stream.seek(-_END_SIZE, os.SEEK_END)
        end = stream.read(_END_SIZE)
        if not (end.startswith(_END) and end.endswith(b"\0\0")):
            raise ValueError(f"{file} does not end as an archive without a comment does")
        stream.seek(-2, os.SEEK_END)
        stream.write(struct.pack("<H", len(_SEAL_PREFIX) + length) + _SEAL_PREFIX)
        stream.seek(0)
        sha = hashlib.file_digest(stream, "sha256")
        inner = sha.hexdigest().encode("ascii")
        stream.write(inner)
        sha.update(inner)
    return sha.hexdigest()


def check_archive(source: BinaryIO, name: str | Path, is_verified: bool = False) -> None:
    """Checks that an archive is whole and describes nothing but plain values and dense tensors.

    Args:
        source: the archive; its position is changed.
        name: its name in error messages.
        is_verified: whether its digest was compared, which makes comparing its checksums unnecessary.

    Raises:
        CheckpointError: if it is damaged, compressed, claims more than it holds, or describes anything else.
    """
    try:
        _check_directory(source, name)
        with zipfile.ZipFile(source) as archive:
            description = _check_entries(archive, source.seek(0, os.SEEK_END), name)
            damaged = None if is_verified else archive.testzip()
            _check_description(archive.read(description), name)
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{name} is damaged ({first_sentence(error):.80}); use another copy of it") from error
    if damaged is not None:
        raise CheckpointError(f"{name} is damaged: the checksum of {damaged!r:.80} differs; use another copy of it")


def _check_directory(source: BinaryIO, name: str | Path) -> None:
    """Checks the number of entries before they are read, and that nothing lies between directory and end."""
    size = source.seek(0, os.SEEK_END)
    source.seek(max(size - (1 << 10), 0))
    tail = source.read()
    start = tail.rfind(_END)
    end = tail[start : start + _END_SIZE]
    if start < 0 or len(end) < _END_SIZE or len(tail) - start != _END_SIZE + int.from_bytes(end[20:22], "little"):
        raise CheckpointError(f"{name} is not a file of torch.save, or is truncated; use another copy of it")
    entries, length, offset = struct.unpack("<HII", end[10:20])
    position = size - len(tail) + start
    record = tail[max(start - _LOCATOR_64_SIZE - _END_64_SIZE, 0) : start]
    if record[:4] == _END_64 and record[_END_64_SIZE:][:4] == _LOCATOR_64:
        entries, length, offset = struct.unpack("<QQQ", record[32:56])
        position -= len(record)
    if entries > _MAX_ENTRIES or offset + length != position:
        raise CheckpointError(f"{name} is damaged or not a file of torch.save; use another copy of it")


def _check_entries(archive: zipfile.ZipFile, size: int, name: str | Path) -> str:
    """Checks the directory of an archive, and returns the name of the description."""
    entries = archive.infolist()
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise CheckpointError(
            f"{name} is a compressed archive, but torch.save writes uncompressed ones; use another copy of it"
        )
    if sum(entry.file_size for entry in entries) > size:
        raise CheckpointError(f"{name} claims to hold more data than its own size; use another copy of it")
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names) or len({entry.partition("/")[0] for entry in names}) != 1:
        raise CheckpointError(f"{name} is damaged or not a file of torch.save; use another copy of it")
    descriptions = [entry for entry in entries if entry.filename.partition("/")[2] == "data.pkl"]
    if len(descriptions) != 1:
        raise CheckpointError(f"{name} is not a file of torch.save; use another copy of it")
    if descriptions[0].file_size > _MAX_DESCRIPTION:
        raise CheckpointError(f"{name} was refused: it describes more values than any network has")
    return descriptions[0].filename


def _check_description(description: bytes, name: str | Path) -> None:
    """Checks the instructions of a pickle without following them."""
    remembered = 0
    for number, (opcode, argument, _) in enumerate(pickletools.genops(description)):
        if number == _MAX_INSTRUCTIONS:
            raise CheckpointError(f"{name} was refused: it describes more values than any network has")
        is_class = opcode.name == "GLOBAL"
        if opcode.name not in _OPCODES or (is_class and not _CLASSES.fullmatch(str(argument))):
            foreign = str(argument).replace(" ", ".") if is_class else f"a {opcode.name}"
            raise CheckpointError(
                f"{name} holds more than data and was not loaded ({foreign:.80}); "
                "use a file of plain values and tensors"
            )
        if opcode.name in ("BINPUT", "LONG_BINPUT"):
            if int(str(argument)) > remembered:
                raise CheckpointError(f"{name} is damaged; use another copy of it")
            remembered = max(remembered, int(str(argument)) + 1)
