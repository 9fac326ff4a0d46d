"""How well photos take the palette of a reference: another photo, or their own colors.

For photos of ``$COLORGAN_DATA/photos1000``, chosen by a seed, it prints the distance of their colors to those of the
reference (mean 1-Wasserstein distance of a* and b* over 16 directions) and CIEDE2000 to the original, with and without
the reference. Photos that are gray are left out.

    python benchmarks/reference_photo.py
    python benchmarks/reference_photo.py --first 128 --photos 200 --checkpoint model.onnx
"""

import argparse
import os
import random
from pathlib import Path

import numpy as np
import torch
from scipy.stats import wasserstein_distance

from colorgan.color import cielab
from colorgan.color.difference import ciede2000
from colorgan.color.tensors import to_lab
from colorgan.images import read_rgb
from colorgan.inference import Look, Palette, open_model
from colorgan.inference.full_size import ChromaPrediction
from colorgan.inference.small_image import downscale, working_shape

_MIN_CHROMA = 3.0
_ANGLES = np.linspace(0, np.pi, 16, endpoint=False)


def distance(photo: np.ndarray, reference: np.ndarray) -> float:
    """Mean distance of the distributions of a* and b* of two photos, over 16 directions."""
    one, other = (cielab.rgb_to_ab(image).reshape(2, -1)[:, ::7] for image in (photo, reference))
    directions = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
    return float(np.mean([wasserstein_distance(row @ one, row @ other) for row in directions]))


def difference(photo: np.ndarray, original: np.ndarray) -> float:
    """Mean CIEDE2000 of two photos."""
    one, other = (to_lab(torch.from_numpy(image.copy()).permute(2, 0, 1)[None]) for image in (photo, original))
    return float(ciede2000(one, other).mean())


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description="Measure the palette of reference photos.")
    parser.add_argument("--checkpoint", metavar="PATH", help="the model (default: the one that ships with colorgan)")
    parser.add_argument("--photos", type=int, default=64, help="number of photos")
    parser.add_argument("--first", type=int, default=64, help="the first of the shuffled photos")
    parser.add_argument("--source", type=Path, default=Path(os.environ.get("COLORGAN_DATA", "data"), "photos1000"))
    options = parser.parse_args()
    files = sorted(options.source.glob("*.jpg"))
    random.Random(0).shuffle(files)  # noqa: S311
    model = open_model(options.checkpoint)
    photos = [read_rgb(file) for file in files[options.first : options.first + options.photos]]
    small = [downscale(photo, working_shape(photo.shape[:2], model.size)) for photo in photos]
    kept = [number for number, image in enumerate(small) if np.hypot(*cielab.rgb_to_ab(image)).mean() >= _MIN_CHROMA]
    photos, small = [photos[number] for number in kept], [small[number] for number in kept]
    palettes = [Palette.of(photo) for photo in photos]
    predictions: list[ChromaPrediction] = model.predict_chroma(photos)

    print(f"{len(photos)} photos\n\n| reference | distance of colors | CIEDE2000 to the original |\n|---|---|---|")
    for name, shift in (("the photo's own colors", 0), ("another photo", 1)):
        rows = []
        for number, prediction in enumerate(predictions):
            other = (number + shift * (len(photos) // 2)) % len(photos)
            shown = [prediction.apply_to(small[number], look) for look in (Look(), Look(reference=palettes[other]))]
            distances = [distance(image, small[other]) for image in shown]
            rows.append(distances + [difference(image, small[number]) for image in shown])
        before, after, error_before, error_after = np.mean(rows, axis=0)
        print(f"| {name} | {before:.1f} → {after:.1f} | {error_before:.1f} → {error_after:.1f} |")


if __name__ == "__main__":
    main()
