"""Packs folders of photos into shards, and goes on where an interrupted packing ended."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from colorgan.data.decoding import DecodedPhoto, Fit, decode_all
from colorgan.data.sources import PhotoSource
from colorgan.data.streaming.copies import DUPLICATE
from colorgan.data.streaming.shards import INDEX, Shard, ShardIndex, checksum_of, parse
from colorgan.errors import ColorganError
from colorgan.files import atomic_write
from colorgan.images import UnreadableImage, printable

GRAY, UNREADABLE = "without color", "unreadable"
"""Why files are left out, besides copies."""


@dataclass
class PackedPhotos:
    """What has been packed.

    Attributes:
        folder: the folder of the shards.
        index: its index.
        digests: BLAKE2 digests of the pixels of all photos.
        unreadable: (name, reason) of each file that cannot be read.
    """

    folder: Path
    index: ShardIndex
    digests: set[str] = field(repr=False)
    unreadable: list[tuple[str, str]]


@dataclass(frozen=True)
class PackSettings:
    """How photos are packed.

    Args:
        side: height and width of the packed squares in pixels.
        fit: how photos become squares.
        skip_gray: leave out photos without color.
        shard_bytes: size of a shard in bytes; it has at least one photo.
    """

    side: int = 256
    fit: Fit = "crop"
    skip_gray: bool = True
    shard_bytes: int = 256_000_000


@dataclass
class _State:
    """What the finished shards of a folder say about the packing."""

    shards: list[Shard] = field(default_factory=list)
    consumed: int = 0
    digests: set[str] = field(default_factory=set)
    left_out: list[tuple[str, str, str]] = field(default_factory=list)


def pack(
    sources: Sequence[PhotoSource],
    folder: str | Path,
    settings: PackSettings = PackSettings(),
    *,
    without: frozenset[str] | set[str] = frozenset(),
    copies: Mapping[str, str] | None = None,
    progress: bool = True,
) -> PackedPhotos:
    """Packs photos into shards, in a random order that depends on their names alone.

    Photos whose decoded pixels are equal are packed once. Each shard is a random sample of all photos, so training may
    take them in the order of the shards. A packing that was interrupted goes on after its last complete shard.

    Args:
        sources: the photos.
        folder: the folder to write to; created if it does not exist.
        settings: how.
        without: digests of photos that are not to be packed, such as those of the validation photos.
        copies: names of photos that are left out without being decoded, each with the reason; see
            :func:`~colorgan.data.streaming.copies.find_copies`.
        progress: show a progress bar if standard error is a terminal.

    Raises:
        ColorganError: if no photo is left, or the folder has shards of other photos or settings.
    """
    folder, copies = Path(folder), copies or {}
    wanted = [source for source in sources if source.name not in copies]
    ordered = sorted(wanted, key=lambda source: hashlib.blake2b(source.name.encode(errors="surrogateescape")).digest())
    key = _key(ordered, settings, without)
    state = _resume(folder, key)
    if not (folder / INDEX).exists():
        for shard in _shards(ordered, state, folder, key, settings, without, copies, progress):
            state.shards.append(shard)
        if not state.shards:
            reasons = ", ".join(f"{count:,} {reason}" for reason, count in _counts(state).items())
            raise ColorganError(f"none of the {len(sources):,} photos can be packed ({reasons})")
        index = ShardIndex(settings.side, tuple(state.shards), key, _counts(state))
        with atomic_write(folder / INDEX) as temporary:
            temporary.write_text(index.to_json(), encoding="utf-8")
    index = ShardIndex.from_json((folder / INDEX).read_bytes(), str(folder / INDEX))
    unreadable = [(name, reason) for name, why, reason in state.left_out if why == UNREADABLE]
    return PackedPhotos(folder, index, state.digests, unreadable)


def _shards(
    ordered: Sequence[PhotoSource],
    state: _State,
    folder: Path,
    key: str,
    settings: PackSettings,
    without: frozenset[str] | set[str],
    copies: Mapping[str, str],
    progress: bool,
) -> Iterator[Shard]:
    """Decodes the photos that are left, and yields each shard once it is on the disk."""
    side = settings.side
    capacity = max(1, settings.shard_bytes // (side * side * 3))
    pixels: npt.NDArray[np.uint8] = np.empty((capacity, side, side, 3), np.uint8)
    photos: list[tuple[str, DecodedPhoto]] = []
    # the first shard names the copies
    left_out = [] if state.shards else [(name, why, "") for name, why in copies.items()]
    number = len(state.shards)

    def write() -> Shard:
        nonlocal number
        about = {
            "key": key,
            "consumed": state.consumed,
            "names": [name for name, _ in photos],
            "digests": [photo.digest for _, photo in photos],
            "checksums": [photo.checksum for _, photo in photos],
            "left_out": left_out,
        }
        shard = _write(folder, number, pixels[: len(photos)], about)
        state.left_out += left_out
        photos.clear()
        left_out.clear()
        number += 1
        return shard

    for source, decoded in decode_all(ordered[state.consumed :], side, settings.fit, progress):
        state.consumed += 1
        if isinstance(decoded, UnreadableImage):
            left_out.append((source.name, UNREADABLE, decoded.reason))
        elif settings.skip_gray and decoded.gray:
            left_out.append((source.name, GRAY, ""))
        elif decoded.digest in state.digests or decoded.digest in without:
            left_out.append((source.name, DUPLICATE, ""))
        else:
            state.digests.add(decoded.digest)
            pixels[len(photos)] = decoded.pixels
            photos.append((source.name, decoded))
            if len(photos) == capacity:
                yield write()
    if photos:
        yield write()
    else:
        state.left_out += left_out


def _write(folder: Path, number: int, pixels: npt.NDArray[np.uint8], about: dict[str, Any]) -> Shard:
    shard = Shard(f"shard-{number:05d}", len(pixels), checksum_of(pixels))
    with atomic_write(folder / shard.pixels) as temporary, temporary.open("wb") as stream:
        np.save(stream, pixels, allow_pickle=False)
    with atomic_write(folder / shard.about) as temporary:  # last: it says that the shard is complete
        temporary.write_text(json.dumps({**about, "checksum": shard.checksum}), encoding="utf-8")
    return shard


def _resume(folder: Path, key: str) -> _State:
    """Reads the complete shards of a folder.

    Raises:
        ColorganError: if they are of other photos or settings.
    """
    state = _State()
    while (file := folder / f"shard-{len(state.shards):05d}.json").is_file():
        try:
            about = parse(file.read_bytes(), str(file))
            is_other = about["key"] != key
            state.shards.append(Shard(file.stem, len(about["names"]), int(about["checksum"])))
            state.consumed = int(about["consumed"])
            state.digests.update(about["digests"])
            state.left_out += [(str(name), str(why), str(reason)) for name, why, reason in about["left_out"]]
        except (KeyError, TypeError, ValueError) as error:
            raise ColorganError(f"{printable(file)} is damaged; delete {printable(folder)} and pack again") from error
        if is_other:
            raise ColorganError(
                f"{printable(folder)} has shards of other photos or other settings; choose another folder, or delete it"
            )
    return state


def _counts(state: _State) -> dict[str, int]:
    return dict(Counter(why for _, why, _ in state.left_out))


def _key(sources: Sequence[PhotoSource], settings: PackSettings, without: frozenset[str] | set[str]) -> str:
    """Identifies photos, by their names and the stamps of their contents, and settings."""
    digest = hashlib.blake2b(json.dumps(asdict(settings), sort_keys=True).encode(), digest_size=16)
    for source in sources:
        # not the time, which copies of a folder do not share
        stamp = source.stamp[:1] + source.stamp[2:]
        digest.update(f"{source.name}\0{stamp}\n".encode(errors="surrogateescape"))
    for each in sorted(without):
        digest.update(each.encode())
    return digest.hexdigest()


def divide(sources: Sequence[PhotoSource], fraction: float) -> tuple[list[PhotoSource], list[PhotoSource]]:
    """Divides photos into a fraction and the rest, by their names alone: the division of more photos is a larger one.

    Returns:
        The fraction, at least one photo of two, and the rest.
    """

    def draw(source: PhotoSource) -> float:
        digest = hashlib.blake2b(f"split\0{source.name}".encode(errors="surrogateescape"), digest_size=8).digest()
        return int.from_bytes(digest) / 2**64

    few = [source for source in sources if draw(source) < fraction]
    if not few and len(sources) > 1:
        few = [min(sources, key=draw)]
    chosen = {source.name for source in few}
    return few, [source for source in sources if source.name not in chosen]
