"""What the distances of this report mean: of true but coarse colors, and of models with other strengths of color.

python docs/reports/adversary/distances.py FOLDER_OF_PHOTOS [CHECKPOINT ...]
"""

import sys
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from kornia.color import lab_to_rgb, rgb_to_lab
from PIL import Image
from torch import Tensor

from colorgan.images import list_photos, read_rgb
from colorgan.inference.open_model import open_model
from colorgan.metrics import FeatureExtractor, frechet_distance, psnr

SIZE = 64


def measure(name: str, images: Tensor, photos: Tensor, features: Callable[[Tensor], Tensor]) -> None:
    """Prints a row: the distance to the photos, and the mean PSNR."""
    distance = frechet_distance(features(images), features(photos))
    print(f"| {name} | {distance:.1f} | {psnr(images / 255, photos / 255).mean():.2f} |", flush=True)


def coarse(photos: Tensor, factor: int) -> Tensor:
    """The photos with their own a* and b*, averaged over squares of ``factor`` pixels and enlarged again."""
    lab = rgb_to_lab(photos / 255)
    small = F.interpolate(lab[:, 1:], scale_factor=1 / factor, mode="area")
    color = F.interpolate(small, lab.shape[-2:], mode="bilinear")
    return (lab_to_rgb(torch.cat([lab[:, :1], color], dim=1)).clamp(0, 1) * 255).round().byte()


def main(folder: str, *checkpoints: str) -> None:
    """Prints both tables."""
    extractor = FeatureExtractor("efficientnet-lite2")

    def features(images: Tensor) -> Tensor:
        with torch.no_grad():
            return torch.cat([extractor(batch) for batch in images.split(60)])

    arrays = [np.asarray(Image.fromarray(read_rgb(file)).resize((SIZE, SIZE))) for file in list_photos(folder)]
    photos = torch.from_numpy(np.stack(arrays)).permute(0, 3, 1, 2)
    for factor in (2, 4, 8, 16):
        measure(f"true colors at 1/{factor} of the size", coarse(photos, factor), photos, features)
    for checkpoint in checkpoints:
        model = open_model(checkpoint)
        for strength in (1.0, 1.1, 1.2):
            colorized = np.stack([np.asarray(image) for image in model.colorize(arrays, strength=strength)])
            images = torch.from_numpy(colorized).permute(0, 3, 1, 2)
            measure(f"{checkpoint}, strength {strength}", images, photos, features)


if __name__ == "__main__":
    main(*sys.argv[1:])
