"""What a run was made from: the version of the code, and the photos."""

import subprocess
from pathlib import Path
from typing import Any

from lightning.pytorch import LightningDataModule

import colorgan
from colorgan.data import Photos

_PACKAGE = Path(colorgan.__file__).parent
_GIT_TIMEOUT = 10.0
"""Seconds; a repository on a slow disk is not worth waiting for."""


def provenance(data: LightningDataModule | None) -> dict[str, Any]:
    """Describes code and photos, for the configuration of a run in a logger.

    Args:
        data: the data module, set up; the photos of one that is not :class:`~colorgan.data.Photos` are not described.

    Returns:
        Plain data: ``code``, as returned by :func:`code_version`, and ``photos``, the number and the digest of the
        photos of each split.
    """
    splits = data.splits if isinstance(data, Photos) else {}
    photos = {name: {"count": len(split), "blake2": split.digest} for name, split in splits.items() if len(split)}
    return {"code": code_version(), "photos": photos}


def code_version() -> dict[str, Any]:
    """The version of the package and, in a clone of its repository, the commit, and whether files differ from it."""
    found: dict[str, Any] = {"colorgan": colorgan.__version__}
    # an installed package may lie within a repository that has nothing to do with it
    if _git("ls-files", "--error-unmatch", "__init__.py") is not None:
        found["commit"] = _git("rev-parse", "HEAD")
        found["modified"] = bool(_git("status", "--porcelain", "--untracked-files=no", "--", "."))
    return found


def _git(*arguments: str) -> str | None:
    command = ["git", "-C", str(_PACKAGE), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_GIT_TIMEOUT)  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
