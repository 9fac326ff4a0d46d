"""Where the time of a training step goes: networks, optimizers, color conversion, data, logging, Lightning's loop.

``colorgan fit`` trains a recipe for some batches under a profiler that attributes each moment to the innermost part.

    python benchmarks/step_parts.py
    python benchmarks/step_parts.py --json parts.json
    python benchmarks/step_parts.py --plot docs/figures/performance_step.png parts.json
"""

import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from fit_in_turns import recipe_arguments, training_parser
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.profilers import Profiler
from side_by_side import machine

from colorgan.cli.trainer import ColorganCLI, train

_RECIPES = {"flowers, RGB": "flowers_unet", "landscapes, Lab": "landscapes_lab"}
_WARM_UP = 2
_ACTIONS = {
    "train_dataloader_next": "data",
    "batch_to_device": "data",
    "transfer_batch_to_device": "data",
    "optimizer_step": "optimizers",
    "LearningRateMonitor": "logging",
}
"""Parts of the actions that Lightning profiles, by a piece of their names."""
PARTS = ("generator", "discriminator", "gradients", "optimizers", "losses and the step's own code", "color", "data")
PARTS += ("logging", "Lightning's loop")


class PartsProfiler(Profiler):
    """Measures exclusive times: while one part runs within another, the clock of the outer one stands still."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[dict[str, float]] = []
        self._current: dict[str, float] = defaultdict(float)
        self._stack = ["Lightning's loop"]
        self._last = time.perf_counter()

    def enter(self, part: str) -> None:
        """Starts a part."""
        self._tick()
        self._stack.append(part)

    def leave(self) -> None:
        """Ends the part that was started last."""
        self._tick()
        self._stack.pop()

    def _tick(self) -> None:
        if torch.cuda.is_available():
            torch.cuda.synchronize()  # a GPU works while the program goes on
        now = time.perf_counter()
        self._current[self._stack[-1]] += now - self._last
        self._last = now

    def start(self, action_name: str) -> None:
        """Called by Lightning before an action."""
        self.enter(next((part for piece, part in _ACTIONS.items() if piece in action_name), self._stack[-1]))

    def stop(self, action_name: str) -> None:
        """Called by Lightning after it."""
        if len(self._stack) > 1:
            self.leave()

    def wrap(self, owner: Any, method: str, part: str) -> None:
        """Attributes the time in a method to a part."""
        original: Callable[..., Any] = getattr(owner, method)

        def measured(*args: Any, **kwargs: Any) -> Any:
            self.enter(part)
            try:
                return original(*args, **kwargs)
            finally:
                self.leave()

        setattr(owner, method, measured)

    def end_batch(self) -> None:
        """Closes the account of a batch."""
        self._tick()
        self.batches.append(dict(self._current))
        self._current.clear()


class ProfileModel(Callback):
    """Attributes what the model does, which Lightning does not profile, and counts the batches.

    Args:
        profiler: measures the times.
    """

    def __init__(self, profiler: PartsProfiler) -> None:
        self.profiler = profiler

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Wraps the methods of the model that is trained."""
        model: Any = pl_module
        for owner, method, part in (
            (model.colorizer.generator, "forward", "generator"),
            (model.discriminator, "forward", "discriminator"),
            (model, "manual_backward", "gradients"),
            (model.color_space, "split", "color"),
            (model, "training_step", "losses and the step's own code"),
            (model, "log_dict", "logging"),
            *((logger, "log_metrics", "logging") for logger in trainer.loggers),
        ):
            self.profiler.wrap(owner, method, part)

    def on_train_batch_end(self, *_: Any) -> None:
        """Counts a batch."""
        self.profiler.end_batch()


def measure(arguments: Sequence[str], batches: int) -> dict[str, float]:
    """Trains for some batches. Returns the median seconds of each part in a batch."""
    profiler = PartsProfiler()

    class ProfiledCLI(ColorganCLI):
        def instantiate_trainer(self, **kwargs: Any) -> Any:
            trainer = super().instantiate_trainer(**kwargs, profiler=profiler)
            trainer.callbacks.append(ProfileModel(profiler))
            return trainer

    with tempfile.TemporaryDirectory() as folder:
        options = {
            "callbacks": '[{"class_path": "lightning.pytorch.callbacks.LearningRateMonitor"}]',
            "enable_checkpointing": "false",
            "enable_model_summary": "false",
            "limit_val_batches": "0",
            "log_every_n_steps": "1",
            "max_steps": str(2 * (batches + _WARM_UP)),  # each batch has a step of each network
            "max_epochs": "-1",
        }
        trainer_options = [f"--trainer.{name}={value}" for name, value in options.items()]
        train(["fit", *arguments, f"--runs={folder}", *trainer_options], ProfiledCLI)
    measured = profiler.batches[_WARM_UP:]
    return {part: statistics.median(batch.get(part, 0.0) for batch in measured) for part in PARTS}


def draw(shares: dict[str, dict[str, float]], output: Path) -> None:
    """Draws a bar for each recipe, divided into its parts.

    Args:
        shares: seconds of the parts by recipe.
        output: .svg or .png file to write.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 1.2 + 0.7 * len(shares)), layout="constrained")
    for row, seconds in enumerate(shares.values()):
        whole, left = sum(seconds.values()), 0.0
        for number, part in enumerate(PARTS):
            share = 100 * seconds[part] / whole
            axes.barh(row, share, left=left, color=f"C{number}", label=part if row == 0 else None)
            if share >= 3:
                axes.text(left + share / 2, row, f"{share:.0f}%", ha="center", va="center", color="white", size=9)
            left += share
    axes.set_yticks(range(len(shares)), list(shares))
    axes.invert_yaxis()
    axes.set_xlim(0, 100)
    axes.set_xlabel("share of a training step in percent")
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(output, dpi=150)


def main() -> None:
    """Measures, or draws what was measured."""
    parser = training_parser(__doc__, batches=8)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the seconds to this file")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the given file, and do nothing else")
    parser.add_argument("file", type=Path, nargs="?", help="file written by --json, for --plot")
    options = parser.parse_args()
    if options.plot:
        draw(json.loads(options.file.read_text(encoding="utf-8"))["seconds"], options.plot)
        return
    seconds = {name: measure(recipe_arguments(recipe, options), options.batches) for name, recipe in _RECIPES.items()}
    print(f"\n## Parts of a training step, ms (median of {options.batches} batches)\n\n{machine()}\n")
    print("| | " + " | ".join(seconds) + " |\n|---|" + "---:|" * len(seconds))
    for part in PARTS:
        cells = (f"{1000 * parts[part]:.1f} ({parts[part] / sum(parts.values()):.1%})" for parts in seconds.values())
        print(f"| {part} | " + " | ".join(cells) + " |")
    if options.json:
        options.json.write_text(json.dumps({"machine": machine(), "seconds": seconds}, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
