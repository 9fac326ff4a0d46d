"""Times ``colorgan fit`` against other training steps, in turns, within one process; shared by the training scripts."""

import argparse
import functools
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from side_by_side import Run, Stopwatch, measure

from colorgan.cli.trainer import ColorganCLI, train

CONFIGS = Path(__file__).parents[1] / "configs"
_WARM_UP = 2
"""Batches of each side before the measurement."""


class InTurns(Callback):
    """Interrupts ``fit`` after every few batches to run the others for as many steps.

    Our time is that of everything ``fit`` does for a batch: loading, color conversion, the step, logging, the loop.

    Args:
        others: makes, from the model that is trained, functions of one training step each.
        batches: batches per turn.
        turns: number of turns.
    """

    def __init__(
        self, others: Callable[[LightningModule], Mapping[str, Callable[[], object]]], batches: int, turns: int
    ) -> None:
        self.make_others, self.batches, self.turns = others, batches, turns
        self.runs: dict[str, list[Run]] = {}
        self._stopwatch: Stopwatch | None = None
        self._count = 0

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Makes and warms up the other side."""
        self.others = self.make_others(pl_module)
        self.runs = {name: [] for name in [*self.others, "colorgan fit"]}
        for step in self.others.values():
            for _ in range(_WARM_UP):
                step()

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        """Ends our turn, if it was one, and runs the others."""
        self._count += 1
        if self._count < _WARM_UP or (self._count - _WARM_UP) % self.batches:
            return
        _wait()
        if self._stopwatch is not None:
            self.runs["colorgan fit"].append(self._stopwatch.stop())
        if len(self.runs["colorgan fit"]) == self.turns:
            trainer.should_stop = True
            return
        for name, step in self.others.items():
            self.runs[name].append(measure(functools.partial(_repeat, step, self.batches)))
        self._stopwatch = Stopwatch()


def _repeat(step: Callable[[], object], count: int) -> None:
    for _ in range(count):
        step()
    _wait()


def _wait() -> None:
    """A GPU works while the program goes on."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def fit_in_turns(
    arguments: Sequence[str],
    others: Callable[[LightningModule], Mapping[str, Callable[[], object]]],
    batches: int,
    turns: int,
) -> dict[str, list[Run]]:
    """Runs ``colorgan fit`` on photos, and other steps in between.

    Args:
        arguments: of ``fit``: configurations and options. Validation, checkpoints and samples are left out, because the
            others have none; losses and learning rates are logged as usual.
        others: makes the other steps by name, the reference first.
        batches: batches per turn.
        turns: measured turns of each.

    Returns:
        The runs by name, ours last; a run processes ``batches`` batches.
    """
    in_turns = InTurns(others, batches, turns)

    class TimedCLI(ColorganCLI):
        def instantiate_trainer(self, **kwargs: Any) -> Any:
            trainer = super().instantiate_trainer(**kwargs)
            trainer.callbacks.append(in_turns)
            return trainer

    callbacks = '[{"class_path": "lightning.pytorch.callbacks.LearningRateMonitor"}]'
    with tempfile.TemporaryDirectory() as folder:
        train(
            [
                "fit",
                *arguments,
                f"--runs={folder}",
                f"--trainer.callbacks={callbacks}",
                "--trainer.enable_checkpointing=false",
                "--trainer.limit_val_batches=0",
                "--trainer.max_epochs=100000",
                "--trainer.enable_model_summary=false",
            ],
            TimedCLI,
        )
    return in_turns.runs


def training_options(
    description: str | None, batches: int, turns: int, checkout: str | None = None
) -> argparse.Namespace:
    """Reads the options of a script that compares training steps from the command line.

    Args:
        description: docstring of the script.
        batches: default number of batches per turn.
        turns: default number of turns.
        checkout: name of the published code, if the script needs a checkout of it.
    """
    parser = training_parser(description, batches)
    if checkout is not None:
        parser.add_argument("--reference", type=Path, required=True, help=f"checkout of {checkout}")
    parser.add_argument("--turns", type=int, default=turns, help="turns of --batches batches each")
    return parser.parse_args()


def training_parser(description: str | None, batches: int) -> argparse.ArgumentParser:
    """A parser of the options that :func:`recipe_arguments` needs, and of the number of batches.

    Args:
        description: docstring of the script.
        batches: default number of batches.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", default="sample", help="folder of photos; the sample photos by default")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--batches", type=int, default=batches, help="batches to measure at a time")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    return parser


def recipe_arguments(recipe: str, options: argparse.Namespace) -> list[str]:
    """The arguments of ``fit`` that train a recipe at 128 px with the options of a script."""
    return [
        *("-c", str(CONFIGS / "base.yaml"), "-c", str(CONFIGS / "recipes" / f"{recipe}.yaml")),
        *photos_options(options.photos, 128, options.batch_size),
        f"--trainer.accelerator={'gpu' if options.device == 'cuda' else 'cpu'}",
        "--trainer.devices=1",
    ]


def photos_options(photos: str, size: int, batch_size: int) -> list[str]:
    """The options that train on a folder of photos, whichever data a recipe names.

    Args:
        photos: the folder, or ``sample`` for the sample photos.
        size: height and width in pixels.
        batch_size: photos per batch.
    """
    root = photos if photos == "sample" else os.fspath(Path(photos).resolve())
    data = {"root": root, "size": size, "batch_size": batch_size}
    return ["--data=Photos", *(f"--data.{name}={value}" for name, value in data.items())]


def random_photos(count: int, size: int) -> torch.Tensor:
    """Noise in place of photos, the same in every call: float32 RGB (count, 3, size, size) in [0, 1]."""
    return torch.rand(count, 3, size, size, generator=torch.Generator().manual_seed(0))
