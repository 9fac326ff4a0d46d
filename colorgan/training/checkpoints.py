"""Writing and removing checkpoints."""

import warnings
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from colorgan.errors import CheckpointError, first_sentence
from colorgan.files import atomic_write, digest_file
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
        self._folders.add(file.resolve().parent)
        try:
            with atomic_write(file) as temporary:
                torch.save(checkpoint, temporary)
                sha = seal(temporary)
                # a crash between the two files must not leave the hash of the old file beside the new one
                digest_file(file).unlink(missing_ok=True)
            with atomic_write(digest_file(file)) as temporary:
                temporary.write_text(f"{sha}  {file.name}\n", encoding="ascii")
        except (OSError, RuntimeError, ValueError) as error:
            raise CheckpointError(
                f"cannot write the checkpoint {file} ({first_sentence(error)}); the previous one is untouched: "
                "free some space or choose another folder with --runs"
            ) from error

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
