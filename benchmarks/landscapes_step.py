"""A training step of the Lab landscapes system: its own code against ``colorgan fit`` of the recipe, by default.

Both train the generator of complexity 72 and the discriminator of complexity 16 at 128 px. The reference is
Ricardicus/image-colorizer; its photos are converted to Lab beforehand, so it loads and converts nothing.

    git clone https://github.com/Ricardicus/image-colorizer CHECKOUT
    python benchmarks/landscapes_step.py --reference CHECKOUT
"""

import itertools
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from fit_in_turns import fit_in_turns, random_photos, recipe_arguments, training_options
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
    # an even number of batches per turn, because the discriminator is trained in every second one
    options = training_options(__doc__, batches=6, turns=5, checkout="image-colorizer")
    step = reference_step(options.reference.resolve(), 128, options.batch_size, options.device)
    widths = ["--model.generator.width=72", "--model.discriminator.width=16"]
    arguments = [*recipe_arguments("landscapes_lab", options), *widths]
    runs = fit_in_turns(arguments, lambda model: {"their own code": step}, options.batches, options.turns)
    report("Lab landscapes system, a training step", runs, options.batch_size * options.batches, "images", 3.5)


if __name__ == "__main__":
    main()
