"""Histograms of the gradients, for whoever wants to see why a network does not learn."""

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger
from torch.optim import Optimizer


class WatchGradients(Callback):
    """Logs a histogram of every parameter's gradient to Weights & Biases and TensorBoard.

    Args:
        every: batches between two histograms.
    """

    def __init__(self, every: int = 100) -> None:
        self.every = every

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Asks Weights & Biases to watch the networks."""
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger) and stage == "fit":
                logger.watch(pl_module, log="gradients", log_freq=self.every, log_graph=False)

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer) -> None:
        """Writes TensorBoard's histograms, after unscaling and before clipping."""
        writers = [logger.experiment for logger in trainer.loggers if isinstance(logger, TensorBoardLogger)]
        if not writers or trainer.fit_loop.total_batch_idx % self.every:
            return
        owned = {id(p) for group in optimizer.param_groups for p in group["params"]}
        for name, parameter in pl_module.named_parameters():
            if id(parameter) in owned and parameter.grad is not None:
                for writer in writers:
                    writer.add_histogram(f"gradients/{name}", parameter.grad, trainer.fit_loop.total_batch_idx)
