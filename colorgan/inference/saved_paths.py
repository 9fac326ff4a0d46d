"""The paths in a checkpoint, which name other checkpoints that training may later delete."""

from pathlib import Path
from typing import Any

from colorgan.files import resolved

_PATH_ENDINGS = ("path", "dir", "folder", "file")
"""How the keys of paths end in the states of callbacks; only ``best_k_models`` has paths as keys."""


def confine_paths(state: dict[Any, Any], folder: Path) -> None:
    """Rewrites the paths in the states of callbacks so that they only name checkpoints in ``folder``.

    Lightning restores these paths and later deletes the files they name. A path is kept by its file name if ``folder``
    contains such a checkpoint, so that a run can be moved; all other paths are dropped.
    """
    for key, value in state.items():
        if key == "best_k_models":
            kept = {_confined(path, folder): score for path, score in value.items()}
            state[key] = {path: score for path, score in kept.items() if path}
        elif isinstance(value, dict):
            confine_paths(value, folder)
        elif key == "dirpath":
            state[key] = str(folder)
        elif str(key).endswith(_PATH_ENDINGS) and value is not None:
            state[key] = _confined(value, folder)
    if "best_k_models" in state and state.get("kth_best_model_path") not in state["best_k_models"]:
        # Lightning looks the one up in the other
        state["kth_best_model_path"] = next(iter(state["best_k_models"]), "")


def _confined(path: Any, folder: Path) -> str:
    try:
        sibling = folder / Path(path).name
        return str(sibling) if is_checkpoint_in(sibling, folder) else ""
    except (TypeError, ValueError, OSError):  # no path, or none that this system can have
        return ""


def is_checkpoint_in(path: Path, folder: Path) -> bool:
    """Whether ``path`` is a regular ``.ckpt`` file, not a link, directly in ``folder``."""
    regular = path.suffix == ".ckpt" and path.is_file() and not path.is_symlink()
    return regular and resolved(path).parent == folder
