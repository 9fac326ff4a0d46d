"""``colorgan lr-find``: a range test of the generator's learning rate, with a chart and a suggestion."""

from typing import Any

from jsonargparse import Namespace
from lightning.pytorch import Trainer
from lightning.pytorch.cli import LightningArgumentParser

from colorgan.cli.trainer import ColorganCLI, train
from colorgan.cli.trainer.command import callbacks_of
from colorgan.errors import ColorganError
from colorgan.evaluation.charts import learning_rate_chart
from colorgan.files import atomic_write, display_path
from colorgan.inference.run_folder import RunFolder
from colorgan.training.callbacks.interruption import SaveOnSignal
from colorgan.training.lr_finder import LRRangeTest, run_range_test

_TRAINER: dict[str, Any] = {
    "logger": False,
    "enable_checkpointing": False,
    "fast_dev_run": False,
    "devices": 1,
    "num_nodes": 1,
    "strategy": "auto",
    "min_epochs": None,
    "max_steps": -1,
    "max_time": None,
    "limit_train_batches": None,
    "limit_val_batches": 0,
    "num_sanity_val_steps": 0,
}
"""Trainer arguments of the test, which runs in one process and writes nothing but its chart."""


class _LRFindCLI(ColorganCLI):
    """Builds the model that ``fit`` would train, and runs a range test instead."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.add_class_arguments(LRRangeTest, "lr_find")
        super().add_arguments_to_parser(parser)

    def before_instantiate_classes(self) -> None:
        section = self.config[self.subcommand]
        if section.get("ckpt_path"):
            raise ColorganError("lr-find tests new runs only: give a checkpoint as --model.init_from, not --ckpt_path")
        for name, value in _TRAINER.items():
            section.trainer[name] = value
        section.trainer.callbacks = [
            callback for callback in callbacks_of(section) if callback.class_path.endswith(".FineTuning")
        ]
        super().before_instantiate_classes()
        self.save_config_callback = None

    def choose_run_folder(self, section: Namespace) -> RunFolder:
        path = super().choose_run_folder(section).path
        return RunFolder(path.with_name(f"{path.name}-lr-find"))

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        trainer = super().instantiate_trainer(**kwargs)
        callbacks = [callback for callback in trainer.callbacks if not isinstance(callback, SaveOnSignal)]  # type: ignore[attr-defined]
        trainer.callbacks = callbacks  # type: ignore[attr-defined]
        return trainer

    def fit(self, **_: Any) -> None:
        """Runs the test; LightningCLI calls this method for ``fit``."""
        section = self.config[self.subcommand]
        curve = run_range_test(self.model, self.datamodule, self.trainer, self._get(self.config_init, "lr_find"))
        file = self.run_folder.path / "lr_find.png"
        with atomic_write(file) as temporary:
            temporary.write_bytes(learning_rate_chart(curve, f"{section.name}: generator loss"))
        print(
            f"\nsuggested learning rate: {curve.suggestion:.1e}"
            f" | lowest loss at {curve.min_loss_lr:.1e}"
            f" | plot: {display_path(file)}"
        )

    def after_fit(self) -> None:
        """Prints nothing, because there is no run to summarize."""


def main(args: list[str]) -> int:
    """Runs the command.

    Args:
        args: the options of ``fit``, and those of the test as ``--lr_find.NAME``.

    Returns:
        The exit code.
    """
    train(["fit", *args], _LRFindCLI)
    return 0
