"""A training step of the flowers system: its own code against ``colorgan fit`` of the recipe, by default.

Both train the U-Net of width 32 and the U-Net discriminator on RGB at 128 px, in batches of 16. The reference is
CattoFace/DeepLearningFinalProject, which keeps all photos decoded in memory, so it loads nothing. On a CPU, its
autocast for CUDA switches itself off.

    git clone https://github.com/CattoFace/DeepLearningFinalProject CHECKOUT
    python benchmarks/flowers_step.py --reference CHECKOUT
"""

import argparse
import sys
import types
from collections.abc import Callable
from pathlib import Path

import torch
from fit_in_turns import CONFIGS, fit_in_turns, photos_options, random_photos
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, required=True, help="checkout of DeepLearningFinalProject")
    parser.add_argument("--photos", default="sample", help="folder of photos; the sample photos by default")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--batches", type=int, default=3, help="batches per turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    options = parser.parse_args()
    step = reference_step(options.reference.resolve(), 128, options.batch_size, options.device)
    runs = fit_in_turns(
        [
            *("-c", str(CONFIGS / "base.yaml"), "-c", str(CONFIGS / "recipes/flowers_unet.yaml")),
            *photos_options(options.photos, 128, options.batch_size),
            f"--trainer.accelerator={'gpu' if options.device == 'cuda' else 'cpu'}",
            "--trainer.devices=1",
        ],
        lambda model: {"their own code": step},
        options.batches,
        options.turns,
    )
    bar = 4.0 if options.device == "cuda" else 2.3
    report("Flowers system, a training step", runs, options.batch_size * options.batches, "images", bar)


if __name__ == "__main__":
    main()
