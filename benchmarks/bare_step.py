"""What Lightning's loop, loading, color conversion and logging cost: ``colorgan fit`` against a bare step.

Both train the networks of the flowers recipe at 128 px in bfloat16, channels-last, with fused Adam.

    python benchmarks/bare_step.py
    python benchmarks/bare_step.py --device cuda --batch-size 64 --batches 50
"""

from collections.abc import Callable
from typing import Any

from bare_networks import bare_step
from fit_in_turns import fit_in_turns, recipe_arguments, training_options
from side_by_side import report


def main() -> None:
    """Runs both in turns."""
    options = training_options(__doc__, batches=4, turns=7)

    def others(model: Any) -> dict[str, Callable[[], object]]:
        networks = model.colorizer.generator, model.discriminator
        return {"bare step": bare_step(*networks, options.batch_size, 128, options.device)}

    arguments = [*recipe_arguments("flowers_unet", options), "--trainer.precision=bf16-mixed"]
    runs = fit_in_turns(arguments, others, options.batches, options.turns)
    report("fit against a bare step", runs, options.batch_size * options.batches, "images", 0.97)


if __name__ == "__main__":
    main()
