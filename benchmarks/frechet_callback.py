"""What share of an epoch the Fréchet callback takes: CPU time of the callback against that of training, in one run.

``fit`` trains ``configs/base.yaml`` for two short epochs. The second one, whose photos already have features, is scaled
to an epoch of 8,000 photos, a tenth of them for validation. The first epoch extracts the features of the photos and of
their gray versions as well, once per run.

    python benchmarks/frechet_callback.py photos1000 --batches 6
"""

import argparse
import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from side_by_side import machine

from colorgan.cli import main as run_cli
from colorgan.metrics.frechet import frechet_distance
from colorgan.training.callbacks import FrechetDistance

_CONFIG = Path(__file__).parents[1] / "configs" / "base.yaml"
_EPOCH, _VALIDATION = 8000, 800


def main() -> None:
    """Measures the share."""
    parser = argparse.ArgumentParser(description="Measure the share of the Fréchet callback in an epoch.")
    parser.add_argument("photos", type=Path, help="a folder of photos")
    parser.add_argument("--batches", type=int, default=6, help="training batches to time, at least 2")
    parser.add_argument("--batch-size", type=int, default=32, help="photos per batch")
    parser.add_argument("config", nargs="*", help="further arguments of fit, such as --trainer.precision bf16-mixed")
    options, more = parser.parse_known_args()
    photos = options.photos.resolve()

    seconds: dict[tuple[str, int], float] = defaultdict(float)
    counts: dict[int, int] = defaultdict(int)
    started: dict[str, float] = {}

    def timed(name: str, method: Callable[..., None]) -> Callable[..., None]:
        def run(self: FrechetDistance, trainer: Any, module: Any, *rest: Any) -> None:
            start = time.process_time()
            method(self, trainer, module, *rest)
            seconds[name, trainer.current_epoch] += time.process_time() - start
            if name == "update":
                counts[trainer.current_epoch] += len(rest[0]["index"])

        return run

    def start_epoch(self: FrechetDistance, trainer: Any, module: Any) -> None:
        started["epoch"] = time.process_time()

    original = FrechetDistance.on_validation_epoch_start

    def end_training(self: FrechetDistance, trainer: Any, module: Any) -> None:
        seconds["training", trainer.current_epoch] += time.process_time() - started["epoch"]
        original(self, trainer, module)

    for name, method in {
        "update": timed("update", FrechetDistance.update),
        "on_train_epoch_start": start_epoch,
        "on_validation_epoch_start": end_training,
    }.items():
        setattr(FrechetDistance, name, method)
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        limits = {"max_epochs": 2, "limit_train_batches": options.batches, "limit_val_batches": 2}
        arguments = [text for name, value in limits.items() for text in (f"--trainer.{name}", str(value))]
        sizes = ["--data.batch_size", str(options.batch_size), "--data.val_batch_size", str(options.batch_size)]
        run_cli(["fit", "-c", str(_CONFIG), "--data.root", str(photos), *arguments, *sizes, *options.config, *more])
        os.chdir(Path(__file__).parent)
    features = torch.randn(_VALIDATION, 1280)
    start = time.process_time()
    frechet_distance(features, features + 0.1)
    distance = time.process_time() - start
    training = seconds["training", 1] / (options.batches * options.batch_size) * _EPOCH
    per_photo = seconds["update", 1] / counts[1]
    callback = per_photo * _VALIDATION + distance
    first = seconds["update", 0] / counts[0] * _VALIDATION + 2 * distance
    print(f"\n## Fréchet callback, {_VALIDATION} of {_EPOCH} photos, CPU seconds\n\n{machine()}\n")
    print("| training an epoch | callback | share | in the first epoch |\n|---:|---:|---:|---:|")
    print(f"| {training:.0f} | {callback:.1f} | {callback / training:.1%} | {first / training:.1%} |")
    trained = options.batches * options.batch_size
    print(f"\nscaled from {trained} training and {counts[1]} validation photos; to reach: 5 %")


if __name__ == "__main__":
    main()
