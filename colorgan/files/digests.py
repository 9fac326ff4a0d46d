"""SHA-256 digests of files: in a file beside them, or as a seal at their end."""

import hashlib
import os
import re
from pathlib import Path

from colorgan.errors import CheckpointError
from colorgan.files.regular import open_checkpoint, open_regular

SEAL = b"colorgan-sha256"
"""Two bytes of the file's format and a SHA-256 follow this mark at the end of a sealed file; see :func:`seal_of`."""

_READ_SIZE = 1 << 20
_HEX_LENGTH = 64
_SEAL_LENGTH = len(SEAL) + 2 + _HEX_LENGTH
_MAX_DIGEST_FILE = 4096


def digest(file: str | Path) -> str:
    """Computes the SHA-256 of a file, in hexadecimal."""
    sha = hashlib.sha256()
    with open_regular(file) as stream:
        while block := stream.read(_READ_SIZE):
            sha.update(block)
    return sha.hexdigest()


def digest_file(file: Path) -> Path:
    """The path of the file with the SHA-256 of ``file``, in the format of ``sha256sum``."""
    return file.with_name(file.name + ".sha256")


def seal_of(content: bytes | memoryview) -> str | None:
    """The SHA-256 at the end of a sealed file, which is that of everything before it; ``None`` if there is none.

    Args:
        content: the file, or at least its last 81 bytes.

    Example:
        >>> seal_of(b"weights" + SEAL + b": " + b"a1" * 32) == "a1" * 32, seal_of(b"weights")
        (True, None)
    """
    end = bytes(content[-_SEAL_LENGTH:])
    sealed = re.fullmatch(re.escape(SEAL) + rb"..([0-9a-f]{64})", end, re.DOTALL)
    return sealed[1].decode() if sealed else None


def seal_digest(content: bytes | memoryview) -> str:
    """The SHA-256 that :func:`seal_of` must be: that of everything before it."""
    return hashlib.sha256(memoryview(content)[:-_HEX_LENGTH]).hexdigest()


def check_digest(file: Path) -> bool:
    """Compares a file with its digest file and with the digest at its own end, where they exist.

    Returns:
        Whether there was one of them.

    Raises:
        CheckpointError: if a digest differs, or the digest file is none.
    """
    sidecar = digest_file(file)
    has_sidecar = sidecar.is_file()
    if has_sidecar and sidecar.stat().st_size > _MAX_DIGEST_FILE:
        raise CheckpointError(f"{sidecar} is too large for a SHA-256; write it again with sha256sum, or delete it")
    with open_checkpoint(file) as stream:
        size = os.fstat(stream.fileno()).st_size
        stream.seek(max(size - _SEAL_LENGTH, 0))
        seal = seal_of(stream.read(_SEAL_LENGTH))
        if not (has_sidecar or seal):
            return False
        stream.seek(0)
        sha, remaining = hashlib.sha256(), size - (_HEX_LENGTH if seal else 0)
        while block := stream.read(min(_READ_SIZE, remaining)):
            sha.update(block)
            remaining -= len(block)
        is_whole = seal is None or sha.hexdigest() == seal
        sha.update(stream.read())
    if has_sidecar:
        expected = sidecar.read_text(encoding="ascii", errors="replace").split(" ")[0].strip()
        if sha.hexdigest() != expected:
            raise CheckpointError(
                f"{file} is damaged: its SHA-256 differs from that in {sidecar.name}; use another copy "
                f"(or delete {sidecar.name} if you changed the file on purpose)"
            )
    elif not is_whole:
        raise CheckpointError(f"{file} is damaged: its SHA-256 differs from that at its end; use another copy")
    return True
