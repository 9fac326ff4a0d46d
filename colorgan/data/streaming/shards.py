"""The files of a packed data set.

A folder holds shards of some hundred megabytes. ``shard-00000.npy`` is a NumPy array of photos, (N, side, side, 3)
uint8, which any program can map into memory; ``shard-00000.json`` has their names, digests and checksums;
``index.json``, which is written last, lists the shards. Nothing in them is pickled, and everything is checked before it
is used.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import xxhash

from colorgan.errors import ColorganError
from colorgan.images import printable

INDEX = "index.json"
MAX_JSON_BYTES = 1 << 28
"""The size of a JSON file: a million photos take a quarter of it."""

_FORMAT = "colorgan-shards-1"
_NAME = re.compile(r"shard-\d{5,9}", re.ASCII)
_MAX_SIDE = 8192
_MAX_COUNT = 1 << 40


@dataclass(frozen=True)
class Shard:
    """An entry of the index.

    Attributes:
        name: of its two files, without their suffix.
        count: number of photos.
        checksum: 64-bit XXH3 of the pixels.
    """

    name: str
    count: int
    checksum: int

    @property
    def pixels(self) -> str:
        """Name of the file of pixels."""
        return f"{self.name}.npy"

    @property
    def about(self) -> str:
        """Name of the file about the photos."""
        return f"{self.name}.json"


@dataclass(frozen=True)
class ShardIndex:
    """The index of a packed data set.

    Attributes:
        side: height and width of all photos in pixels.
        shards: the shards, in order.
        key: identifies the photos and the settings that they were packed with.
        left_out: number of files that were left out, by reason.
    """

    side: int
    shards: tuple[Shard, ...]
    key: str
    left_out: Mapping[str, int]

    def __len__(self) -> int:
        return sum(shard.count for shard in self.shards)

    @property
    def largest(self) -> int:
        """Bytes of the pixels of the largest shard."""
        return max((shard.count for shard in self.shards), default=0) * self.side**2 * 3

    def to_json(self) -> str:
        """The text of ``index.json``."""
        contents = {"format": _FORMAT, "count": len(self), **asdict(self), "left_out": dict(self.left_out)}
        return json.dumps(contents, indent=1)

    @classmethod
    def from_json(cls, text: bytes, where: str) -> Self:
        """Reads an index that may come from a stranger.

        Args:
            text: contents of ``index.json``.
            where: its place, for messages.

        Raises:
            ColorganError: if it is not the index of a packed data set.
        """
        try:
            contents = parse(text, where)
            if contents.get("format") != _FORMAT:
                raise ValueError(f"its format is {contents.get('format')!r:.40} instead of {_FORMAT!r}")
            shards = tuple(
                Shard(
                    _checked(str(each["name"]), bool(_NAME.fullmatch(str(each["name"]))), "name"),
                    _integer(each["count"], _MAX_COUNT, "count", low=1),
                    _integer(each["checksum"], 1 << 64, "checksum"),
                )
                for each in contents["shards"]
            )
            left_out = {
                str(name): _integer(count, _MAX_COUNT, "left_out") for name, count in contents["left_out"].items()
            }
            side = _integer(contents["side"], _MAX_SIDE + 1, "side", low=1)
            return cls(side, shards, str(contents["key"]), left_out)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise ColorganError(
                f"{printable(where)} is not the index of packed photos ({_reason(error)}); make one with "
                "`colorgan pack`"
            ) from error


def parse(text: bytes, where: str) -> dict[str, Any]:
    """Reads a JSON object of at most :data:`MAX_JSON_BYTES`.

    Raises:
        ValueError: if it is something else.
    """
    if len(text) > MAX_JSON_BYTES:
        raise ValueError(f"it is larger than {MAX_JSON_BYTES >> 20} MiB")
    try:
        contents = json.loads(text)
    except (UnicodeDecodeError, RecursionError) as error:
        raise ValueError("it is not JSON") from error
    if not isinstance(contents, dict):
        raise ValueError("it is not a JSON object")
    return contents


def map_pixels(file: Path, count: int, side: int) -> npt.NDArray[np.uint8]:
    """Maps the pixels of a shard into memory: (count, side, side, 3) uint8, read-only.

    Raises:
        ColorganError: if the file is not such an array.
    """
    try:
        pixels = np.load(file, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, SyntaxError) as error:
        raise ColorganError(
            f"{printable(file)} is not a shard of photos ({_reason(error)}); pack them again"
        ) from error
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or not pixels.flags.c_contiguous:
        raise ColorganError(f"{printable(file)} is not a shard of photos (it is no array of uint8); pack them again")
    if pixels.shape != (count, side, side, 3):
        raise ColorganError(
            f"{printable(file)} has the shape {pixels.shape!s:.60} instead of {(count, side, side, 3)}, which the "
            "index says; pack the photos again"
        )
    return pixels


def checksum_of(pixels: npt.NDArray[np.uint8]) -> int:
    """64-bit XXH3 of contiguous pixels."""
    return xxhash.xxh3_64_intdigest(pixels.data)


def _checked(value: Any, is_valid: bool, name: str) -> Any:
    if not is_valid:
        raise ValueError(f"its {name} is {value!r:.60}")
    return value


def _integer(value: Any, limit: int, name: str, low: int = 0) -> int:
    is_valid = type(value) is int and low <= value < limit
    checked: int = _checked(value, is_valid, name)
    return checked


def _reason(error: Exception) -> str:
    text = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
    return " ".join(text.split())[:120]
