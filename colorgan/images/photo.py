"""The photo that the reader returns, and the error for files it cannot read."""

import os
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from colorgan.errors import ColorganError

RGBArray: TypeAlias = npt.NDArray[np.uint8]
"""8-bit sRGB image of shape (H, W, 3)."""


class UnreadableImage(ColorganError):  # noqa: N818 (reads as a noun in `except UnreadableImage`)
    """The file cannot be read as a photo.

    Args:
        path: path of the file, as given by the caller.
        reason: short description of the problem. What differs between files with the same problem is in parentheses.

    Example:
        >>> print(UnreadableImage("holiday.jpg", "the file is empty"))
        cannot read holiday.jpg: the file is empty
    """

    def __init__(self, path: "str | os.PathLike[str]", reason: str) -> None:
        super().__init__(path, reason)
        self.path = os.fspath(path)
        self.reason = reason

    @property
    def problem(self) -> str:
        """The reason without its details: equal for all files with the same problem.

        >>> UnreadableImage("a.jpg", "the file is cut short (12 bytes missing)").problem
        'the file is cut short'
        """
        return problem_of(self.reason)

    def __str__(self) -> str:
        return f"cannot read {printable(self.path)}: {self.reason}"


def problem_of(reason: str) -> str:
    """A reason without its details; see :attr:`UnreadableImage.problem`."""
    return reason.partition(" (")[0].partition(";")[0]


@dataclass(frozen=True)
class Photo:
    """A decoded photo, with the metadata needed to write it back.

    Attributes:
        rgb: (H, W, 3) uint8 sRGB, upright, transparency composited on white.
        size: full (width, height), upright; larger than ``rgb`` if the photo was decoded at a reduced size.
        gray16: (H, W) uint16 for 16-bit grayscale photos (0 is black, 65535 is white), else None.
        exif: EXIF block for ``PIL.Image.save(exif=...)`` without the orientation tag, which has been applied; may be
            empty.
        xmp: XMP block for ``PIL.Image.save(xmp=...)``; may be empty.
        dpi: horizontal and vertical resolution in dots per inch, if known.
        profile: color profile of an RGB photo that is not in sRGB, such as Display P3 or Adobe RGB; may be empty.
        quality: quality of a JPEG file, from 1 to 100; None for other formats.
        changes: what had to be changed or ignored to read it, such as ``turned upright``; see
            :mod:`colorgan.images.changes`.
    """

    rgb: RGBArray
    size: tuple[int, int]
    gray16: npt.NDArray[np.uint16] | None = None
    exif: bytes = b""
    xmp: bytes = b""
    dpi: tuple[float, float] | None = None
    profile: bytes = b""
    quality: int | None = None
    changes: tuple[str, ...] = ()


def printable(path: "str | os.PathLike[str]") -> str:
    r"""Escapes control characters and undecodable bytes, so that the path is safe to print.

    >>> printable("a\nb.jpg")
    "'a\\nb.jpg'"
    """
    name = os.fspath(path)
    return name if name.isprintable() else ascii(name)
