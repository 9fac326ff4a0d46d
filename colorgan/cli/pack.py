"""``colorgan pack``: packs a folder of photos into shards for ``StreamingPhotos``."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from colorgan.cli.parsing.options import Option, Range
from colorgan.errors import ColorganError, plural

_MAX_NAMED = 100
"""Files that are named; the JSON files of the shards name all that cannot be read."""


def pack(
    folder: Annotated[Path, Option(metavar="FOLDER")],
    *,
    output: Annotated[Path, Option(("-o", "--output"), "DIR")],
    side: Annotated[int, Range(1, 8192), Option(metavar="N")] = 256,
    fit: Literal["crop", "resize"] = "crop",
    val_fraction: Annotated[float, Range(0, 0.5), Option(metavar="F")] = 0.01,
    keep_gray: bool = False,
    keep_copies: bool = False,
    shard_size: Annotated[str, Option(metavar="SIZE")] = "256MB",
) -> int:
    """Pack photos into shards, to train on more than a disk holds.

    The shards can be uploaded to any storage. An interrupted packing goes on where it was when the command is repeated.

    Args:
        folder: folder of photos, with subfolders to any depth. If it has a subfolder `train`, and possibly `val` and
            `test`, they are the splits.
        output: folder of the shards.
        side: height and width of the packed photos, in pixels.
        fit: `crop` keeps the center of a photo, `resize` all of it, ignoring its aspect ratio.
        val_fraction: fraction of the photos for validation if the folder has no splits.
        keep_gray: pack photos without color as well.
        keep_copies: pack edited copies of photos as well, which saves decoding all photos twice, to compare them;
            identical ones are left out in any case.
        shard_size: size of a shard.

    Returns:
        0.

    Raises:
        ColorganError: for invalid input, or if no photo can be packed.

    Examples:
        colorgan pack my_photos -o shards
        colorgan pack my_photos -o shards --side 160 --val-fraction 0.02
    """
    from colorgan.data.folders import SplitFolders
    from colorgan.data.sources import file_source
    from colorgan.data.streaming.copies import find_copies
    from colorgan.data.streaming.packing import PackSettings, divide
    from colorgan.data.streaming.packing import pack as pack_photos
    from colorgan.files.photo_caches import parse_size
    from colorgan.images import find_photos, printable

    settings = PackSettings(side, fit, not keep_gray, parse_size(shard_size, "--shard-size"))
    folders = SplitFolders(folder, {"train": [], "val": [], "test": []})
    folders.check_overlap()
    parts, skipped = {}, []
    for split in ("val", "test", "train"):  # the training photos are packed without those of the others
        place = folders.find(split)
        if place is not None:
            listing = find_photos(place)
            parts[split] = [file_source(path, place) for path in listing.photos]
            skipped += [*listing.unopened, *listing.unsupported]
    if list(parts) == ["train"] and val_fraction > 0:
        val, train = divide(parts["train"], val_fraction)
        parts = {"val": val, "train": train}
    if not all(parts.values()):
        raise ColorganError(f"there are too few photos in {printable(folder)} for --val-fraction {val_fraction:g}")
    copies = {} if keep_copies else find_copies(parts, fit, settings.skip_gray)
    _name([str(image) for image in skipped])
    seen: set[str] = set()
    for split, sources in parts.items():
        packed = pack_photos(sources, output / split, settings, without=frozenset(seen), copies=copies.get(split))
        seen |= packed.digests
        index = packed.index
        left_out = "".join(f", {count:,} {reason}" for reason, count in index.left_out.items())
        print(
            f"{printable(output / split)}: {plural(len(index), 'photo')} of {index.side} px in "
            f"{plural(len(index.shards), 'shard')}{left_out and f'; left out: {left_out[2:]}'}"
        )
        _name([f"cannot read {printable(name)}: {reason}" for name, reason in packed.unreadable])
    return 0


def _name(problems: Sequence[str]) -> None:
    """Names the first files that were left out."""
    for problem in problems[:_MAX_NAMED]:
        print(problem, file=sys.stderr)
    if len(problems) > _MAX_NAMED:
        print(f"... and {len(problems) - _MAX_NAMED:,} more", file=sys.stderr)
