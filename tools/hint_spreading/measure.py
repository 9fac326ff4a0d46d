"""Measures how hints fill what they are put on, on photos whose regions a person has drawn.

    python tools/hint_spreading/measure.py REGIONS [--half tuning] [--reach 0.5 1 2]

REGIONS is a folder of pairs NAME.jpg and NAME.png, a label map of the same size, such as those of BSDS500. Every other
photo, in the order of names, is for tuning; the figures of the documentation are those of the others.

- region, outside: a green dot in the middle of the largest uniform region. The shares of the region that take its color
  (distance in a*, b* below 15), and of the rest that changes (by more than 5).
- five hints: CIEDE2000 to the photo without hints, and with dots of the true colors in the five largest regions.
- two hints: of different colors, in the two largest regions that touch. The shares of these regions, where they are
  painted at all, that take their own color and that of the other.
"""

import argparse
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage
from skimage import color

from colorgan.inference import ColorHint, Hint, PhotoColorizer, open_model
from colorgan.inference.hints.spreading import clear_cache

Plane = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

GREEN = (-35.0, 30.0)


@dataclass(frozen=True)
class LabeledPhoto:
    """A photo in L*a*b*, its gray version, and its regions."""

    name: str
    lab: Plane
    gray: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64]

    def regions(self) -> Iterator[Mask]:
        """The largest connected part of each label."""
        for label in np.unique(self.labels):
            parts, count = ndimage.label(self.labels == label)
            yield parts == 1 + int(np.argmax(ndimage.sum_labels(np.ones_like(parts), parts, range(1, count + 1))))


def load(folder: Path, half: str) -> list[LabeledPhoto]:
    """Reads one half of the photos."""
    photos = []
    for path in sorted(folder.glob("*.jpg"))[{"tuning": 0, "held-out": 1}[half] :: 2]:
        lab = color.rgb2lab(np.asarray(Image.open(path).convert("RGB")))
        gray = color.lab2rgb(np.dstack([lab[..., 0], np.zeros((*lab.shape[:2], 2))]))
        labels = np.asarray(Image.open(path.with_suffix(".png"))).astype(np.int64)
        photos.append(LabeledPhoto(path.stem, lab, np.round(gray * 255).astype(np.uint8), labels))
    if not photos:
        raise SystemExit(f"{folder} has no pairs of NAME.jpg and NAME.png")
    return photos


def middle(mask: Mask) -> tuple[int, int, float]:
    """Row and column of the place that is farthest from the border of a region, and that distance in pixels."""
    depth = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
    row, column = np.unravel_index(np.argmax(depth), depth.shape)
    return int(row), int(column), float(depth.max())


def uniform_region(photo: LabeledPhoto) -> Mask | None:
    """The region whose lightness varies least, of those that are neither small nor large, light nor dark."""
    lightness, best = photo.lab[..., 0], None
    for mask in photo.regions():
        fits = 0.04 < mask.mean() < 0.35 and 25 < lightness[mask].mean() < 85
        if fits and middle(mask)[2] >= 14 and (best is None or lightness[mask].std() < lightness[best].std()):
            best = mask
    return best


def hex_code(lightness: float, ab: Sequence[float]) -> str:
    """The sRGB code of a color, clipped to the gamut."""
    rgb = np.round(color.lab2rgb(np.array([[[lightness, *ab]]]))[0, 0] * 255).astype(int)
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def ab_of(rgb: npt.NDArray[np.uint8]) -> Plane:
    planes: Plane = color.rgb2lab(rgb)[..., 1:]
    return planes


def distance(ab: Plane, other: Plane | Sequence[float]) -> Plane:
    norm: Plane = np.linalg.norm(ab - np.asarray(other), axis=-1)
    return norm


def region_and_outside(model: PhotoColorizer, photo: LabeledPhoto, reach: float) -> tuple[float, float] | None:
    mask = uniform_region(photo)
    if mask is None:
        return None
    row, column, _ = middle(mask)
    code = hex_code(photo.lab[row, column, 0], GREEN)
    shown = ab_of(np.array([[[int(code[at : at + 2], 16) for at in (1, 3, 5)]]], np.uint8))[0, 0]
    before = ab_of(model.colorize(photo.gray))
    after = ab_of(model.colorize(photo.gray, hints=[ColorHint(column + 0.5, row + 0.5, code, reach=reach)]))
    return float((distance(after, shown) < 15)[mask].mean()), float((distance(after, before) > 5)[~mask].mean())


