"""The one way in and out of checkpoint files.

A checkpoint may come from a stranger. It is read as data (``weights_only=True``) and its bounds are checked before
anything is built from it; which classes it may name is checked by :mod:`colorgan.models.config`. It is written so that neither
a crash nor a full disk destroys the one before.
"""

import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO
from torch import Tensor

from colorgan.errors import CheckpointError
from colorgan.files import replaced
from colorgan.inference.integrity import check_finite, check_numbers, check_state, digest, first_sentence

__all__ = ["CheckpointFiles", "check_numbers", "check_state", "digest", "hyper_parameters", "read"]


def read(path: str | Path) -> dict[str, Any]:
    """Reads a training checkpoint and checks everything that can be checked before building from it.

    Args:
        path: a local file; addresses are refused.

    Returns:
        The checkpoint as plain data and tensors on the CPU.

    Raises:
        CheckpointError: in one sentence, for a file that is missing, damaged or not one of ours.
    """
    file = _existing_file(path)
    _check_digest(file)
    _check_archive(file)
    try:
        checkpoint = torch.load(file, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{file} holds more than data and was not loaded ({first_sentence(error)}); "
            "only checkpoints that load with weights_only=True are accepted"
        ) from error
    except (RuntimeError, EOFError, OSError, KeyError, ValueError) as error:
        raise CheckpointError(f"{file} is damaged: {first_sentence(error)}; use another copy of it") from error
    if not isinstance(checkpoint, dict) or not {"state_dict", "hyper_parameters"} <= checkpoint.keys():
        raise CheckpointError(
            f"{file} is not a colorgan checkpoint: it lacks state_dict and hyper_parameters; "
            "give a .ckpt file that `train.py fit` wrote"
        )
    _check_tensors(checkpoint, file)
    check_finite(checkpoint["state_dict"], file)
    check_numbers(checkpoint["hyper_parameters"], file)
    _keep_paths_inside(checkpoint.get("callbacks", {}), file)
    return checkpoint


