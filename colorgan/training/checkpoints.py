"""Writing and removing checkpoints."""

import contextlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from colorgan.errors import CheckpointError, first_sentence, os_reason
from colorgan.files import atomic_write, digest_file, resolved
from colorgan.inference.checkpoint import read
from colorgan.inference.saved_paths import is_checkpoint_in
from colorgan.models.archives import seal


class CheckpointFiles(TorchCheckpointIO):
    """Lightning's checkpoint plugin: saves are atomic, sealed and come with a SHA-256, reads go through :func:`read`.

    Only regular ``.ckpt`` files in folders that this instance has saved to are removed. Lightning passes paths that may
    come from a checkpoint, and a checkpoint may come from a stranger.
    """

    def __init__(self) -> None:
        super().__init__()
        self._folders: set[Path] = set()

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None) -> None:
        """Writes ``checkpoint`` to ``path``; an existing file stays intact until the new one is on the disk."""
        file = Path(path)
        self._folders.add(resolved(file).parent)
        stream = _CheckpointStream()
        try:
            with atomic_write(file) as temporary:
                with stream.open(temporary):
                    torch.save(checkpoint, cast("IO[bytes]", stream))
                sha = seal(temporary)
                # a crash between the two files must not leave the hash of the old file beside the new one
                digest_file(file).unlink(missing_ok=True)
        except (OSError, RuntimeError, ValueError) as error:
            state = "the previous one is untouched" if file.is_file() else "there is no earlier one"
            raise _write_error(file, stream.error or error, state) from error
        try:
            with atomic_write(digest_file(file)) as temporary:
                temporary.write_text(f"{sha}  {file.name}\n", encoding="ascii")
        except OSError as error:
            raise _write_error(digest_file(file), error, "the checkpoint itself is complete") from error

    def load_checkpoint(
        self, path: str | Path, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Reads a checkpoint as data, always with ``weights_only=True``."""
        return read(path)

    def remove_checkpoint(self, path: str | Path) -> None:
        """Removes a checkpoint of this run with its digest; any other path is left alone, with a warning."""
        file = Path(path)
        if not any(is_checkpoint_in(file, folder) for folder in self._folders):
            warnings.warn(f"{file} is not a checkpoint that this run has written, and was not removed", stacklevel=2)
            return
        file.unlink()
        digest_file(file).unlink(missing_ok=True)


def _write_error(file: Path, error: OSError | RuntimeError | ValueError, state: str) -> CheckpointError:
    reason = os_reason(error) if isinstance(error, OSError) else first_sentence(error)
    return CheckpointError(
        f"cannot write the checkpoint {file} ({reason}); {state}: free some space or choose another folder with --runs"
    )


class _CheckpointStream(io.RawIOBase):
    """A file for :func:`torch.save`, which turns errors of the operating system into its own without their reason.

    Attributes:
        error: the first error that occurred.
    """

    def __init__(self) -> None:
        super().__init__()
        self.error: OSError | None = None
        self._file: BinaryIO | None = None

    @contextlib.contextmanager
    def open(self, path: Path) -> Iterator[None]:
        """Writes to a file within the block."""
        with path.open("wb") as self._file:
            yield

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        assert self._file is not None
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = self.error or error
            raise

    def flush(self) -> None:
        if self._file is not None and not self._file.closed:
            self._file.flush()
