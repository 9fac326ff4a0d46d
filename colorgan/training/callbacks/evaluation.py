"""Base class of the callbacks that consume the outputs of validation and test steps."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, Literal, cast

from lightning.pytorch import Callback, LightningModule, Trainer

from colorgan.errors import ColorganError
from colorgan.training.steps import EvaluationOutput

EvaluationStage = Literal["val", "test"]


class EvaluationCallback(Callback, ABC):
    """Accumulates the outputs of validation and test steps, and reports once per epoch.

    Subclasses implement :meth:`reset`, :meth:`update` and :meth:`compute`, as in torchmetrics, once for both stages.
    The sanity check before training is skipped.
    """

    @abstractmethod
    def reset(self) -> None:
        """Drops accumulated outputs, such as those of an interrupted epoch."""

    @abstractmethod
    def update(
        self, trainer: Trainer, pl_module: LightningModule, output: EvaluationOutput, stage: EvaluationStage
    ) -> None:
        """Adds the output of one step."""

    @abstractmethod
    def compute(self, trainer: Trainer, pl_module: LightningModule, stage: EvaluationStage) -> None:
        """Reports the epoch, such as by logging metrics."""

    def logged_metrics(self) -> Collection[str]:
        """Names of the metrics that it logs after validation, for those who monitor them; none by default."""
        return ()

    def check_model(self, pl_module: LightningModule) -> None:
        """Checks its arguments, and that it suits the model; does nothing by default.

        The command line calls it before photos are read.

        Raises:
            ColorganError: if not.
        """

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Calls :meth:`reset`."""
        self.reset()

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Calls :meth:`update`."""
        if not trainer.sanity_checking:
            self.update(trainer, pl_module, self._check(outputs), "val")

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Calls :meth:`compute`."""
        if not trainer.sanity_checking:
            self.compute(trainer, pl_module, "val")

    def on_test_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Calls :meth:`reset`."""
        self.reset()

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Calls :meth:`update`."""
        self.update(trainer, pl_module, self._check(outputs), "test")

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Calls :meth:`compute`."""
        self.compute(trainer, pl_module, "test")

    def _check(self, outputs: Any) -> EvaluationOutput:
        required = EvaluationOutput.__required_keys__
        if not isinstance(outputs, Mapping) or not outputs.keys() >= required:
            received = ", ".join(sorted(outputs)) if isinstance(outputs, Mapping) else type(outputs).__name__
            raise ColorganError(
                f"{type(self).__name__} needs a validation step that returns predicted, target, gray and index, "
                f"but this one returned {received}"
            )
        return cast(EvaluationOutput, outputs)
