"""``colorgan inspect DATA``: what the networks will see of a folder of photos, as a sheet and as figures."""

import argparse
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from colorgan.data.datamodule import Photos
from colorgan.data.dataset import EpochSampler, PhotoDataset, PhotoLoader, to_batch
from colorgan.errors import ColorganError
from colorgan.images.contact_sheet import sheet
from colorgan.images.reading import printable
from colorgan.models import color_spaces as color_spaces
from colorgan.models.color_spaces import ColorSpace, Lab

_SHOWN = 10
_BATCH = 64


@dataclass
class ChannelStatistics:
    """Figures of one channel over all pixels of all training photos, in the networks' range.

    Attributes:
        name: what the channel is called.
        mean: mean over the pixels.
        deviation: standard deviation over the pixels.
        low: smallest value.
        high: largest value.
    """

    name: str
    mean: float
    deviation: float
    low: float
    high: float


@dataclass
class Inspection:
    """What :func:`inspect` found.

    Attributes:
        channels: figures of the gray condition, then of each colour channel.
        gray_l1: mean absolute difference between the colours and those of a gray photo: what a model has to beat.
        text: all of it and more, to be read.
        sheet: the file of the sheet, if one was written.
    """

    channels: list[ChannelStatistics]
    gray_l1: float
    text: str
    sheet: Path | None


def inspect(data: Photos, color: ColorSpace, out: Path | None = None, photos: int = 8) -> Inspection:
    """Looks at photos as the networks will see them.

    The figures are of all training photos, streamed and without augmentation; the sheet shows the first training batch,
    with augmentation: gray | the colours at one lightness | each colour channel, -1 black and 1 white | the photo.

    Args:
        data: where the photos come from.
        color: the colour space that takes them apart.
        out: file for the sheet (PNG); none is drawn without it.
        photos: rows of the sheet, at most a batch.

    Raises:
        ColorganError: if there are no photos to look at, or the sheet cannot be written.
    """
    data.setup()
    train = data.splits["train"]
    channels, gray_l1, shapes = _statistics(PhotoDataset(train.photos, train.indices, data.image_size), color)
    lines = [*_about_files(data), *_about_tensors(shapes), "", *_table(channels), ""]
    lines.append(f"L1 of the gray photos: {gray_l1:.4f} (a model that learnt something is below)")
    if out is not None:
        _draw(next(iter(data.train_dataloader())), color, out, photos, train.names)
        lines.append(f"sheet of a batch: {printable(out)}")
    return Inspection(channels, gray_l1, "\n".join(lines), out)


def _statistics(dataset: PhotoDataset, color: ColorSpace) -> tuple[list[ChannelStatistics], float, list[str]]:
    """Streams over the photos; sums are kept in float64, so that they stay exact for any number of photos."""
    sums = torch.zeros(2, 1 + color.channels, dtype=torch.float64)
    low, high = torch.full((1 + color.channels,), torch.inf), torch.full((1 + color.channels,), -torch.inf)
    distance, pixels = 0.0, 0
    shapes: list[str] = []
    sampler = EpochSampler(len(dataset), seed=0, shuffle=False)
    for batch in PhotoLoader(dataset, batch_size=_BATCH, sampler=sampler, collate_fn=to_batch):
        gray, colour = color.split(batch["rgb"].float() / 255)
        if not shapes:
            shapes = [_described("rgb", batch["rgb"]), _described("gray", gray), _described("colour", colour)]
        values = torch.cat([gray, colour], dim=1).transpose(0, 1).flatten(1)
        low, high = torch.minimum(low, values.amin(1)), torch.maximum(high, values.amax(1))
        exact = values.double()
        sums += torch.stack([exact.sum(1), exact.square().sum(1)])
        distance += float((colour - color.neutral(gray)).abs().double().sum())
        pixels += values.shape[1]
    mean = sums[0] / pixels
    deviation = (sums[1] / pixels - mean.square()).clamp(min=0).sqrt()
    names = ("gray", *color.names)
    rows = zip(names, mean.tolist(), deviation.tolist(), low.tolist(), high.tolist(), strict=True)
    return [ChannelStatistics(*row) for row in rows], distance / (pixels * color.channels), shapes


def _described(name: str, tensor: Tensor) -> str:
    kind = str(tensor.dtype).removeprefix("torch.")
    inside = "0 to 255" if tensor.dtype == torch.uint8 else "-1 to 1"
    return f"{name:<11} {kind:<8} {' x '.join(map(str, tensor.shape)):<20} {inside}"


