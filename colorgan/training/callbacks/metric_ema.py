"""Exponential moving averages of the training metrics, which are noisy from batch to batch."""

from collections.abc import Mapping
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from colorgan.errors import ColorganError

_PREFIX, _SUFFIX = "train/", "_average"


class MetricEMA(Callback):
    """Logs an exponential moving average (EMA) of every training metric, such as ``train/l1_average`` for ``train/l1``.

    The training step returns the metrics of its batch by their names. An average is updated only by batches that have
    its metric: a discriminator that trains in every second batch has one value for two batches. It starts at the first
    value and is saved in checkpoints. Values stay on their device, so averaging never waits for the GPU. For a moving
    average of the generator's weights, see ``ColorGAN(ema_decay=...)``.

    Args:
        decay: weight of the previous average relative to the current batch.

    Raises:
        ColorganError: if the decay is out of range or, in the first batch, the step logs metrics but returns none.
    """

    def __init__(self, decay: float = 0.98) -> None:
        if not 0 <= decay < 1:
            raise ColorganError(f"MetricEMA's decay must be at least 0 and less than 1, received {decay}")
        self.decay = decay
        self._averages: dict[str, Tensor] = {}

    def logged_metrics(self) -> list[str]:
        """The pattern of its names."""
        return [f"{_PREFIX}*{_SUFFIX}"]

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Updates the averages of the metrics that the step returned."""
        metrics = {name: value for name, value in outputs.items() if name.startswith(_PREFIX)}
        if not (metrics or self._averages) and any(name.startswith(_PREFIX) for name in trainer.callback_metrics):
            raise ColorganError(
                f"MetricEMA needs a training step that returns what it logs, by name, such as {{'{_PREFIX}l1': …}}, "
                f"but that of {type(pl_module).__name__} returned {', '.join(outputs) or 'nothing'}"
            )
        for name, value in metrics.items():
            previous = self._averages.get(name, value)
            self._averages[name] = previous.to(value.device).lerp(value.detach().float(), 1 - self.decay)
        pl_module.log_dict(self._named(), on_step=True, on_epoch=False)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Logs the averages again: an epoch may have fewer batches than ``log_every_n_steps``."""
        pl_module.log_dict(self._named())

    def _named(self) -> dict[str, Tensor]:
        return {f"{name}{_SUFFIX}": average for name, average in self._averages.items()}

    def state_dict(self) -> dict[str, Any]:
        """Returns the averages, to be saved in a checkpoint."""
        return {"averages": dict(self._averages)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Restores the averages of a checkpoint."""
        averages = state_dict["averages"].items()
        self._averages = {str(name): torch.as_tensor(value).float().reshape(()) for name, value in averages}
