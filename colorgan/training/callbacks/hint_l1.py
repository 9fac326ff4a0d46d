"""L1 of photos that are colorized with color hints."""

from collections.abc import Sequence

from lightning.pytorch import LightningModule, Trainer
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.metrics.registry import hint_l1_metric
from colorgan.models.colorization import ColorizationNetwork
from colorgan.training.callbacks.evaluation import EvaluationCallback, EvaluationStage
from colorgan.training.photo_rows import PhotoRows
from colorgan.training.steps import EvaluationOutput


class HintL1(EvaluationCallback):
    """Logs the mean L1 of the color channels with some hints, such as ``val/l1_hints_10``, beside ``val/l1`` without.

    Hints are those that the model is trained with, and depend only on the index of a photo. ``fit``, ``validate`` and
    ``test`` do it for every model that takes hints. Each number of hints costs another forward pass.

    Args:
        counts: numbers of hints.
    """

    def __init__(self, counts: Sequence[int] = (10, 50)) -> None:
        if not counts or min(counts) < 1:
            raise ColorganError(f"HintL1's counts must be numbers of hints such as [10, 50], but are {list(counts)}")
        self.counts = tuple(counts)
        self._rows = PhotoRows()

    def logged_metrics(self) -> list[str]:
        """One name for each number of hints."""
        return [f"val/{hint_l1_metric(count).key}" for count in self.counts]

    def reset(self) -> None:
        """Drops the results of an interrupted epoch."""
        self._rows.clear()

    def update(
        self, trainer: Trainer, pl_module: LightningModule, output: EvaluationOutput, stage: EvaluationStage
    ) -> None:
        """Colorizes a batch once per number of hints."""
        network = hinted_network(pl_module)
        if network is None:
            return
        target = output["target"].float()
        _, color = network.color_space.split(target)
        values: dict[str, Tensor] = {}
        with trainer.precision_plugin.val_step_context():
            for count in self.counts:
                hints = network.hints.validation(color, output["index"], count, color_space=network.color_space)
                _, predicted = network.color_space.split(network(target, hints))
                values[hint_l1_metric(count).key] = (predicted - color).abs().mean(dim=(1, 2, 3))
        self._rows.add(output["index"], values)

    def compute(self, trainer: Trainer, pl_module: LightningModule, stage: EvaluationStage) -> None:
        """Logs the means."""
        for name, values in self._rows.collect(pl_module).items():
            pl_module.log(f"{stage}/{name}", values.mean().item(), sync_dist=True)


def hinted_network(pl_module: LightningModule) -> ColorizationNetwork | None:
    """The network that a model is validated with, if it takes hints."""
    network = getattr(pl_module, "inference", None)
    return network if isinstance(network, ColorizationNetwork) and network.takes_hints else None
