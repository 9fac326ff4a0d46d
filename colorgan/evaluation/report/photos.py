"""The reference photos of a report, resized to the size at which everything is measured."""

import functools
import hashlib
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from colorgan.errors import ColorganError, plural
from colorgan.files import digest
from colorgan.images import SAMPLE_PHOTOS, RGBArray, UnreadableImage, find_photos, printable, read_rgb, read_size
from colorgan.inference.batch.targets import choose_targets

OUTPUT_SUFFIXES = (".png", ".json")
"""Suffixes of the files that a report contains for each photo."""

_SUBFOLDERS = ("test", "val")
_NUM_READERS = 2


@dataclass(frozen=True)
class Resize:
    """Resizes photos to the measured size with Pillow's antialiased bicubic filter.

    Args:
        size: length of the shorter side in pixels; smaller photos are not enlarged. 0 keeps the size of every photo.
        square: resizes all photos to squares of ``size`` pixels, without keeping their proportions.

    Raises:
        ColorganError: if the size is negative, or 0 for squares.

    Example:
        >>> Resize(256).shape(1024, 2048), Resize(256).shape(100, 300), Resize(256, square=True).shape(100, 300)
        ((256, 512), (100, 300), (256, 256))
    """

    size: int = 256
    square: bool = False

    def __post_init__(self) -> None:
        if self.size < 0 or (self.square and self.size == 0):
            raise ColorganError(
                f"the size must be a number of pixels, or 0 to keep the size of every photo; received {self.size}"
            )

    def shape(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of a photo after resizing."""
        if self.square:
            return self.size, self.size
        shorter = min(height, width)
        if self.size == 0 or shorter <= self.size:
            return height, width
        scale = self.size / shorter
        return max(self.size, round(height * scale)), max(self.size, round(width * scale))

    def __call__(self, rgb: RGBArray) -> RGBArray:
        """Resizes a photo (H, W, 3) uint8."""
        height, width = self.shape(*rgb.shape[:2])
        if (height, width) == rgb.shape[:2]:
            return rgb
        return np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.BICUBIC))

    def __str__(self) -> str:
        if self.square:
            return f"resized to {self.size} x {self.size} (bicubic, antialiased)"
        if not self.size:
            return "original sizes"
        return f"shorter side at most {self.size} (bicubic, antialiased), proportions kept"


@dataclass(frozen=True)
class Photo:
    """A photo at the measured size.

    Attributes:
        rgb: uint8 (3, H, W).
        original_size: height and width of its file.
    """

    rgb: Tensor
    original_size: tuple[int, int]


class ReferencePhotos:
    """The reference photos, in the order of their names.

    Args:
        root: a folder of photos. If it has a subfolder ``test`` or ``val``, that one is used. ``sample`` stands for the
            sample photos of colorgan.
        resize: the size at which photos are measured.
        limit: uses only the first photos in the order of their names.

    Attributes:
        root: the folder that was given.
        folder: the folder that is used.
        files: the files of the photos.
        names: their paths relative to ``folder``, with forward slashes; bytes that are no UTF-8 are escaped.
        all_names: the same without the limit, and not escaped.
        resize: as given.

    Raises:
        ColorganError: if the folder is missing or has fewer than 2 photos, or naming all files that are no photos.
            Damage within their pixels is only found, and all damaged files named, when one of them is loaded.
    """

    def __init__(self, root: str | Path, resize: Resize | None = None, limit: int | None = None) -> None:
        self.root = resolve_folder(root)
        subfolders = [self.root / name for name in _SUBFOLDERS if (self.root / name).is_dir()]
        self.folder = subfolders[0] if subfolders else self.root
        self.resize = resize if resize is not None else Resize()
        self.files = list_files(self.folder)
        self.all_names = [file.relative_to(self.folder).as_posix() for file in self.files]
        if limit is not None:
            if limit < 2:
                raise ColorganError(f"the limit must be at least 2 photos; received {limit}")
            self.files = self.files[:limit]
        if len(self.files) < 2:
            raise ColorganError(f"{self.folder} has {len(self.files)} photo; a report needs at least 2")
        self.names = [name.encode(errors="backslashreplace").decode() for name in self.all_names[: len(self.files)]]
        check_headers(self.files)

    def __len__(self) -> int:
        return len(self.files)

    def output_name(self, index: int, suffix: str = ".png") -> Path:
        """The relative path of what is written for a photo; no two photos share one.

        See :func:`~colorgan.inference.batch.targets.choose_targets`.
        """
        return Path(self._output_names[index].with_suffix(suffix))

    @functools.cached_property
    def _output_names(self) -> list[PurePath]:
        return choose_targets([PurePath(name) for name in self.all_names[: len(self)]], max(OUTPUT_SUFFIXES, key=len))

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of the names and contents of all files: reports with equal digests used the same reference photos."""
        combined = hashlib.sha256()
        for name, file in zip(self.names, self.files, strict=True):
            try:
                content = digest(file)
            except OSError as error:
                raise ColorganError(f"cannot read {printable(file)}: {error.strerror or error}") from error
            combined.update(f"{content}  {name}\n".encode())
        return combined.hexdigest()

    def load(self, index: int) -> Photo:
        """Loads one photo.

        Raises:
            UnreadableImage: if it cannot be read.
        """
        return load_photo(self.files[index], self.resize)

    def batches(self, max_size: int) -> Iterator[tuple[list[int], list[Photo]]]:
        """Loads all photos in order, in batches of consecutive photos that have the same shape.

        Args:
            max_size: photos in a batch, at most.

        Yields:
            The indices and the photos of a batch.

        Raises:
            ColorganError: if photos cannot be read; all of them are named.
        """
        indices: list[int] = []
        photos: list[Photo] = []
        for index, photo in enumerate(self._load_ahead(max_size)):
            if photos and (len(photos) == max_size or photo.rgb.shape != photos[0].rgb.shape):
                yield indices, photos
                indices, photos = [], []
            indices.append(index)
            photos.append(photo)
        yield indices, photos

    def _load_ahead(self, count: int) -> Iterator[Photo]:
        """Loads all photos in order; threads load the next ``count`` while the caller is busy."""
        with ThreadPoolExecutor(_NUM_READERS) as pool:
            loading: deque[Future[Photo]] = deque()
            try:
                for index in range(len(self)):
                    loading.append(pool.submit(self.load, index))
                    if len(loading) > count:
                        yield loading.popleft().result()
                while loading:
                    yield loading.popleft().result()
            except UnreadableImage as error:
                raise unreadable_files(self.files) from error
            finally:
                for future in loading:
                    future.cancel()


def load_photo(file: Path, resize: Resize) -> Photo:
    """Reads and resizes a photo.

    Raises:
        UnreadableImage: if the file cannot be read.
    """
    rgb = read_rgb(file)
    return Photo(to_tensor(resize(rgb)), (rgb.shape[0], rgb.shape[1]))


def check_headers(files: Sequence[Path]) -> None:
    """Checks that files are photos, without decoding them.

    Raises:
        ColorganError: naming all files that are not.
    """
    failures = [error for file in files if (error := _error_of(read_size, file)) is not None]
    if failures:
        raise _unreadable(failures, len(files))


def unreadable_files(files: Sequence[Path]) -> ColorganError:
    """Decodes all files, after one was found to be damaged, and returns the error that names all damaged ones."""
    with ThreadPoolExecutor(_NUM_READERS) as pool:
        errors = pool.map(functools.partial(_error_of, read_rgb), files)
        return _unreadable([error for error in errors if error is not None], len(files))


def _error_of(read: Callable[[Path], object], file: Path) -> UnreadableImage | None:
    try:
        read(file)
    except UnreadableImage as error:
        return error
    return None


def _unreadable(failures: Sequence[UnreadableImage], total: int) -> ColorganError:
    listed = "".join(f"\n  {failure}" for failure in failures)
    return ColorganError(f"{len(failures):,} of {plural(total, 'photo')} cannot be read; replace or remove:{listed}")


def to_tensor(rgb: RGBArray) -> Tensor:
    """Converts (H, W, 3) to (3, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)))


def to_array(rgb: Tensor) -> RGBArray:
    """Converts (3, H, W) to (H, W, 3)."""
    array: RGBArray = rgb.permute(1, 2, 0).contiguous().cpu().numpy()
    return array


def resolve_folder(root: str | Path) -> Path:
    """The folder as given, or that of the sample photos for ``sample``."""
    if str(root) == "sample" and not Path(root).exists():
        return SAMPLE_PHOTOS
    return Path(root).expanduser()


def list_files(folder: Path) -> Sequence[Path]:
    """Lists the photos in a folder in the order of their names.

    Raises:
        ColorganError: if the folder is missing or has no photos, or a folder in it cannot be opened.
    """
    try:
        listing = find_photos(folder)
    except ColorganError as error:
        raise ColorganError(f"{error}; give a folder of photos") from error
    if listing.unopened:
        listed = "".join(f"\n  {failure}" for failure in listing.unopened)
        raise ColorganError(f"folders in {printable(folder)} cannot be opened; allow it, or remove them:{listed}")
    for image in listing.unsupported:
        print(f"note: left out {printable(image.path)}: {image.reason}", file=sys.stderr)  # noqa: T201
    return listing.photos
