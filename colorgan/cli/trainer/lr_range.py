"""Builds the model that ``fit`` would train, and runs a range test of its learning rate, for ``colorgan lr-find``."""

from typing import Any

from jsonargparse import Namespace
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.cli import LightningArgumentParser

from colorgan.cli.trainer.command import ColorganCLI, callbacks_of
from colorgan.errors import ColorganError
from colorgan.evaluation.charts import learning_rate_chart
from colorgan.files import atomic_write, display_path
from colorgan.inference.run_folder import RunFolder
from colorgan.training.callbacks.continuation import RunContinuation
from colorgan.training.callbacks.epoch_means import EpochMeans
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


_NEEDLESS = (SaveOnSignal, RunContinuation, EpochMeans)
"""Callbacks of ``fit`` that a test has no use for."""


class LRFindCLI(ColorganCLI):
    """Builds the model that ``fit`` would train, and runs a range test instead."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Adds the options of the test."""
        parser.add_class_arguments(LRRangeTest, "lr_find")
        super().add_arguments_to_parser(parser)

    def before_instantiate_classes(self) -> None:
        """Leaves of the trainer what a short test in one process needs."""
        section = self.config[self.subcommand]
        if self.checkpoint:
            raise ColorganError("lr-find tests new runs only: give a checkpoint as --model.init_from, not --ckpt_path")
        self.override_trainer(_TRAINER)
        section.trainer.callbacks = [
            callback for callback in callbacks_of(section) if callback.class_path.endswith(".FineTuning")
        ]
        super().before_instantiate_classes()
        self.save_config_callback = None

    def choose_run_folder(self, section: Namespace) -> RunFolder:
        """A folder whose name says that it is not a run."""
        return self.new_run_folder(section, "lr-find")

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """The trainer of ``fit`` without what cares for checkpoints, because there are none."""
        trainer = super().instantiate_trainer(**kwargs)
        callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
        callbacks[:] = [callback for callback in callbacks if not isinstance(callback, _NEEDLESS)]
        return trainer

    def fit(self, **_: Any) -> None:
        """Runs the test; LightningCLI calls this method for ``fit``."""
        section, section_init = self.config[self.subcommand], self.config_init[self.subcommand]
        curve = run_range_test(self.model, self.datamodule, self.trainer, section_init.lr_find)
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
