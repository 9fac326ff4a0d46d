"""Measurements of the baselines on disk, so that only the first evaluation on the same photos makes them."""

import functools
import hashlib
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

import colorgan
from colorgan.evaluation.report.photos import ReferencePhotos
from colorgan.evaluation.report.systems import System
from colorgan.files import atomic_write, default_cache_dir

Arrays: TypeAlias = dict[str, npt.NDArray[Any]]

_PACKAGES = (
    "kornia",
    "numpy",
    "opencv-python-headless",
    "pillow",
    "timm",
    "torch",
    "torch-fidelity",
    "torchmetrics",
    "torchvision",
)


class MeasurementCache:
    """Keeps what was measured on the images of a system that follow from the reference photos alone.

    These are the baselines: the reference and constant colors, which every evaluation compares. A file in
    ``evaluation/`` of :func:`~colorgan.files.default_cache_dir` holds the arrays of one kind of measurement. Its name
    is a digest of everything that they depend on: the content of the photos, their size, the system, colorgan's own
    code, and the versions of the libraries. Missing and damaged files are written again.

    Args:
        photos: the reference photos.
        system: the system; nothing is kept without its ``identity``.
    """

    def __init__(self, photos: ReferencePhotos, system: System) -> None:
        self._identity = None
        if system.identity is not None:
            self._identity = system.identity, photos.digest, photos.resize, _code_digest()

    def load(self, *settings: object) -> Arrays | None:
        """The arrays that were saved with these settings, if there are any.

        Args:
            settings: what else the measurement depends on; if one of them is ``None``, it is unknown, and there are
                none.
        """
        file = self._file(settings)
        if file is None:
            return None
        try:
            with np.load(file, allow_pickle=False) as content:
                return dict(content)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    def save(self, arrays: Mapping[str, npt.NDArray[Any]], *settings: object) -> None:
        """Saves the arrays of a measurement, under the same conditions as :meth:`load`."""
        file = self._file(settings)
        if file is None:
            return
        named: dict[str, Any] = dict(arrays)
        try:
            with atomic_write(file) as temporary, temporary.open("wb") as stream:
                np.savez(stream, **named)
        except OSError:
            return  # the cache only saves time

    def _file(self, settings: tuple[object, ...]) -> Path | None:
        if self._identity is None or None in settings:
            return None
        key = hashlib.sha256(repr((self._identity, settings)).encode()).hexdigest()
        return default_cache_dir() / "evaluation" / f"{key[:32]}.npz"


@functools.cache
def _code_digest() -> str:
    """Digest of colorgan's code and the versions of the libraries that compute images, features and metrics."""
    combined = hashlib.sha256(repr([(package, version(package)) for package in _PACKAGES]).encode())
    for file in sorted(Path(colorgan.__file__).parent.rglob("*.py")):
        combined.update(file.read_bytes())
    return combined.hexdigest()
