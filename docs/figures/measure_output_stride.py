# ruff: noqa: T201
"""Measures what ``output_stride``, color queries and classification cost and gain, for docs/training.md.

OMP_NUM_THREADS=1 python docs/figures/measure_output_stride.py PHOTOS [--steps 250 --size 64 --batch 8]

All networks are trained on the same photos in the same order, alone, with the same seed. Times are those of the
process (CPU time) on one core.
"""

import argparse
import functools
import time
from collections.abc import Callable
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


class Training:
    """A model in training.

    Args:
        name: its name in ``MODELS``.
        size: height and width of the photos.
    """

    def __init__(self, name: str, size: int) -> None:
        make, stride, self.space, self.loss, self.degradation = MODELS[name]
        torch.manual_seed(0)
        build = functools.partial(make, **ENCODER, output_stride=stride)
        self.network = ColorizationNetwork(build(1, self.space.output_channels), self.space, size=size)
        self.network.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=5e-4)

    def step(self, photos: Tensor) -> None:
        """A step on a batch of photos, uint8."""
        self.network.train()
        gray, target = self.space.split(photos.float() / 255)
        seen = gray if self.degradation is None else self.degradation(gray)
        output = self.network.run_generator(seen)
        comparison = Comparison(self.network.decode(output, seen), target, gray, self.space, output=output)
        self.optimizer.zero_grad()
        self.loss(comparison).backward()
        self.optimizer.step()

    @torch.inference_mode()
    def predict(self, photos: Tensor) -> Tensor:
        """Colorizes a batch of photos, uint8, to RGB in [0, 1]."""
        return self.network.eval()(photos.float() / 255)


def timed(function: Callable[[Tensor], object], photos: Tensor) -> float:
    """CPU time of a call, in milliseconds."""
    start = time.process_time()
    function(photos)
    return 1000 * (time.process_time() - start)


def timing_table(photos: Tensor, rounds: int) -> str:
    """Medians over rounds, in each of which all models take a step and predict, so that they share the machine."""
    models = {name: Training(name, photos.shape[-1]) for name in MODELS}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in models}
    for _ in range(rounds + 1):
        for name, model in models.items():
            times[name].append((timed(model.step, photos), timed(model.predict, photos)))
    rows = ["| network | parameters, million | step, ms a photo | prediction, ms a photo |", "|---|---:|---:|---:|"]
    for name, model in models.items():
        step, prediction = np.median(times[name][1:], axis=0) / len(photos)
        count = sum(each.numel() for each in model.network.parameters()) / 1e6
        rows.append(f"| {name} | {count:.2f} | {step:.1f} | {prediction:.1f} |")
    return "\n".join(rows)


def train(name: str, photos: Tensor, validation: Tensor, steps: int, batch: int) -> str:
    """Trains a model and returns a row of the table."""
    model = Training(name, photos.shape[-1])
    for rows in np.random.default_rng(0).integers(0, len(photos), (steps, batch)):
        model.step(photos[rows])
    predicted = torch.cat([model.predict(part) for part in validation.split(batch)])
    chroma = torch.cat([Lab().split(part)[1].norm(dim=1).mean(dim=(1, 2)) for part in predicted.split(batch)]).mean()
    return f"| {name} | {psnr(predicted, validation.float() / 255):.2f} | {110 * float(chroma):.1f} |"


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
    parser.add_argument("--rounds", type=int, default=15)
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
    print(timing_table(photos[: options.batch], options.rounds), flush=True)
    print("| network | PSNR, dB | chroma |\n|---|---:|---:|")
    for name in MODELS if options.steps else ():
        print(train(name, photos, validation, options.steps, options.batch), flush=True)


if __name__ == "__main__":
    main()