def _about_files(data: Photos) -> Iterator[str]:
    how = {"center": "the middle", "random": f"squares out of {data.load_size}", "none": "all, squeezed,"}
    yield f"{data.place('train')} at {data.image_size} x {data.image_size} pixels ({how[data.crop]} of each photo)"
    yield ""
    for name in ("train", "val", "test"):
        yield f"{name:<11} {len(data.splits[name]):,}"
    caches = list({id(split.photos): split for split in data.splits.values()}.values())
    gray = [name for split in caches for name in split.gray]
    unreadable = [pair for split in caches for pair in split.unreadable]
    yield f"{'gray':<11} {len(gray):,} left out{_names(gray)}"
    yield f"{'unreadable':<11} {len(unreadable):,} left out{_names([f'{name} ({why})' for name, why in unreadable])}"
    yield ""
    sizes = [size for split in caches for size in split.photos.sizes]
    sides = sorted(side for size in sizes for side in size)
    (width, height), times = Counter(sizes).most_common(1)[0]
    yield f"files       sides of {sides[0]:,} to {sides[-1]:,} pixels, most often {width} x {height} ({times:,})"
    small = sum(min(size) < data.load_size for size in sizes)
    if small:
        yield f"enlarged    {small:,}, being smaller than {data.load_size} pixels"


def _about_tensors(shapes: list[str]) -> Iterator[str]:
    yield ""
    yield "batch       type     shape                range"
    yield from shapes


def _names(names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return f": {', '.join(printable(name) for name in names[:_SHOWN])}{more}"


def _table(channels: list[ChannelStatistics]) -> Iterator[str]:
    yield f"{'channel':<12}{'mean':>9}{'deviation':>11}{'lowest':>9}{'highest':>9}"
    for one in channels:
        yield f"{one.name:<12}{one.mean:>9.4f}{one.deviation:>11.4f}{one.low:>9.4f}{one.high:>9.4f}"


def _draw(batch: dict[str, Tensor], color: ColorSpace, out: Path, photos: int, names: list[str]) -> None:
    rgb = batch["rgb"][:photos]
    gray, colour = color.split(rgb.float() / 255)
    columns: dict[str, Tensor] = {"gray": (gray + 1) / 2}
    if color.channels < 3:  # with three channels the colour is the photo itself
        columns["colour alone"] = color.merge(torch.full_like(gray, 0.2), colour)
    columns |= {name: (colour[:, [at]] + 1) / 2 for at, name in enumerate(color.names)}
    columns["photo"] = rgb
    drawn = sheet(
        columns,
        captions=[names[at] for at in batch["index"][:photos].tolist()],
        title=f"A training batch in {type(color).__name__}: channels from -1 (black) to 1 (white)",
        blocks=2 if len(rgb) > 3 else 1,
    )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        drawn.save(out, "PNG")
    except OSError as error:
        raise ColorganError(f"cannot write the sheet {printable(out)}: {error.strerror or error}") from error


def _color_space(name: str) -> ColorSpace:
    known = {
        one.__name__: one for one in vars(color_spaces).values() if isinstance(one, type) and one is not ColorSpace
    }
    found = known.get(name)
    if found is None or not issubclass(found, ColorSpace):
        spaces = ", ".join(known_name for known_name, one in known.items() if issubclass(one, ColorSpace))
        raise argparse.ArgumentTypeError(f"there is no colour space {name!r}; there are {spaces}")
    return found()


def main(args: list[str] | None = None) -> int:
    """The command ``colorgan inspect``.

    Args:
        args: the words after the command; by default those of the process.

    Returns:
        0; what is wrong with the data is raised as :class:`~colorgan.errors.ColorganError`.
    """
    parser = argparse.ArgumentParser(
        "colorgan inspect", description="Shows what the networks will see of a folder of photos, and its figures."
    )
    parser.add_argument("data", metavar="DATA", help="folder of photos, or `sample` for those that come with colorgan")
    parser.add_argument("--size", type=int, default=128, help="height and width that the networks see (default 128)")
    parser.add_argument(
        "--crop", choices=("center", "random", "none"), default="center", help="how photos become squares"
    )
    parser.add_argument("--color", type=_color_space, default=Lab(), help="RGB, HSV, YCbCr or Lab (default)")
    parser.add_argument(
        "--out", type=Path, default=Path("inspect.png"), help="file for the sheet (default inspect.png)"
    )
    parser.add_argument("--photos", type=int, default=8, help="photos on the sheet (default 8)")
    parser.add_argument("--val_fraction", type=float, default=0.1, help="share for validation, if no folder is for it")
    parser.add_argument("--seed", type=int, default=0, help="fixes the division (default 0)")
    parser.add_argument("--cache_dir", default=None, help="where decoded photos are kept")
    given = parser.parse_args(args)
    if given.photos < 1:
        parser.error(f"--photos must be at least 1; received {given.photos}")
    data = Photos(
        given.data,
        size=given.size,
        crop=given.crop,
        val_fraction=given.val_fraction,
        seed=given.seed,
        cache_dir=given.cache_dir,
        batch_size=given.photos,
        num_workers=0,
        drop_last=False,
    )
    print(inspect(data, given.color, given.out, given.photos).text)  # noqa: T201 (the command's answer)
    return 0
