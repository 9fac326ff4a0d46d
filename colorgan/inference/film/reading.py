"""Reads the pictures of a film from an untrusted file."""

import contextlib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from colorgan.errors import ColorganError, os_reason
from colorgan.files import open_regular
from colorgan.images import MAX_PIXELS, UnreadableImage

if TYPE_CHECKING:
    import av

_FORMATS = "mov,mp4,3gp,matroska,webm,avi,mpeg,mpegts,asf"
"""FFmpeg's readers of films. Others, such as playlists, would open the files and addresses that they name."""
_DEFAULT_RATE = Fraction(25)


@dataclass(frozen=True)
class Picture:
    """A picture of a film.

    Attributes:
        index: its number, from 0.
        time: when it is shown, in units of the film's time base.
        rgb: the picture, upright, (H, W, 3).
    """

    index: int
    time: int
    rgb: npt.NDArray[np.uint8]


class Film:
    """An open film.

    Args:
        path: the file, for messages.
        container: what PyAV has opened.

    Attributes:
        container: the same.
        time_base: the unit of time, in seconds.
        rate: pictures per second, on average.
        pixel_aspect: width of a pixel in units of its height.
    """

    def __init__(self, path: Path, container: "av.container.InputContainer") -> None:
        self.path = path
        self.container = container
        self._stream = container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self.rate: Fraction = self._stream.average_rate or _DEFAULT_RATE
        self.time_base: Fraction = self._stream.time_base or 1 / self.rate
        self.pixel_aspect: Fraction = self._stream.sample_aspect_ratio or Fraction(1)

    @property
    def expected_pictures(self) -> int | None:
        """Number of pictures by the header of the file, which may be wrong; None if it says nothing."""
        if self._stream.frames:
            return int(self._stream.frames)
        if self.container.duration is None:
            return None
        return int(self.container.duration / 1_000_000 * self.rate + Fraction(1, 2))

    def pictures(self, start: int = 0) -> Iterator[Picture]:
        """Yields the pictures in order, all of the size of the first.

        Places that cannot be decoded are left out.

        Args:
            start: number of the first picture. Earlier ones are decoded, because others depend on them.

        Raises:
            UnreadableImage: if there is no picture at all, or they are too large.
        """
        size: tuple[int, int] | None = None
        time = -1
        index = -1
        for index, frame in enumerate(self._frames()):
            size = size or self._checked_size(frame)
            own_time = frame.pts if frame.pts is not None else time + round(1 / self.rate / self.time_base)
            time = own_time if index == 0 else max(own_time, time + 1)
            if index >= start:
                rgb = frame.reformat(*size, format="rgb24").to_ndarray()
                turns = round(frame.rotation / 90) % 4
                yield Picture(index, time, np.ascontiguousarray(np.rot90(rgb, turns)))
        if index < 0:
            raise UnreadableImage(self.path, "no picture of the film can be decoded")

    def _frames(self) -> Iterator[Any]:
        import av

        for packet in self.container.demux(self._stream):
            try:
                yield from packet.decode()
            except av.error.InvalidDataError:  # damaged: the decoder goes on with the next complete picture
                continue

    def _checked_size(self, frame: Any) -> tuple[int, int]:
        if frame.width * frame.height > MAX_PIXELS:
            raise UnreadableImage(self.path, f"its pictures have too many pixels ({frame.width} x {frame.height})")
        return frame.width, frame.height


def require_film_library() -> None:
    """Checks that PyAV is installed.

    Raises:
        ColorganError: if it is not.
    """
    if importlib.util.find_spec("av") is None:
        raise ColorganError("films need PyAV, which is not installed; run: pip install av")


@contextlib.contextmanager
def open_film(path: Path) -> Iterator[Film]:
    """Opens a film.

    Args:
        path: the file; its format is recognized by its contents.

    Raises:
        ColorganError: if PyAV is not installed.
        UnreadableImage: if the file cannot be opened or is not a film.
    """
    require_film_library()
    import av

    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(open_regular(path))
            container = stack.enter_context(av.open(file, options={"format_whitelist": _FORMATS}))
        except av.error.FFmpegError as error:
            raise UnreadableImage(path, "it is damaged, or not a film in a supported format") from error
        except OSError as error:
            raise UnreadableImage(path, os_reason(error)) from error
        if not container.streams.video:
            raise UnreadableImage(path, "there are no pictures in it")
        yield Film(path, container)
