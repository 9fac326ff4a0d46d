"""Moving averages of the training losses, which single batches shake too much to be read."""

from collections.abc import Mapping
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from colorgan.errors import ColorganError


class MovingAverages(Callback):
    """Logs an exponential moving average beside every training figure: ``train/l1_average`` beside ``train/l1``.

    Each begins at its first value and is kept in checkpoints. Nothing is fetched from the device.

    Args:
        decay: weight of the average so far against the newest batch.
    """

    def __init__(self, decay: float = 0.98) -> None:
        if not 0 <= decay < 1:
            raise ColorganError(f"MovingAverages's decay must be at least 0 and less than 1, received {decay}")
        self.decay = decay
        self._averages: dict[str, Tensor] = {}

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Takes the figures that this batch has logged."""
        for name, value in trainer.callback_metrics.items():
            if not name.startswith("train/") or name.endswith("_average"):
                continue
            before = self._averages.get(name, value)
            self._averages[name] = before.to(value.device).lerp(value.detach().float(), 1 - self.decay)
        averages = {f"{name}_average": average for name, average in self._averages.items()}
        pl_module.log_dict(averages, on_step=True, on_epoch=False)

    def state_dict(self) -> dict[str, Any]:
        """The averages, for a checkpoint."""
        return {"averages": dict(self._averages)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Goes on with the averages of a checkpoint."""
        self._averages = dict(state_dict["averages"])