def five_hints(model: PhotoColorizer, photo: LabeledPhoto, reach: float) -> tuple[float, float]:
    hints: list[Hint] = []
    for mask in sorted(photo.regions(), key=lambda region: -int(region.sum()))[:5]:
        row, column, depth = middle(mask)
        radius = min(max(depth, 1.0), 6.4)
        near = ColorHint(column + 0.5, row + 0.5, "gray", radius).mask(mask.shape[::-1], mask.shape) & mask
        code = hex_code(photo.lab[near][:, 0].mean(), photo.lab[near][:, 1:].mean(axis=0))
        hints.append(ColorHint(column + 0.5, row + 0.5, code, radius, reach))
    errors = [
        float(color.deltaE_ciede2000(photo.lab, color.rgb2lab(model.colorize(photo.gray, hints=given))).mean())
        for given in (None, hints)
    ]
    return errors[0], errors[1]


def two_hints(model: PhotoColorizer, photo: LabeledPhoto, reach: float) -> tuple[float, float] | None:
    regions = sorted(photo.regions(), key=lambda region: -int(region.sum()))[:6]
    grown = [ndimage.binary_dilation(mask, iterations=2) for mask in regions]
    for one in range(len(regions)):
        for two in range(one + 1, len(regions)):
            if (grown[one] & grown[two]).sum() > 60:
                return _two_hints(model, photo, (regions[one], regions[two]), reach)
    return None


def _two_hints(
    model: PhotoColorizer, photo: LabeledPhoto, masks: tuple[Mask, Mask], reach: float
) -> tuple[float, float]:
    colors = np.array([(-25.0, 20.0), (25.0, -20.0)])
    hints: list[Hint] = []
    for mask, ab in zip(masks, colors, strict=True):
        row, column, depth = middle(mask)
        hints.append(
            ColorHint(column + 0.5, row + 0.5, hex_code(photo.lab[row, column, 0], ab), min(depth, 6.4), reach)
        )
    after = ab_of(model.colorize(photo.gray, hints=hints))
    along = ((after - colors[1]) @ (colors[0] - colors[1])) / np.square(colors[0] - colors[1]).sum()  # 1: first color
    painted = distance(after, ab_of(model.colorize(photo.gray))) > 5
    own = [float((along > 0.75)[masks[0] & painted].mean()), float((along < 0.25)[masks[1] & painted].mean())]
    other = [float((along < 0.25)[masks[0] & painted].mean()), float((along > 0.75)[masks[1] & painted].mean())]
    return float(np.nanmean(own)), float(np.nanmean(other))


def mean_of(figures: Iterable[tuple[float, float] | None]) -> str:
    found = [pair for pair in figures if pair is not None]
    first, second = np.mean(found, axis=0)
    return f"{first:8.3f} {second:8.3f}   ({len(found)} photos)"


def seconds_per_hint(model: PhotoColorizer, photo: LabeledPhoto) -> float:
    """CPU seconds for one more hint, from the photo to the result; the fastest of five."""
    hint, times = ColorHint(photo.gray.shape[1] / 2, photo.gray.shape[0] / 2, "seagreen"), []
    for _ in range(5):
        clear_cache()
        start = time.process_time()
        model.colorize(photo.gray, hints=[hint])
        times.append(time.process_time() - start)
    return min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("regions", type=Path)
    parser.add_argument("--half", choices=("tuning", "held-out"), default="held-out")
    parser.add_argument("--reach", type=float, nargs="+", default=[1.0])
    parser.add_argument("--checkpoint", help="default: the shipped model")
    args = parser.parse_args()
    photos, model = load(args.regions, args.half), open_model(args.checkpoint)
    for reach in args.reach:
        print(f"reach {reach:g}, {args.half} photos")
        print("  region, outside ", mean_of(region_and_outside(model, photo, reach) for photo in photos))
        print("  five hints      ", mean_of(five_hints(model, photo, reach) for photo in photos))
        print("  two hints       ", mean_of(two_hints(model, photo, reach) for photo in photos), flush=True)
    print(f"one hint, photo of 481 x 321 to result: {1000 * seconds_per_hint(model, photos[0]):.0f} ms of CPU")


if __name__ == "__main__":
    main()
