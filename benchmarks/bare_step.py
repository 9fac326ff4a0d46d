"""What Lightning's loop, loading, color conversion and logging cost: ``colorgan fit`` against a bare step.

Both train the networks of the flowers recipe at 128 px in bfloat16, channels-last, with fused Adam.

    python benchmarks/bare_step.py
    python benchmarks/bare_step.py --device cuda --batch-size 64 --batches 50
"""

import argparse

from bare_networks import bare_step
from fit_in_turns import CONFIGS, fit_in_turns, photos_options
from side_by_side import report


def main() -> None:
    """Runs both in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", default="sample", help="folder of photos; the sample photos by default")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--batches", type=int, default=4, help="batches per turn")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    options = parser.parse_args()
    runs = fit_in_turns(
        [
            *("-c", str(CONFIGS / "base.yaml"), "-c", str(CONFIGS / "recipes/flowers_unet.yaml")),
            *photos_options(options.photos, 128, options.batch_size),
            "--trainer.precision=bf16-mixed",
            f"--trainer.accelerator={'gpu' if options.device == 'cuda' else 'cpu'}",
            "--trainer.devices=1",
        ],
        lambda model: {
            "bare step": bare_step(
                model.colorizer.generator, model.discriminator, options.batch_size, 128, options.device
            )
        },
        options.batches,
        options.turns,
    )
    report("fit against a bare step", runs, options.batch_size * options.batches, "images", 0.97)


if __name__ == "__main__":
    main()
