"""Gradient histograms, for diagnosing networks that do not learn."""

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger
from torch.optim import Optimizer


class GradientHistograms(Callback):
    """Logs a histogram of each parameter's gradient to Weights & Biases and TensorBoard.

    Args:
        every_n_batches: number of batches between two histograms.
    """

    def __init__(self, every_n_batches: int = 100) -> None:
        self.every_n_batches = every_n_batches

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Registers the networks with Weights & Biases."""
        for logger in trainer.loggers:
            if isinstance(logger, WandbLogger) and stage == "fit":
                logger.watch(pl_module, log="gradients", log_freq=self.every_n_batches, log_graph=False)

    def on_before_optimizer_step(self, trainer: Trainer, pl_module: LightningModule, optimizer: Optimizer) -> None:
        """Writes the TensorBoard histograms, after gradients are unscaled and before they are clipped."""
        writers = [logger.experiment for logger in trainer.loggers if isinstance(logger, TensorBoardLogger)]
        batch = trainer.fit_loop.total_batch_idx
        if not writers or batch % self.every_n_batches:
            return
        optimized = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
        for name, parameter in pl_module.named_parameters():
            if id(parameter) in optimized and parameter.grad is not None and parameter.grad.isfinite().all():
                for writer in writers:
                    writer.add_histogram(f"gradients/{name}", parameter.grad, batch)
