"""Checks that a model obeys a hint where it is, and changes nothing far away.

    python tools/model/red_point.py [CHECKPOINT] [--photos FOLDER]

A red hint of reach 0 is put on the left of each photo; on a square of 160 pixels, its radius is 10 pixels, and far away
means more than 70 pixels. Differences are means of CIEDE2000. The bounds, for each single photo: less than 10 from the
color of the hint within its radius, a change of more than 10 there, and of less than 4 far away. The exit code is 1 if
a photo exceeds one.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from colorgan import ColorHint
from colorgan.color.cielab import fy, lab_to_linear, linear_to_srgb, rgb_to_ab
from colorgan.color.difference import ciede2000
from colorgan.color.tensors import to_lab
from colorgan.images import SAMPLE_PHOTOS, list_photos
from colorgan.inference.torch_colorizer import TorchColorizer

RED = "#c81e28"
SIDE, RADIUS, FAR = 160, 10, 70
MAX_FROM_HINT, MIN_CHANGE, MAX_FAR = 10, 10, 4


@dataclass(frozen=True)
class RedPoint:
    """What a red hint does to a photo: mean CIEDE2000 differences.

    Attributes:
        from_hint: from the color of the hint, within its radius.
        change: from the result without the hint, within its radius.
        far: the same far away.
    """

    from_hint: float
    change: float
    far: float

    @property
    def is_within_bounds(self) -> bool:
        return self.from_hint < MAX_FROM_HINT and self.change > MIN_CHANGE and self.far < MAX_FAR


def measure(model: TorchColorizer, file: Path) -> RedPoint:
    """Puts a red hint on the left of a photo."""
    gray = Image.open(file).convert("L")
    scale = min(gray.size) / SIDE
    x, y, radius = gray.width / 4, gray.height / 2, RADIUS * scale
    without = model.colorize(gray)
    hinted = model.colorize(gray, hints=[ColorHint(x, y, RED, radius, reach=0)])
    rows, columns = np.mgrid[: gray.height, : gray.width] + 0.5
    distance = np.hypot(columns - x, rows - y)

    lightness = fy(np.array(gray))
    ab = rgb_to_ab(np.array([[ColorHint(0, 0, RED, 1).rgb]], np.uint8))
    a, b = (np.full_like(lightness, value.item()) for value in ab)
    channels = [linear_to_srgb(channel) for channel in lab_to_linear(lightness, a, b)]
    expected = Image.fromarray(np.stack(channels, axis=-1))
    changed, inside = _difference(hinted, without), distance <= radius
    return RedPoint(
        from_hint=float(_difference(hinted, expected)[inside].mean()),
        change=float(changed[inside].mean()),
        far=float(changed[distance > FAR * scale].mean()),
    )


def _difference(first: Image.Image, second: Image.Image) -> np.ndarray:
    """CIEDE2000 of every pixel, (H, W)."""
    photos = [torch.from_numpy(np.array(photo)).permute(2, 0, 1)[None] / 255 for photo in (first, second)]
    return ciede2000(to_lab(photos[0]), to_lab(photos[1]))[0].numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", nargs="?", help="default: the shipped model")
    parser.add_argument(
        "--photos", type=Path, default=SAMPLE_PHOTOS / "val", help="default: the held-out sample photos"
    )
    options = parser.parse_args()
    model = TorchColorizer.from_checkpoint(options.checkpoint)
    if not model.takes_hints:
        raise SystemExit("this model takes no hints")
    files = list_photos(options.photos)
    points = [measure(model, file) for file in files]
    for label in ("from_hint", "change", "far"):
        values = [getattr(point, label) for point in points]
        print(f"{label:>9}: mean {np.mean(values):5.2f}  smallest {min(values):5.2f}  largest {max(values):5.2f}")
    beyond = [(file, point) for file, point in zip(files, points, strict=True) if not point.is_within_bounds]
    for file, point in beyond:
        print(f"beyond: {file.name}: {point.from_hint:.2f}, {point.change:.2f}, far {point.far:.2f}")
    print(f"{len(files) - len(beyond)} of {len(files)} photos are within the bounds")
    sys.exit(1 if beyond else 0)


if __name__ == "__main__":
    main()
