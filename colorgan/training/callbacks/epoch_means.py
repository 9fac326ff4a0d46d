"""Means of the training metrics over each epoch."""

from collections.abc import Mapping
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

_PREFIX, _SUFFIX = "train/", "_epoch"


class EpochMeans(Callback):
    """Logs the mean of every training metric over an epoch, such as ``train/l1_epoch`` for ``train/l1``.

    The metrics of single batches are logged every ``log_every_n_steps`` batches only, which a small data set may not
    have. A mean is that of the batches that have the metric: a discriminator that trains in every second batch counts
    in these. Sums stay on their device, and are saved in checkpoints, so that a resumed epoch has the same means.
    """

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def logged_metrics(self) -> list[str]:
        """The pattern of its names."""
        return [f"{_PREFIX}*{_SUFFIX}"]

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Adds the metrics that the step returned."""
        for name, value in outputs.items() if isinstance(outputs, Mapping) else ():
            if name.startswith(_PREFIX):
                value = value.detach().double() if value.device.type == "cpu" else value.detach().float()
                self._sums[name] = self._sums[name].to(value) + value if name in self._sums else value
                self._counts[name] = self._counts.get(name, 0) + 1

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Logs the means, and begins anew."""
        means = {f"{name}{_SUFFIX}": (total / self._counts[name]).float() for name, total in self._sums.items()}
        pl_module.log_dict(means)
        self._sums, self._counts = {}, {}

    def state_dict(self) -> dict[str, Any]:
        """Returns the sums of the current epoch, to be saved in a checkpoint."""
        return {"sums": dict(self._sums), "counts": dict(self._counts)}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Restores the sums of a checkpoint."""
        sums, counts = state_dict["sums"], state_dict["counts"]
        self._sums = {str(name): torch.as_tensor(value).double().reshape(()) for name, value in sums.items()}
        self._counts = {name: max(1, int(counts[name])) for name in self._sums}
