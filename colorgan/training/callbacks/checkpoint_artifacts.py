"""The best checkpoint as an artifact of Weights & Biases."""

from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Checkpoint, ModelCheckpoint
from lightning.pytorch.loggers import WandbLogger

from colorgan.errors import TrainingInterruptedError
from colorgan.files import digest
from colorgan.inference.run_folder import RunFolder
from colorgan.training.callbacks.interruption import failing_later
from colorgan.training.provenance import code_version
from colorgan.training.requeue import requeues_on
from colorgan.training.wandb_runs import log_model


class CheckpointArtifacts(Checkpoint):
    """Logs the best checkpoint to Weights & Biases, as an artifact with the configuration of the run.

    Its versions have the aliases ``best``, ``latest`` and ``epoch-N``; without a callback that chooses the best
    checkpoint, the last one is logged, without ``best``. Offline, its files wait in the run folder. Other loggers
    receive nothing.

    Args:
        name: name of the artifact; by default ``checkpoint-ID``, with the id of the run.
        every_improvement: log each checkpoint that is better than those before it, instead of the best one when
            training ends. A run that SLURM will continue has not ended.
    """

    def __init__(self, name: str | None = None, every_improvement: bool = False) -> None:
        self.name = name
        self.every_improvement = every_improvement
        self._logged = ""

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Logs an improvement. To Lightning, this is a callback that saves checkpoints: it is called after others."""
        if self.every_improvement:
            self._log(trainer)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Logs the best checkpoint."""
        self._log(trainer)

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        """Logs the best checkpoint of a training that has been stopped."""
        if not (isinstance(exception, TrainingInterruptedError) and requeues_on(exception.signal)):
            self._log(trainer)

    def _log(self, trainer: Trainer) -> None:
        logger = next((each for each in trainer.loggers if isinstance(each, WandbLogger)), None)
        if logger is None or not trainer.is_global_zero or getattr(trainer, "fast_dev_run", False):
            return
        saving = _best(trainer)
        file = Path(saving.best_model_path) if saving is not None else None
        if saving is None or file is None or not file.is_file():
            return
        with failing_later(trainer):
            sha256 = digest(file)
            if sha256 == self._logged:
                return
            epoch = _epoch_of(file)
            config = RunFolder(Path(trainer.default_root_dir)).path / "config.yaml"
            files = {file.name: file, **({config.name: config} if config.is_file() else {})}
            aliases = [*(["best"] if saving.monitor else []), "latest", f"epoch-{epoch}"]
            metadata = {"epoch": epoch, "sha256": sha256, **_score(saving), **code_version()}
            run = logger.experiment
            log_model(run, self.name or f"checkpoint-{run.id}", files, aliases, metadata)
            self._logged = sha256


def _best(trainer: Trainer) -> ModelCheckpoint | None:
    """The callback that chooses the best checkpoint, or else one that has saved any."""
    saving = [c for c in trainer.checkpoint_callbacks if isinstance(c, ModelCheckpoint) and c.best_model_path]
    return min(saving, key=lambda callback: not callback.monitor, default=None)


def _score(saving: ModelCheckpoint) -> dict[str, Any]:
    if not saving.monitor or saving.best_model_score is None:
        return {}
    return {"monitor": saving.monitor, "score": float(saving.best_model_score)}


def _epoch_of(file: Path) -> int:
    """The epoch in a checkpoint of this run."""
    return int(torch.load(file, map_location="cpu", weights_only=True, mmap=True)["epoch"])
