"""The finished parts of a film, from which an interrupted run continues as if it had not been interrupted.

A part is a short film without sound, in FFmpeg's own format, which keeps every time as it is. It has no pictures that
depend on later ones, so that parts can be joined without encoding them again. Beside it is the state of the smoothing.
"""

import itertools
import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from colorgan.files import atomic_write
from colorgan.inference.temporal import SmootherState

PICTURES_PER_PART = 100

_KEY_FILE = "key.json"
_CODEC = "libx264"
_CODEC_OPTIONS = {"crf": "18", "preset": "medium", "bf": "0"}
_BT709 = 1
"""Of matrix, primaries and transfer curve in ITU-T H.273."""
_LIMITED_RANGE = 1


@dataclass(frozen=True)
class Format:
    """The format of the pictures of a film.

    Attributes:
        rate: pictures per second, on average.
        time_base: the unit of time, in seconds.
        pixel_aspect: width of a pixel in units of its height.
    """

    rate: Fraction
    time_base: Fraction
    pixel_aspect: Fraction


@dataclass(frozen=True)
class PaintedPicture:
    """A colorized picture.

    Attributes:
        time: when it is shown, in units of the film's time base.
        rgb: its pixels, (H, W, 3).
        state: state of the smoothing after it.
    """

    time: int
    rgb: npt.NDArray[np.uint8]
    state: SmootherState | None


class PartFolder:
    """The folder of the parts of one film, which is hidden beside its result.

    Args:
        target: the result.
        key: what the pictures depend on; parts with another key are deleted.
    """

    def __init__(self, target: Path, key: str) -> None:
        self.path = target.with_name(f".{target.name}.parts")
        key_file = self.path / _KEY_FILE
        try:
            is_same = json.loads(key_file.read_text(encoding="utf-8")) == key
        except (OSError, ValueError):
            is_same = False
        if not is_same:
            self.remove()
            with atomic_write(key_file) as temporary:
                temporary.write_text(json.dumps(key), encoding="utf-8")

    def files(self) -> list[Path]:
        """The finished parts, in order, without a gap."""
        return [file for file, _ in self._finished()]

    def progress(self) -> tuple[int, SmootherState | None]:
        """The number of finished pictures, and the state of the smoothing after the last of them."""
        finished = self._finished()
        if not finished:
            return 0, None
        file, count = finished[-1]
        with np.load(file.with_suffix(".npz"), allow_pickle=False) as stored:
            state = SmootherState(int(stored["scenes"]), stored["lightness"], stored["ab"])
        return int(file.stem) + count, state if state.ab.size else None

    def _finished(self) -> list[tuple[Path, int]]:
        """The parts, each with the number of its pictures. The state of a part is written after its pictures."""
        found: list[tuple[Path, int]] = []
        start = 0
        while (file := self._file(start)).is_file() and (state := file.with_suffix(".npz")).is_file():
            with np.load(state, allow_pickle=False) as stored:
                found.append((file, int(stored["count"])))
            start += found[-1][1]
        return found

    def _file(self, start: int) -> Path:
        return self.path / f"{start:09d}.nut"

    def write(self, start: int, pictures: Iterator[PaintedPicture], film: Format) -> int:
        """Writes the next part.

        Args:
            start: number of its first picture.
            pictures: its pictures, which are taken one by one.
            film: the format of the film.

        Returns:
            The number of pictures; 0 if there are no more, and so no part.
        """
        first = next(pictures, None)
        if first is None:
            return 0
        file = self._file(start)
        with atomic_write(file) as temporary:
            count, last = _encode(temporary, itertools.chain([first], pictures), film)
        state = last or SmootherState(0, np.empty(0, np.float32), np.empty(0, np.float32))
        with atomic_write(file.with_suffix(".npz")) as temporary, temporary.open("wb") as stream:
            np.savez(stream, count=count, scenes=state.scenes, lightness=state.lightness, ab=state.ab)
        return count

    def remove(self) -> None:
        """Deletes the folder."""
        shutil.rmtree(self.path, ignore_errors=True)


def _encode(file: Path, pictures: Iterable[PaintedPicture], film: Format) -> tuple[int, SmootherState | None]:
    """Writes a film without sound, and returns the number of pictures and the state after the last."""
    import av

    count = 0
    state = None
    with av.open(str(file), "w", format="nut") as container:
        stream: Any = None
        for picture in pictures:
            rgb, state, count = _with_even_sides(picture.rgb), picture.state, count + 1
            if stream is None:
                stream = container.add_stream(_CODEC, rate=film.rate, options=_CODEC_OPTIONS)
                stream.height, stream.width = rgb.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.time_base = stream.codec_context.time_base = film.time_base
                stream.codec_context.sample_aspect_ratio = film.pixel_aspect
                context = stream.codec_context
                context.colorspace = context.color_primaries = context.color_trc = _BT709
                context.color_range = _LIMITED_RANGE
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(
                format="yuv420p", dst_colorspace="ITU709", dst_color_range=_LIMITED_RANGE
            )
            frame.pts, frame.time_base = picture.time, film.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return count, state


def _with_even_sides(rgb: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The encoder stores one color for two by two pixels; an odd last row or column is repeated."""
    height, width = rgb.shape[:2]
    return np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge") if height % 2 or width % 2 else rgb
