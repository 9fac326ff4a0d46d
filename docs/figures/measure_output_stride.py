# ruff: noqa: T201
"""Measures what ``output_stride``, color queries and classification cost and gain, for docs/training.md.

OMP_NUM_THREADS=1 python docs/figures/measure_output_stride.py PHOTOS [--steps 150]

All networks are trained on the same photos in the same order, alone, with the same seed. Seconds are those of the
process (CPU time), of whole training steps on one core.
"""

import argparse
import functools
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from colorgan.images import list_photos, read_rgb
from colorgan.models import (
    L1,
    ColorizationNetwork,
    Comparison,
    CrossEntropy,
    EncoderUNet,
    Lab,
    OldPhotos,
    QuantizedLab,
    QueryUNet,
)
from colorgan.models.layers.guided_enlargement import enlarge_along

ENCODER = {"encoder": "tf_efficientnet_lite0", "weights": "package", "width": 16}
MODELS = {
    "EncoderUNet, full size": (EncoderUNet, 1, Lab(), L1(), None),
    "EncoderUNet, half size": (EncoderUNet, 2, Lab(), L1(), None),
    "EncoderUNet, quarter size": (EncoderUNet, 4, Lab(), L1(), None),
    "QueryUNet, full size": (QueryUNet, 1, Lab(), L1(), None),
    "QueryUNet, half size": (QueryUNet, 2, Lab(), L1(), None),
    "EncoderUNet, quarter size, QuantizedLab": (EncoderUNet, 4, QuantizedLab(), CrossEntropy(), None),
    "EncoderUNet, full size, OldPhotos": (EncoderUNet, 1, Lab(), L1(), OldPhotos()),
}


def load(files: list[Path], size: int) -> Tensor:
    """The middle of photos, uint8 (N, 3, size, size)."""
    photos = []
    for file in files:
        image = Image.fromarray(read_rgb(file, shrink_to=size))
        scale = size / min(image.size)
        image = image.resize((max(size, round(image.width * scale)), max(size, round(image.height * scale))))
        left, top = (image.width - size) // 2, (image.height - size) // 2
        photos.append(np.asarray(image.crop((left, top, left + size, top + size))))
    return torch.from_numpy(np.stack(photos)).permute(0, 3, 1, 2).contiguous()


def psnr(predicted: Tensor, target: Tensor) -> float:
    """Mean PSNR in dB of photos in [0, 1]."""
    return float((-10 * (predicted - target).square().mean(dim=(1, 2, 3)).log10()).mean())


def train(name: str, photos: Tensor, validation: Tensor, steps: int, batch: int) -> str:
    """Trains a model and returns a row of the table."""
    make, stride, space, loss, degradation = MODELS[name]
    torch.manual_seed(0)
    build = functools.partial(make, **ENCODER, output_stride=stride)
    network = ColorizationNetwork(build(1, space.output_channels), space, size=photos.shape[-1])
    network.to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-4)
    order = np.random.default_rng(0).integers(0, len(photos), (steps, batch))
    start = time.process_time()
    for rows in order:
        gray, target = space.split(photos[rows].float() / 255)
        seen = gray if degradation is None else degradation(gray)
        output = network.run_generator(seen)
        comparison = Comparison(network.decode(output, seen), target, gray, space, output=output)
        optimizer.zero_grad()
        loss(comparison).backward()
        optimizer.step()
    seconds = (time.process_time() - start) / steps
    network.eval()
    start = time.process_time()
    with torch.inference_mode():
        predicted = torch.cat([network(part.float() / 255) for part in validation.split(batch)])
    inference = (time.process_time() - start) / len(validation)
    target = validation.float() / 255
    chroma = torch.cat([Lab().split(part)[1].norm(dim=1).mean(dim=(1, 2)) for part in predicted.split(batch)]).mean()
    parameters = sum(each.numel() for each in network.parameters()) / 1e6
    return (
        f"| {name} | {parameters:.2f} | {seconds:.3f} | {1000 * inference:.1f} | {psnr(predicted, target):.2f} | "
        f"{110 * float(chroma):.1f} |"
    )


def ceiling(validation: Tensor, stride: int) -> float:
    """PSNR of the photos' own colors, averaged and enlarged: what no network at this stride exceeds by much."""
    target = validation.float() / 255
    gray, color = Lab().split(target)
    return psnr(Lab().merge(gray, enlarge_along(gray, F.avg_pool2d(color, stride), stride, Lab())), target)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--size", type=int, default=96)
    options = parser.parse_args()
    torch.set_num_threads(1)
    files = list_photos(options.photos)
    chosen = [files[index] for index in np.random.default_rng(0).permutation(len(files))[:1400]]
    photos, validation = load(chosen[:-200], options.size), load(chosen[-200:], options.size)
    for stride in (2, 4):
        print(f"the photos' own colors at stride {stride}: PSNR {ceiling(validation, stride):.2f} dB", flush=True)
    gray = Lab().split(validation.float() / 255)[0]
    print(f"gray: PSNR {psnr(Lab().merge(gray, Lab().neutral(gray)), validation.float() / 255):.2f} dB", flush=True)
    print(
        "| network | parameters, million | step, s | prediction, ms | PSNR, dB | chroma |\n"
        "|---|---:|---:|---:|---:|---:|"
    )
    for name in MODELS:
        print(train(name, photos, validation, options.steps, options.batch), flush=True)


if __name__ == "__main__":
    main()
