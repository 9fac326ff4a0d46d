"""What each part of an adversary and each term of the loss adds to a training step.

Every turn trains each variant of one model for some batches. All are compared with the first, a UNet with a PatchGAN.
Penalties are computed in every update here; every 16th, R1 costs a sixteenth of what it adds.

    python benchmarks/adversary_steps.py
    python benchmarks/adversary_steps.py --photos flowers/train --precision bf16-mixed
"""

import argparse
import functools
import logging
import statistics
import warnings
from collections.abc import Callable
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from side_by_side import Run, Stopwatch, machine

from colorgan.data import Photos
from colorgan.models import (
    R1,
    R1R2,
    Colorfulness,
    DiffAugment,
    FeatureMatching,
    Hinge,
    Huber,
    MultiScale,
    PatchGAN,
    Perceptual,
    ProjectedDiscriminator,
    Relativistic,
    UNet,
)
from colorgan.training.gan import ColorGAN


class BatchTimer(Callback):
    """Measures each batch but the first."""

    def __init__(self) -> None:
        self.runs: list[Run] = []
        self._stopwatch: Stopwatch | None = None

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Starts the clock."""
        _wait()
        self._stopwatch = Stopwatch() if batch_idx else None

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        """Stops it."""
        _wait()
        if self._stopwatch is not None:
            self.runs.append(self._stopwatch.stop())


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def variants(width: int) -> dict[str, dict[str, Any]]:
    """Arguments of ColorGAN beside the generator and the size, by name; the reference first."""
    patch = functools.partial(PatchGAN, width=width)
    smooth = functools.partial(PatchGAN, width=width, norm="instance")
    projected = functools.partial(ProjectedDiscriminator, width=width)
    return {
        "PatchGAN": {"discriminator": patch},
        "no discriminator": {"discriminator": None},
        "spectral norm": {"discriminator": functools.partial(PatchGAN, width=width, spectral_norm=True)},
        "instance norm": {"discriminator": smooth},
        "MultiScale, 2 scales": {"discriminator": functools.partial(MultiScale, discriminator=patch)},
        "ProjectedDiscriminator": {"discriminator": projected, "adversarial": Hinge()},
        "ProjectedDiscriminator, resize 128": {
            "discriminator": functools.partial(projected, resize=128),
            "adversarial": Hinge(),
        },
        "instance norm, R1 in every update": {"discriminator": smooth, "discriminator_penalty": R1(every=1)},
        "instance norm, R1 + R2 in every update": {"discriminator": smooth, "discriminator_penalty": R1R2(every=1)},
        "relativistic": {"discriminator": patch, "adversarial": Relativistic()},
        "DiffAugment": {"discriminator": patch, "discriminator_augmentation": DiffAugment()},
        "DiffAugment, adaptive": {"discriminator": patch, "discriminator_augmentation": DiffAugment(target=0.6)},
        "FeatureMatching": {"discriminator": patch, "losses": [FeatureMatching()]},
        "Perceptual": {"discriminator": patch, "losses": [Perceptual()]},
        "Colorfulness": {"discriminator": patch, "losses": [Colorfulness()]},
        "Huber": {"discriminator": patch, "losses": [Huber()]},
    }


def timed(make: Callable[[], ColorGAN], data: Photos, options: argparse.Namespace) -> list[Run]:
    """Trains a new model for some batches, and measures them."""
    timer = BatchTimer()
    trainer = Trainer(
        max_epochs=1,
        limit_train_batches=options.batches + 1,
        limit_val_batches=0,
        precision=options.precision,
        accelerator="gpu" if options.device == "cuda" else "cpu",
        devices=1,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[timer],
    )
    torch.manual_seed(0)
    trainer.fit(make(), data)
    return timer.runs


def main() -> None:
    """Prints a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", default="sample", help="folder of photos; the sample photos by default")
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--width", type=int, default=16, help="width of the discriminators; the UNet has half of it")
    parser.add_argument("--batches", type=int, default=4, help="measured batches of each variant in a turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--precision", default="32-true")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    for name in ("lightning.pytorch", "timm"):
        logging.getLogger(name).setLevel(logging.ERROR)

    data = Photos(options.photos, size=options.size, batch_size=options.batch_size, num_workers=0)
    generator = functools.partial(UNet, width=options.width // 2)
    cases = variants(options.width)
    runs: dict[str, list[Run]] = {name: [] for name in cases}
    for _ in range(options.turns):
        for name, case in cases.items():
            make = functools.partial(ColorGAN, generator=generator, image_size=options.size, **case)
            runs[name] += timed(make, data, options)
    print(
        f"{machine()}, {options.precision}, {options.batch_size} photos of {options.size} px, width {options.width}\n"
    )
    print("| variant | CPU seconds per step | ratio |\n|---|---:|---:|")
    medians = {name: statistics.median(run.cpu for run in measured) for name, measured in runs.items()}
    for name, median in medians.items():
        print(f"| {name} | {median:.3f} | {median / next(iter(medians.values())):.2f} |")


if __name__ == "__main__":
    main()
