"""``colorgan inspect DATA``: statistics and a sheet of the tensors that the networks receive."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from colorgan.data import PhotoBatch, Photos
from colorgan.data.dataset import PhotoDataset, to_batch
from colorgan.data.loader import PhotoLoader
from colorgan.data.manifest import BEYOND_LIMIT, FILE_NAME, NO_COLOR, read_manifest, summarize
from colorgan.data.sampler import EpochSampler
from colorgan.errors import ColorganError
from colorgan.files import atomic_write
from colorgan.images import contact_sheet, printable
from colorgan.models.color_spaces import ColorSpace
from colorgan.models.hints import Hints, NoHints

_MAX_NAMES = 10
_BATCH_SIZE = 64
_MAX_DRAWS = 100
"""Attempts to sample hints for a photo; hints come without any now and then."""


@dataclass
class ChannelStatistics:
    """Statistics of one channel over all pixels of all training photos, in [-1, 1].

    Attributes:
        name: name of the channel.
        mean: mean over the pixels.
        std: standard deviation over the pixels.
        min: smallest value.
        max: largest value.
    """

    name: str
    mean: float
    std: float
    min: float
    max: float


@dataclass
class Inspection:
    """The result of :func:`inspect`.

    Attributes:
        channels: statistics of the gray channel, followed by the color channels.
        gray_l1: L1 distance between the photos and their gray versions, which a trained model has to beat.
        text: a readable summary, including the number of photos and the shapes of the tensors.
        sheet: the file of the sheet, if one was written.
    """

    channels: list[ChannelStatistics]
    gray_l1: float
    text: str
    sheet: Path | None


def inspect(
    data: Photos, color_space: ColorSpace, out: Path | None = None, photos: int = 8, hints: Hints | None = None
) -> Inspection:
    """Computes statistics of the training photos as the networks receive them, and optionally draws a sheet.

    Statistics are streamed over all training photos without augmentation. The sheet shows the first training batch with
    augmentation. Its columns are the gray channel, hints on every second photo, the colors at constant lightness, each
    color channel (-1 is black, 1 is white), and the reference photo.

    Args:
        data: the data module.
        color_space: the color space of the networks.
        out: PNG file of the sheet; no sheet is drawn without it.
        photos: rows of the sheet, at most the size of a batch.
        hints: hints of the networks; by default they take none.

    Raises:
        ColorganError: if there are no photos, or the sheet cannot be written.
    """
    hints = hints or NoHints()
    data.setup()
    train = data.splits["train"]
    dataset = PhotoDataset(train.photos, train.indices, data.image_size)
    channels, gray_l1, shapes = _statistics(dataset, color_space, hints)
    lines = [*_describe_files(data), *_describe_batch(shapes), "", *_format_table(channels), ""]
    lines.append(f"L1 of the gray photos: {gray_l1:.4f} (a trained model has to be below)")
    if out is not None:
        _draw_sheet(next(iter(data.train_dataloader())), color_space, hints, out, photos, train.names)
        lines.append(f"sheet of the first batch: {printable(out)}")
    return Inspection(channels, gray_l1, "\n".join(lines), out)


def describe_manifest(data: Photos | Path) -> str:
    """Lists all files of a data set, and how many of them were left out for which reason.

    Args:
        data: the data module; or the folder of a training run, or its manifest.

    Raises:
        ColorganError: if the folder has no photos, or the manifest cannot be read.
    """
    if isinstance(data, Path):
        entries = read_manifest(data / FILE_NAME if data.is_dir() else data)
    else:
        data.setup()
        entries = data.manifest()
    return "\n".join([*map(str, entries), "", *summarize(entries)])


def is_manifest(path: Path) -> bool:
    """Whether a path is a manifest, or the folder of a training run that has one."""
    return path.is_file() or (path / FILE_NAME).is_file()


def _statistics(
    dataset: PhotoDataset, color_space: ColorSpace, hints: Hints
) -> tuple[list[ChannelStatistics], float, list[str]]:
    """Streams over the photos and accumulates in float64, which is precise enough for any number of photos.

    Returns:
        The statistics of all channels, the L1 of the gray photos, and a description of the tensors of a batch.
    """
    sums = torch.zeros(2, 1 + color_space.channels, dtype=torch.float64)
    low = torch.full((1 + color_space.channels,), torch.inf)
    high = -low
    distance, pixels = 0.0, 0
    description: list[str] = []
    sampler = EpochSampler(len(dataset), seed=0, shuffle=False)
    for batch in PhotoLoader(dataset, batch_size=_BATCH_SIZE, sampler=sampler, collate_fn=to_batch):
        gray, color = color_space.split(batch["rgb"].float() / 255)
        if not description:
            tensors = {"rgb": batch["rgb"], "gray": gray, "color": color}
            if hints.channels(color_space.channels):
                tensors["hints"] = hints.empty(color)
            description = [_describe_tensor(name, tensor) for name, tensor in tensors.items()]
        values = torch.cat([gray, color], dim=1).transpose(0, 1).flatten(1)
        low, high = torch.minimum(low, values.amin(1)), torch.maximum(high, values.amax(1))
        precise = values.double()
        sums += torch.stack([precise.sum(1), precise.square().sum(1)])
        distance += float((color - color_space.neutral(gray)).abs().double().sum())
        pixels += values.shape[1]
    mean = sums[0] / pixels
    std = (sums[1] / pixels - mean.square()).clamp(min=0).sqrt()
    names = ("gray", *color_space.names)
    rows = zip(names, mean.tolist(), std.tolist(), low.tolist(), high.tolist(), strict=True)
    return [ChannelStatistics(*row) for row in rows], distance / (pixels * color_space.channels), description


def _describe_tensor(name: str, tensor: Tensor) -> str:
    dtype = str(tensor.dtype).removeprefix("torch.")
    value_range = "0 to 255" if tensor.dtype == torch.uint8 else "-1 to 1"
    return f"{name:<11} {dtype:<8} {' x '.join(map(str, tensor.shape)):<20} {value_range}"


def _describe_files(data: Photos) -> Iterator[str]:
    square = "squeezed" if data.resize == "squeeze" else "center crop"
    if data.crop == "random":
        square += f" at {data.load_size} pixels, random crops"
    yield f"{data.location('train')} at {data.image_size} x {data.image_size} pixels ({square})"
    yield ""
    for name in ("train", "val", "test"):
        yield f"{name:<11} {len(data.splits[name]):,}"
    caches = list({id(split.photos): split for split in data.splits.values()}.values())
    gray = [name for split in caches for name in split.gray]
    left_out = [pair for split in caches for pair in split.left_out if pair[1] not in (NO_COLOR, BEYOND_LIMIT)]
    yield f"{'gray':<11} {len(gray):,} skipped{_list_names(gray)}"
    yield f"{'unreadable':<11} {len(left_out):,} skipped{_list_names([f'{name} ({why})' for name, why in left_out])}"
    yield ""
    sizes = [size for split in caches for size in split.photos.sizes]
    sides = sorted(side for size in sizes for side in size)
    (width, height), count = Counter(sizes).most_common(1)[0]
    yield f"files       {sides[0]:,} to {sides[-1]:,} pixels wide and high, most often {width} x {height} ({count:,})"
    small = sum(min(size) < data.load_size for size in sizes)
    if small:
        yield f"enlarged    {small:,} photos smaller than {data.load_size} pixels"


def _describe_batch(shapes: list[str]) -> Iterator[str]:
    yield ""
    yield "batch       type     shape                range"
    yield from shapes


def _list_names(names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - _MAX_NAMES:,} more" if len(names) > _MAX_NAMES else ""
    return f": {', '.join(printable(name) for name in names[:_MAX_NAMES])}{more}"


def _format_table(channels: list[ChannelStatistics]) -> Iterator[str]:
    yield f"{'channel':<12}{'mean':>9}{'std':>9}{'min':>9}{'max':>9}"
    for channel in channels:
        values = (channel.mean, channel.std, channel.min, channel.max)
        yield f"{channel.name:<12}" + "".join(f"{value:>9.4f}" for value in values)


def _some_hints(hints: Hints, color: Tensor, color_space: ColorSpace) -> Tensor:
    """Training hints, sampled again for photos that got none."""
    draws = torch.Generator().manual_seed(0)
    sampled = hints.sample(color, draws, color_space)
    for _ in range(_MAX_DRAWS):
        is_empty = sampled[:, -1].flatten(1).amax(1) <= 0
        if not is_empty.any():
            break
        sampled[is_empty] = hints.sample(color[is_empty], draws, color_space)
    return sampled


def _draw_sheet(
    batch: PhotoBatch, color_space: ColorSpace, hints: Hints, out: Path, photos: int, names: list[str]
) -> None:
    rgb = batch["rgb"][:photos]
    gray, color = color_space.split(rgb.float() / 255)
    columns: dict[str, Tensor] = {"gray": (gray + 1) / 2}
    if hints.channels(color_space.channels):
        sampled = hints.empty(color)
        if len(rgb) > 1:
            sampled[1::2] = _some_hints(hints, color[1::2], color_space)
        columns["hints"] = hints.picture(gray, sampled, color_space)
    if color_space.channels < 3:  # three color channels are the photo itself
        columns["color only"] = color_space.merge(torch.full_like(gray, 0.2), color)
    columns |= {name: (color[:, [channel]] + 1) / 2 for channel, name in enumerate(color_space.names)}
    columns["reference"] = rgb
    sheet = contact_sheet(
        columns,
        captions=[names[index] for index in batch["index"][:photos].tolist()],
        title=f"A training batch in {type(color_space).__name__}, channels from -1 (black) to 1 (white)",
        blocks=2 if len(rgb) > 3 else 1,
    )
    try:
        with atomic_write(out) as temporary:
            sheet.save(temporary, "PNG")
    except OSError as error:
        raise ColorganError(f"cannot write the sheet {printable(out)}: {error.strerror or error}") from error
