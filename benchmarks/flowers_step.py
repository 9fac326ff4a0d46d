"""A training step of the flowers system: its own code against ``colorgan fit`` of the recipe, by default.

Both train the U-Net of width 32 and the U-Net discriminator on RGB at 128 px, in batches of 16. The reference is
CattoFace/DeepLearningFinalProject, which keeps all photos decoded in memory, so it loads nothing. On a CPU, its
autocast for CUDA switches itself off.

    git clone https://github.com/CattoFace/DeepLearningFinalProject CHECKOUT
    python benchmarks/flowers_step.py --reference CHECKOUT
"""

import sys
import types
from collections.abc import Callable
from pathlib import Path

import torch
from fit_in_turns import fit_in_turns, random_photos, recipe_arguments, training_options
from side_by_side import report


def reference_step(checkout: Path, size: int, batch_size: int, device: str) -> Callable[[], object]:
    """The step of the published code, in its final configuration.

    Args:
        checkout: its repository.
        size: height and width in pixels.
        batch_size: photos per batch.
        device: ``cpu`` or ``cuda``.
    """
    if not (checkout / "color_model.py").is_file():
        raise SystemExit(f"--reference {checkout} has no color_model.py; give a checkout of DeepLearningFinalProject")
    sys.path.insert(0, str(checkout))
    try:
        import torcheval.metrics  # noqa: F401
    except ImportError:  # it measures a distance after each epoch, which is no part of a step
        metrics = types.ModuleType("torcheval.metrics")
        metrics.FrechetInceptionDistance = object  # type: ignore[attr-defined]
        sys.modules |= {"torcheval": types.ModuleType("torcheval"), "torcheval.metrics": metrics}
    from color_model import FullModel

    model = FullModel("RGB", torch.device(device), 5e-4, False, True, False, 512).to(device)
    rgb = random_photos(batch_size, size)
    batch = torch.cat([rgb.mean(1, keepdim=True), rgb], dim=1).to(device)
    return lambda: model.step(batch)


def main() -> None:
    """Runs both in turns."""
    options = training_options(__doc__, batches=3, turns=5, checkout="DeepLearningFinalProject")
    step = reference_step(options.reference.resolve(), 128, options.batch_size, options.device)
    arguments = recipe_arguments("flowers_unet", options)
    runs = fit_in_turns(arguments, lambda model: {"their own code": step}, options.batches, options.turns)
    bar = 4.0 if options.device == "cuda" else 2.3
    report("Flowers system, a training step", runs, options.batch_size * options.batches, "images", bar)


if __name__ == "__main__":
    main()
