"""Features of the baselines on disk, so that only the first evaluation on the same photos extracts them."""

import hashlib
import zipfile
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from torch import Tensor

from colorgan.evaluation.report.photos import ReferencePhotos, to_array
from colorgan.evaluation.report.systems import System
from colorgan.files import atomic_write, default_cache_dir
from colorgan.metrics.features import FeatureExtractor

Features = npt.NDArray[np.float32]

_DIGEST_SIZE = 16


class FeatureCache:
    """Extracts the features of a system's images, or takes them from disk.

    Only those of baselines are kept: the reference and constant colors, which every evaluation measures again. A file
    in ``features/`` of :func:`~colorgan.files.default_cache_dir` holds one vector per photo (5 to 8 kB) and the digest
    of the image that it belongs to. A vector is used only for an image with the same pixels, so whatever else changes
    the images, such as another version of a library, is noticed. Missing and damaged files are written again.

    Nothing is cached if the weights of the extractor have no digest, because they could change unnoticed.

    Args:
        photos: the reference photos.
        system: the system.
        extractor: the extractor.
    """

    def __init__(self, photos: ReferencePhotos, system: System, extractor: FeatureExtractor) -> None:
        self._extractor = extractor
        self._file = None
        self._features: Features | None = None
        self._is_complete = False
        if system.kind != "baseline" or extractor.sha256 is None:
            return
        of_photos = (system.name, system.detail, photos.digest, photos.resize)
        identity = (*of_photos, extractor.name, extractor.layer, extractor.sha256, extractor.device.type)
        key = hashlib.sha256(repr(identity).encode()).hexdigest()
        self._file = default_cache_dir() / "features" / f"{key[:32]}.npz"
        self._digests = np.zeros((len(photos), _DIGEST_SIZE), np.uint8)
        try:
            with np.load(self._file, allow_pickle=False) as content:
                features, digests = content["features"], content["digests"]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return
        fits = features.ndim == 2 and len(features) == len(photos) and digests.shape == self._digests.shape
        if fits and features.dtype == np.float32 and digests.dtype == np.uint8:
            self._features, self._digests, self._is_complete = features, digests, True

    def extract(self, indices: Sequence[int], images: Tensor) -> Features:
        """The features of some images.

        Args:
            indices: positions of their photos in the reference.
            images: uint8 (B, 3, H, W).

        Returns:
            (B, D).
        """
        rows = list(indices)
        if self._file is None:
            return self._extract(images)
        digests = np.stack([_digest(image) for image in images])
        if self._features is not None and np.array_equal(self._digests[rows], digests):
            return self._features[rows]
        self._is_complete = False
        self._digests[rows] = digests
        return self._extract(images)

    def save(self, features: Features) -> None:
        """Writes the features of all photos, unless all of them came from disk."""
        if self._file is None or self._is_complete:
            return
        try:
            with atomic_write(self._file) as temporary, temporary.open("wb") as stream:
                np.savez(stream, features=features, digests=self._digests)
        except OSError:
            return  # the cache only saves time

    def _extract(self, images: Tensor) -> Features:
        features: Features = self._extractor(images).numpy()
        return features


def _digest(image: Tensor) -> npt.NDArray[np.uint8]:
    pixels = to_array(image)
    shape = repr(pixels.shape).encode()
    return np.frombuffer(hashlib.sha256(shape + pixels.tobytes()).digest()[:_DIGEST_SIZE], np.uint8)
