"""``colorgan inspect DATA``: what the networks will see of a folder of photos, as a sheet and as figures."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from colorgan.data import PhotoBatch, Photos
from colorgan.data.dataset import PhotoDataset, to_batch
from colorgan.data.loader import PhotoLoader
from colorgan.data.sampler import EpochSampler
from colorgan.errors import ColorganError
from colorgan.images import contact_sheet, printable
from colorgan.models.color_spaces import ColorSpace

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
        channels: figures of the gray condition, then of each color channel.
        gray_l1: mean absolute difference between the colors and those of a gray photo: what a model has to beat.
        text: all of it and more, to be read.
        sheet: the file of the sheet, if one was written.
    """

    channels: list[ChannelStatistics]
    gray_l1: float
    text: str
    sheet: Path | None


def inspect(data: Photos, color_space: ColorSpace, out: Path | None = None, photos: int = 8) -> Inspection:
    """Looks at photos as the networks will see them.

    The figures are of all training photos, streamed and without augmentation; the sheet shows the first training batch,
    with augmentation: gray | the colors at one lightness | each color channel, -1 black and 1 white | the photo.

    Args:
        data: where the photos come from.
        color_space: the color space that takes them apart.
        out: file for the sheet (PNG); none is drawn without it.
        photos: rows of the sheet, at most a batch.

    Raises:
        ColorganError: if there are no photos to look at, or the sheet cannot be written.
    """
    data.setup()
    train = data.splits["train"]
    channels, gray_l1, shapes = _statistics(PhotoDataset(train.photos, train.indices, data.image_size), color_space)
    lines = [*_about_files(data), *_about_tensors(shapes), "", *_table(channels), ""]
    lines.append(f"L1 of the gray photos: {gray_l1:.4f} (a model that learned something is below)")
    if out is not None:
        _draw(next(iter(data.train_dataloader())), color_space, out, photos, train.names)
        lines.append(f"sheet of a batch: {printable(out)}")
    return Inspection(channels, gray_l1, "\n".join(lines), out)


def _statistics(dataset: PhotoDataset, color_space: ColorSpace) -> tuple[list[ChannelStatistics], float, list[str]]:
    """Streams over the photos; sums are kept in float64, so that they stay exact for any number of photos."""
    sums = torch.zeros(2, 1 + color_space.channels, dtype=torch.float64)
    low, high = torch.full((1 + color_space.channels,), torch.inf), torch.full((1 + color_space.channels,), -torch.inf)
    distance, pixels = 0.0, 0
    shapes: list[str] = []
    sampler = EpochSampler(len(dataset), seed=0, shuffle=False)
    for batch in PhotoLoader(dataset, batch_size=_BATCH, sampler=sampler, collate_fn=to_batch):
        gray, color = color_space.split(batch["rgb"].float() / 255)
        if not shapes:
            shapes = [_described("rgb", batch["rgb"]), _described("gray", gray), _described("color", color)]
        values = torch.cat([gray, color], dim=1).transpose(0, 1).flatten(1)
        low, high = torch.minimum(low, values.amin(1)), torch.maximum(high, values.amax(1))
        exact = values.double()
        sums += torch.stack([exact.sum(1), exact.square().sum(1)])
        distance += float((color - color_space.neutral(gray)).abs().double().sum())
        pixels += values.shape[1]
    mean = sums[0] / pixels
    deviation = (sums[1] / pixels - mean.square()).clamp(min=0).sqrt()
    names = ("gray", *color_space.names)
    rows = zip(names, mean.tolist(), deviation.tolist(), low.tolist(), high.tolist(), strict=True)
    return [ChannelStatistics(*row) for row in rows], distance / (pixels * color_space.channels), shapes


def _described(name: str, tensor: Tensor) -> str:
    kind = str(tensor.dtype).removeprefix("torch.")
    inside = "0 to 255" if tensor.dtype == torch.uint8 else "-1 to 1"
    return f"{name:<11} {kind:<8} {' x '.join(map(str, tensor.shape)):<20} {inside}"


def _about_files(data: Photos) -> Iterator[str]:
    how = {"center": "the middle", "random": f"squares out of {data.load_size}", "none": "all, squeezed,"}
    yield f"{data.location('train')} at {data.image_size} x {data.image_size} pixels ({how[data.crop]} of each photo)"
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


def _draw(batch: PhotoBatch, color_space: ColorSpace, out: Path, photos: int, names: list[str]) -> None:
    rgb = batch["rgb"][:photos]
    gray, color = color_space.split(rgb.float() / 255)
    columns: dict[str, Tensor] = {"gray": (gray + 1) / 2}
    if color_space.channels < 3:  # with three channels the color is the photo itself
        columns["color alone"] = color_space.merge(torch.full_like(gray, 0.2), color)
    columns |= {name: (color[:, [at]] + 1) / 2 for at, name in enumerate(color_space.names)}
    columns["photo"] = rgb
    drawn = contact_sheet(
        columns,
        captions=[names[at] for at in batch["index"][:photos].tolist()],
        title=f"A training batch in {type(color_space).__name__}: channels from -1 (black) to 1 (white)",
        blocks=2 if len(rgb) > 3 else 1,
    )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        drawn.save(out, "PNG")
    except OSError as error:
        raise ColorganError(f"cannot write the sheet {printable(out)}: {error.strerror or error}") from error
