"""Makes examples of marks and their regions from color photos, without anybody drawing regions.

A color photo tells where things end much better than its gray version. So the photo is segmented in color, and the
network has to find the region around a mark in the gray version alone. Some examples are drawn, because segmentations
of photos seldom fill large even places, such as skies, to their ends.
"""

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw
from scipy import ndimage
from skimage import color, segmentation
from tqdm import tqdm

SIDE = 160
CROP = 128

_SCALES = ((25, 60), (80, 120), (220, 200))
"""Coarseness and smallest region, in pixels, of Felzenszwalb and Huttenlocher's segmentation: parts, things, planes."""
_SCALE_PROBABILITIES = (0.25, 0.45, 0.3)
_AREAS = 0.012, 0.6
_DRAWN, _DRAWN_AREAS = 0.2, (0.012, 0.85)
"""Probability of a drawn example."""

Plane = npt.NDArray[np.float32]


def segment(path: Path, seed: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint16]]:
    """A square of a photo: its lightness (160, 160), and its regions at three scales (3, 160, 160)."""
    rng = np.random.default_rng(seed)
    with Image.open(path) as file:
        photo = file.convert("RGB")
    factor = SIDE / min(photo.size)
    photo = photo.resize([max(SIDE, round(side * factor)) for side in photo.size], Image.Resampling.BICUBIC)
    left, top = (int(rng.integers(side - SIDE + 1)) for side in photo.size)
    lab = color.rgb2lab(np.asarray(photo.crop((left, top, left + SIDE, top + SIDE))))
    weighted = lab * [0.7 / 100, 1 / 60, 1 / 60]
    regions = [
        segmentation.felzenszwalb(weighted, scale=scale, sigma=0.8, min_size=size, channel_axis=-1)
        for scale, size in _SCALES
    ]
    return np.round(lab[..., 0] * 2.55).astype(np.uint8), np.stack(regions).astype(np.uint16)


def segment_all(files: Sequence[Path], num_workers: int) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint16]]:
    """Segments all photos; see :func:`segment`."""
    with ProcessPoolExecutor(num_workers) as pool:
        found = pool.map(segment, files, range(len(files)), chunksize=16)
        lightness, regions = zip(*tqdm(found, total=len(files), unit="photo"), strict=True)
    return np.stack(lightness), np.stack(regions)


def examples(
    lightness: npt.NDArray[np.uint8], regions: npt.NDArray[np.uint16], rng: np.random.Generator
) -> Iterator[list[Plane]]:
    """Yields lightness, mark, distance to the mark, and the region to find, each (1, 128, 128), without end."""
    while True:
        if rng.random() < _DRAWN:
            example = _example(*_drawing(rng), _DRAWN_AREAS, rng)
        else:
            index, scale = rng.integers(len(lightness)), rng.choice(len(_SCALES), p=_SCALE_PROBABILITIES)
            top, left = rng.integers(SIDE - CROP + 1, size=2)
            window = np.s_[top : top + CROP, left : left + CROP]
            example = _example(lightness[index][window] / np.float32(255), regions[index, scale][window], _AREAS, rng)
        if example is not None:
            yield _augmented(example, rng)


def _drawing(rng: np.random.Generator) -> tuple[Plane, npt.NDArray[np.uint16]]:
    """Lightness and labels of shapes on a ground, each with its own lightness, slope and texture."""
    canvas = Image.new("L", (CROP, CROP))
    draw = ImageDraw.Draw(canvas)
    num_shapes = int(rng.integers(1, 7))
    for label in range(1, num_shapes + 1):
        corners = rng.uniform(-0.3 * CROP, 1.3 * CROP, size=(int(rng.integers(3, 7)), 2))
        if rng.random() < 0.4:
            draw.ellipse((*corners[:2].min(axis=0), *corners[:2].max(axis=0)), fill=label)
        else:
            draw.polygon([(float(x), float(y)) for x, y in corners], fill=label)
    labels = np.asarray(canvas).astype(np.uint16)
    lightness = np.zeros((CROP, CROP))
    slope = np.linspace(-0.5, 0.5, CROP)
    for label in range(num_shapes + 1):
        across, down = rng.normal(scale=0.12, size=2) * (rng.random() < 0.7)
        texture = ndimage.gaussian_filter(rng.normal(size=(CROP, CROP)), rng.uniform(0, 3))
        plane = rng.uniform(0.05, 0.95) + across * slope + down * slope[:, None]
        plane = plane + texture / texture.std() * rng.uniform(0, 0.08) * (rng.random() < 0.6)
        lightness[labels == label] = plane[labels == label]
    lightness = ndimage.gaussian_filter(lightness, rng.uniform(0.2, 1.2))
    return np.clip(lightness, 0, 1).astype(np.float32), labels


def _example(
    lightness: Plane, labels: npt.NDArray[np.uint16], area: tuple[float, float], rng: np.random.Generator
) -> list[Plane] | None:
    ids, counts = np.unique(labels, return_counts=True)
    areas = counts / labels.size
    fits = (areas > area[0]) & (areas < area[1])
    if not fits.any():
        return None
    weights = np.sqrt(areas[fits])
    region = labels == rng.choice(ids[fits], p=weights / weights.sum())
    depth = ndimage.distance_transform_edt(np.pad(region, 1))[1:-1, 1:-1]
    y, x = np.nonzero(depth >= max(2, rng.random() * depth.max()))
    if not len(y):
        return None
    chosen = rng.integers(len(y), size=rng.integers(2, 5))
    row, column = y[chosen[0]], x[chosen[0]]
    parts, _ = ndimage.label(region)
    region = parts == parts[row, column]
    radius = min(np.exp(rng.uniform(np.log(1.2), np.log(9))), depth[row, column])
    rows, columns = np.mgrid[:CROP, :CROP]
    mark = np.hypot(rows - row, columns - column) <= radius
    if rng.random() < 0.3:
        mark |= _stroke([(int(x[each]), int(y[each])) for each in chosen], min(radius, 3)) & region
    distance = ndimage.distance_transform_edt(~mark) / SIDE
    return [plane.astype(np.float32)[None] for plane in (lightness, mark, distance, region)]


def _stroke(points: Sequence[tuple[int, int]], radius: float) -> npt.NDArray[np.bool_]:
    canvas = Image.new("L", (CROP, CROP))
    ImageDraw.Draw(canvas).line(points, fill=1, width=max(1, round(2 * radius)))
    return np.asarray(canvas) > 0


def _augmented(example: list[Plane], rng: np.random.Generator) -> list[Plane]:
    """Other exposures, film grain, and mirrored photos."""
    lightness, *others = example
    lightness = np.clip(lightness ** np.exp(0.15 * rng.normal()) + 0.02 * rng.normal(), 0, 1)
    if rng.random() < 0.3:
        lightness = lightness + rng.normal(scale=rng.uniform(0, 0.04), size=lightness.shape)
    planes = [lightness, *others]
    if rng.random() < 0.5:
        planes = [plane[..., ::-1] for plane in planes]
    if rng.random() < 0.15:
        planes = [plane[:, ::-1] for plane in planes]
    return [np.ascontiguousarray(plane, np.float32) for plane in planes]
