"""A training step of the Lab landscapes system: its own code against ``colorgan fit`` of the recipe, by default.

Both train the generator of complexity 72 and the discriminator of complexity 16 at 128 px. The reference is
Ricardicus/image-colorizer; its photos are converted to Lab beforehand, so it loads and converts nothing.

    git clone https://github.com/Ricardicus/image-colorizer CHECKOUT
    python benchmarks/landscapes_step.py --reference CHECKOUT
"""

import argparse
import itertools
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from fit_in_turns import CONFIGS, fit_in_turns, photos_options, random_photos
from side_by_side import report

_TRAINS_DISCRIMINATOR_EVERY = 2


def reference_step(checkout: Path, size: int, batch_size: int, device: str) -> Callable[[], object]:
    """The step of the published code, with the options of its README and the discriminator in every second step.

    Args:
        checkout: its repository.
        size: height and width in pixels.
        batch_size: photos per batch.
        device: ``cpu`` or ``cuda``.
    """
    if not (checkout / "model.py").is_file():
        raise SystemExit(f"--reference {checkout} has no model.py; give a checkout of image-colorizer")
    sys.path.insert(0, str(checkout))
    from model import Discriminator, UNet

    from train import train

    generator = UNet(1, 2, complexity=72).to(device)
    discriminator = Discriminator(3, complexity=16, dimension=size).to(device)
    optimizers = [torch.optim.Adam(network.parameters(), lr=1e-3) for network in (generator, discriminator)]
    losses = (torch.nn.L1Loss(), torch.nn.BCELoss())
    lab = random_photos(batch_size, size).to(device)
    batch = (lab[:, :1], lab[:, 1:])
    count = itertools.count()

    def step() -> None:
        trains_discriminator = next(count) % _TRAINS_DISCRIMINATOR_EVERY == 0
        train(
            generator,
            discriminator,
            batch,
            *optimizers,
            *losses,
            train_discriminator=trains_discriminator,
            adversarial_factor=0.1,
        )

    return step


def main() -> None:
    """Runs both in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, required=True, help="checkout of image-colorizer")
    parser.add_argument("--photos", default="sample", help="folder of photos; the sample photos by default")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--batches", type=int, default=6, help="batches per turn, an even number")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    options = parser.parse_args()
    step = reference_step(options.reference.resolve(), 128, options.batch_size, options.device)
    runs = fit_in_turns(
        [
            *("-c", str(CONFIGS / "base.yaml"), "-c", str(CONFIGS / "recipes/landscapes_lab.yaml")),
            *photos_options(options.photos, 128, options.batch_size),
            "--model.generator.width=72",
            "--model.discriminator.width=16",
            f"--trainer.accelerator={'gpu' if options.device == 'cuda' else 'cpu'}",
            "--trainer.devices=1",
        ],
        lambda model: {"their own code": step},
        options.batches,
        options.turns,
    )
    report("Lab landscapes system, a training step", runs, options.batch_size * options.batches, "images", 3.5)


if __name__ == "__main__":
    main()
