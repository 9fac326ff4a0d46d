"""Peak GPU memory of ``colorgan fit`` with the flowers recipe and ``configs/hardware/laptop_8gb.yaml``.

python benchmarks/peak_memory.py
"""

import tempfile

import torch
from fit_in_turns import CONFIGS, photos_options
from side_by_side import machine

from colorgan.cli.trainer import train

_OVERLAYS = ("base.yaml", "recipes/flowers_unet.yaml", "hardware/laptop_8gb.yaml")


def main() -> None:
    """Trains two epochs of eight batches, with validation and samples, and prints the peak."""
    if not torch.cuda.is_available():
        raise SystemExit("peak_memory.py measures the memory of a CUDA device, and there is none")
    with tempfile.TemporaryDirectory() as folder:
        train(
            [
                "fit",
                *(f"--config={CONFIGS / overlay}" for overlay in _OVERLAYS),
                *photos_options("sample", 128, 8),
                f"--runs={folder}",
                "--trainer.max_epochs=2",
                "--trainer.limit_train_batches=8",
            ]
        )
    print(f"\n## Peak memory of laptop_8gb.yaml\n\n{machine()}\n")
    print(f"{torch.cuda.max_memory_allocated() / 1e9:.2f} GB of tensors")
    print(f"{torch.cuda.max_memory_reserved() / 1e9:.2f} GB reserved by the allocator")


if __name__ == "__main__":
    main()
