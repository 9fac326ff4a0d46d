"""Exponential moving averages of the training metrics, which are noisy from batch to batch."""

from collections.abc import Mapping
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from colorgan.errors import ColorganError

_SUFFIX = "_average"


class MetricEMA(Callback):
    """Logs an exponential moving average (EMA) of every training metric, such as ``train/l1_average`` for ``train/l1``.

    An average starts at the first value of its metric and is saved in checkpoints. Values stay on their device, so
    averaging never waits for the GPU. For a moving average of the generator's weights, see ``ColorGAN(ema_decay=...)``.

    Args:
        decay: weight of the previous average relative to the current batch.
    """

    def __init__(self, decay: float = 0.98) -> None:
        if not 0 <= decay < 1:
            raise ColorganError(f"MetricEMA's decay must be at least 0 and less than 1, received {decay}")
        self.decay = decay
        self._averages: dict[str, Tensor] = {}

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Updates the averages with the metrics of this batch."""
        for name, value in trainer.callback_metrics.items():
            if not name.startswith("train/") or name.endswith(_SUFFIX):
                continue
            previous = self._averages.get(name, value)
            self._averages[name] = previous.to(value.device).lerp(value.detach().float(), 1 - self.decay)
        averages = {f"{name}{_SUFFIX}": average for name, average in self._averages.items()}
        pl_module.log_dict(averages, on_step=True, on_epoch=False)

    def state_dict(self) -> dict[str, Any]:
        """Returns the averages, to be saved in a checkpoint."""
        return {"averages": dict(self._averages)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Restores the averages of a checkpoint."""
        self._averages = dict(state_dict["averages"])
