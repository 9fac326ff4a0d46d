"""The reference photos of a report, brought to the size at which everything is measured."""

import functools
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.images.reading import RGBArray, UnreadableImage, list_photos, read_rgb
from colorgan.images.samples import SAMPLE_PHOTOS

_PARTS = ("test", "val")


@dataclass(frozen=True)
class Framing:
    """How a photo is brought to the size at which it is measured; by Pillow's bicubic filter, antialiased.

    Args:
        size: the shorter side of larger photos becomes this many pixels, smaller ones stay as they are; 0 keeps all.
        square: all photos become squares of ``size`` pixels, squeezed.

    Example:
        >>> Framing(256).shape(1024, 2048), Framing(256).shape(100, 300), Framing(256, square=True).shape(100, 300)
        ((256, 512), (100, 300), (256, 256))
    """

    size: int = 256
    square: bool = False

    def __post_init__(self) -> None:
        if self.size < 0 or (self.square and self.size == 0):
            raise ColorganError(f"a size is a number of pixels, or 0 to keep every photo's own; received {self.size}")

    def shape(self, height: int, width: int) -> tuple[int, int]:
        """Height and width of a photo after framing."""
        if self.square:
            return self.size, self.size
        shorter = min(height, width)
        if self.size == 0 or shorter <= self.size:
            return height, width
        scale = self.size / shorter
        return max(self.size, round(height * scale)), max(self.size, round(width * scale))

    def __call__(self, rgb: RGBArray) -> RGBArray:
        """Frames a photo (H, W, 3) uint8."""
        height, width = self.shape(*rgb.shape[:2])
        if (height, width) == rgb.shape[:2]:
            return rgb
        return np.asarray(Image.fromarray(rgb).resize((width, height), Image.Resampling.BICUBIC))

    def __str__(self) -> str:
        if self.square:
            return f"squeezed to {self.size} x {self.size} (bicubic, antialiased)"
        if not self.size:
            return "every photo at its own size"
        return f"shorter side at most {self.size} (bicubic, antialiased), proportions kept"


class ReferencePhotos:
    """The reference photos, in the order of their names.

    Args:
        root: a folder of photos, or one with a sub-folder ``test`` or ``val``, which is then used; ``sample`` stands
            for the photos that come with colorgan.
        framing: the size at which they are measured.
        limit: the first so many in the order of their names; ``None`` takes all.

    Attributes:
        folder: the folder that is used.
        names: paths below it, with forward slashes.
        all_names: the same without the limit.

    Raises:
        ColorganError: for a folder that is missing or empty, fewer than 2 photos, or unreadable files, which are named.
    """

    def __init__(self, root: str | Path, framing: Framing | None = None, limit: int | None = None) -> None:
        top = data_folder(root)
        parts = [top / part for part in _PARTS if (top / part).is_dir()]
        self.root, self.folder = top, parts[0] if parts else top
        self.framing = framing if framing is not None else Framing()
        self.files = listed(self.folder)
        self.all_names = [file.relative_to(self.folder).as_posix() for file in self.files]
        if limit is not None:
            if limit < 2:
                raise ColorganError(f"a report compares at least 2 photos; received a limit of {limit}")
            self.files = self.files[:limit]
        if len(self.files) < 2:
            raise ColorganError(f"{self.folder} holds {len(self.files)} photo; a report needs at least 2")
        self.names = self.all_names[: len(self.files)]

    def __len__(self) -> int:
        return len(self.files)

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 of the names and contents of all files: two reports with the same digest saw the same reference."""
        whole = hashlib.sha256()
        for name, file in zip(self.names, self.files, strict=True):
            try:
                content = hashlib.sha256(file.read_bytes()).hexdigest()
            except OSError as error:
                raise ColorganError(f"cannot read {file}: {error.strerror or error}") from error
            whole.update(f"{content}  {name}\n".encode())
        return whole.hexdigest()

    def load(self, index: int) -> "Framed":
        """One photo."""
        return framed(self.files[index], self.framing)

    def batches(self, largest: int) -> Iterator[tuple[list[int], list["Framed"]]]:
        """All photos in order, in runs of the same shape: their indices, and themselves."""
        indices: list[int] = []
        photos: list[Framed] = []
        for index in range(len(self)):
            photo = self.load(index)
            if photos and (len(photos) == largest or photo.rgb.shape != photos[0].rgb.shape):
                yield indices, photos
                indices, photos = [], []
            indices.append(index)
            photos.append(photo)
        yield indices, photos


@dataclass(frozen=True)
class Framed:
    """A photo at the size at which it is measured.

    Args:
        rgb: uint8 (3, H, W).
        original: height and width in its file.
    """

    rgb: Tensor
    original: tuple[int, int]


def framed(file: Path, framing: Framing) -> Framed:
    """Reads and frames a photo.

    Raises:
        ColorganError: if it cannot be read.
    """
    try:
        rgb = read_rgb(file)
    except UnreadableImage as error:
        raise ColorganError(f"{error}; replace the file or take it out") from error
    return Framed(as_tensor(framing(rgb)), (rgb.shape[0], rgb.shape[1]))


def as_tensor(rgb: RGBArray) -> Tensor:
    """(H, W, 3) to (3, H, W)."""
    return torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)))


def as_array(rgb: Tensor) -> RGBArray:
    """(3, H, W) to (H, W, 3)."""
    array: RGBArray = rgb.permute(1, 2, 0).contiguous().cpu().numpy()
    return array


def data_folder(root: str | Path) -> Path:
    """A folder as given, or that of the sample photos for ``sample``."""
    if str(root) == "sample" and not Path(root).exists():
        return SAMPLE_PHOTOS
    return Path(root).expanduser()


def listed(folder: Path) -> Sequence[Path]:
    """The photos in a folder, in the order of their names.

    Raises:
        ColorganError: if the folder is missing or holds none.
    """
    try:
        return list_photos(folder)
    except (ValueError, FileNotFoundError) as error:
        raise ColorganError(f"{error}; give a folder that holds photos") from error