def hyper_parameters(checkpoint: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the model in a checkpoint, without what Lightning adds to them."""
    return {name: value for name, value in checkpoint["hyper_parameters"].items() if not name.startswith("_")}


def _existing_file(path: str | Path) -> Path:
    if "://" in str(path):
        raise CheckpointError(f"{path} is an address; download the file yourself and give its local path")
    file = Path(path)
    if not file.exists():
        beside = sorted(file.parent.glob("*.ckpt")) if file.parent.is_dir() else []
        found = f"; {file.parent} holds {', '.join(other.name for other in beside[:5])}" if beside else ""
        raise CheckpointError(f"there is no checkpoint {file}{found}")
    if not file.is_file():
        raise CheckpointError(f"{file} is not a file; give the path of a .ckpt file")
    return file


def _digest_file(file: Path) -> Path:
    return file.with_name(file.name + ".sha256")


def _check_digest(file: Path) -> None:
    sidecar = _digest_file(file)
    if not sidecar.is_file():
        return
    expected = sidecar.read_text(encoding="ascii", errors="replace").split(" ")[0].strip()
    if digest(file) != expected:
        raise CheckpointError(
            f"{file} is damaged: its SHA-256 is not the one in {sidecar.name}; use another copy "
            f"(or delete {sidecar.name} if you changed the file on purpose)"
        )


def _check_archive(file: Path) -> None:
    """A checkpoint is an uncompressed zip archive; a compressed one can grow a thousandfold when it is read."""
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise CheckpointError(
            f"{file} is not a checkpoint or is cut short ({first_sentence(error)}); give a .ckpt file that `fit` wrote"
        ) from error
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise CheckpointError(f"{file} is a compressed archive, which no checkpoint is; refused")
    if sum(entry.file_size for entry in entries) > file.stat().st_size:
        raise CheckpointError(f"{file} claims to hold more than its own size; refused")


def _check_tensors(checkpoint: Mapping[str, Any], file: Path) -> None:
    state = checkpoint["state_dict"]
    if not isinstance(state, dict) or not isinstance(checkpoint["hyper_parameters"], dict):
        raise CheckpointError(f"{file} is not a colorgan checkpoint: state_dict and hyper_parameters must be mappings")
    for name, tensor in state.items():
        if not isinstance(tensor, Tensor) or tensor.layout != torch.strided:
            raise CheckpointError(f"{file} is not a colorgan checkpoint: {name} is not a tensor")
        if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
            raise CheckpointError(f"{file} claims {tensor.numel()} values for {name} but holds fewer; refused")


_PATHS = ("best_model_path", "kth_best_model_path", "last_model_path")


def _keep_paths_inside(callbacks: Any, file: Path) -> None:
    """Rewrites the paths that ``ModelCheckpoint`` keeps, so that they name only checkpoints beside this one.

    Lightning restores these paths and later removes what they name. A path is kept by its file name if there is such a
    checkpoint in the folder of ``file`` (a run that was moved finds its files again); all others are dropped.
    """
    if not isinstance(callbacks, dict) or not all(isinstance(state, dict) for state in callbacks.values()):
        raise CheckpointError(f"{file} is not a colorgan checkpoint: callbacks must be a mapping of mappings")
    folder = file.resolve().parent

    def inside(path: Any) -> str:
        beside = folder / Path(path).name if isinstance(path, str) and "\0" not in path else folder
        return str(beside) if _is_checkpoint_in(beside, folder) else ""

    for state in callbacks.values():
        for key in state.keys() & set(_PATHS):
            state[key] = inside(state[key])
        if "dirpath" in state:
            state["dirpath"] = str(folder)
        if "best_k_models" in state:
            ranked = state["best_k_models"]
            if not isinstance(ranked, dict):
                raise CheckpointError(f"{file} is not a colorgan checkpoint: best_k_models must be a mapping")
            state["best_k_models"] = {inside(path): score for path, score in ranked.items() if inside(path)}


def _is_checkpoint_in(path: Path, folder: Path) -> bool:
    """Whether ``path`` is a regular ``.ckpt`` file (no link) that lies in ``folder`` itself."""
    regular = path.suffix == ".ckpt" and path.is_file() and not path.is_symlink()
    return regular and path.resolve().parent == folder


class CheckpointFiles(TorchCheckpointIO):
    """Lightning's file plugin: atomic saves with a hash beside each file, and reads through :func:`read`.

    It removes nothing but regular ``.ckpt`` files in folders that it has saved to itself. The paths to remove come from
    Lightning, which may have them from a checkpoint, which may come from a stranger.
    """

    def __init__(self) -> None:
        super().__init__()
        self._folders: set[Path] = set()

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any | None = None) -> None:
        """Writes ``checkpoint`` to ``path``; the file that was there stays whole until the new one is on the disk."""
        file = Path(path)
        self._folders.add(file.resolve().parent)
        try:
            with replaced(file) as temporary:
                torch.save(checkpoint, temporary)
                sha = digest(temporary)
                # a crash between the two files must not leave the hash of the old file beside the new one
                _digest_file(file).unlink(missing_ok=True)
            with replaced(_digest_file(file)) as temporary:
                temporary.write_text(f"{sha}  {file.name}\n", encoding="ascii")
        except (OSError, RuntimeError) as error:
            raise CheckpointError(
                f"cannot write the checkpoint {file} ({first_sentence(error)}); the one before it is untouched: "
                "free some space or choose another folder with --runs"
            ) from error

    def load_checkpoint(
        self, path: str | Path, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        """Reads a checkpoint as data, always with ``weights_only=True``."""
        return read(path)

    def remove_checkpoint(self, path: str | Path) -> None:
        """Removes a checkpoint of this run and the hash beside it; warns of any other path and leaves it alone."""
        file = Path(path)
        if not any(_is_checkpoint_in(file, folder) for folder in self._folders):
            warnings.warn(f"{file} is no checkpoint that this run has written, and was not removed", stacklevel=2)
            return
        file.unlink()
        _digest_file(file).unlink(missing_ok=True)
