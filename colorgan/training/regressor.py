"""The chrominance regressor: predicts a photo's mean color from its gray, as a LightningModule."""

import functools
from typing import Any, ClassVar

import torch
from lightning.pytorch.cli import LRSchedulerCallable, OptimizerCallable, ReduceLROnPlateau
from torch import Tensor
from torch.optim import Adam, Optimizer
from torch.optim.lr_scheduler import LRScheduler

from colorgan.models.chroma import ChromaNet
from colorgan.models.color_spaces import ColorSpace, Lab
from colorgan.models.config import factory_from_config, from_config
from colorgan.training.checks import check_optimizer
from colorgan.training.module import Role, Trainable
from colorgan.training.photo_rows import mean_over_processes

_ADAM = functools.partial(Adam, lr=1e-3, weight_decay=1e-4)


class ChromaRegressor(Trainable):
    """Learns to predict a photo's mean color from its gray, with the mean squared error.

    An :class:`~colorgan.models.EncoderDecoder` can be conditioned on it. Errors are logged on the published scale, on
    which the full range of a color channel is 1: ``val/mse`` over all channels, and ``val/mse_a`` and so on for each.
    ``val/mse_constant`` is the error of predicting the mean color of all validation photos, which a useful regressor
    beats.

    Args:
        color_space: color space whose channel means are predicted.
        width: hidden channels of the network.
        num_downsamples: number of modules, each of which halves height and width.
        optimizer: optimizer of the network.
        scheduler: learning-rate schedule, advanced once per epoch.

    Example:
        >>> ChromaRegressor()(torch.zeros(4, 1, 128, 128)).shape
        torch.Size([4, 2])
    """

    colorizes = False
    roles: ClassVar[tuple[Role, ...]] = (
        (("color_space",), ColorSpace, from_config),
        (("optimizer",), Optimizer, factory_from_config),
        (("scheduler",), (LRScheduler, ReduceLROnPlateau), factory_from_config),
    )

    def __init__(
        self,
        color_space: ColorSpace = Lab(),  # noqa: B008 (a part is immutable)
        width: int = 3,
        num_downsamples: int = 6,
        optimizer: OptimizerCallable = _ADAM,
        scheduler: LRSchedulerCallable | None = None,
    ) -> None:
        super().__init__()
        self.network = ChromaNet(1, color_space.channels, width=width, num_downsamples=num_downsamples)
        self.color_space, self.optimizer, self.scheduler = color_space, optimizer, scheduler
        check_optimizer("optimizer", optimizer)

    @property
    def trained_network(self) -> ChromaNet:
        """The network."""
        return self.network

    def logged_metrics(self) -> list[str]:
        """The squared error of training, and those of validation."""
        channels = [f"val/mse_{name}" for name in self.color_space.names]
        return ["train/mse", "val/mse", *channels, "val/mse_constant"]

    def configure_optimizers(self) -> Any:
        """The optimizer, with its schedule if it has one."""
        optimizer = self.optimizer(self.network.parameters())
        if self.scheduler is None:
            return optimizer
        scheduler = self.scheduler(optimizer)
        monitor = getattr(scheduler, "monitor", None)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "monitor": monitor}}

    def forward(self, gray: Tensor) -> Tensor:
        """Predicts mean colors: (B, 1, H, W) in [-1, 1] → (B, C) in [-1, 1]."""
        mean: Tensor = self.network(gray)
        return mean

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> dict[str, Tensor]:
        """Returns the mean squared error of a batch, as the ``loss`` and under the name it is logged by."""
        loss = self._errors(batch)[0].mean()
        logged = mean_over_processes({"train/mse": loss.detach()})
        self.log_dict(logged)
        return {"loss": loss, **logged}

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """Measures the errors of a batch."""
        self._evaluate(batch)

    def test_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        """As :meth:`validation_step`."""
        self._evaluate(batch)

    def _evaluate(self, batch: dict[str, Tensor]) -> None:
        errors, colors = self._errors(batch)
        names = self.color_space.names
        by_channel = {f"mse_{name}": error for name, error in zip(names, errors.unbind(1), strict=True)}
        mean_colors = {f"mean_{name}": color for name, color in zip(names, colors.unbind(1), strict=True)}
        self.photo_rows.add(batch["index"], {"mse": errors.mean(1), **by_channel, **mean_colors})

    def photo_metrics(self, rows: dict[str, Tensor]) -> dict[str, Tensor]:
        """The mean errors, and the error of the photos' mean color, which only all photos together have."""
        mean_colors = {name: values for name, values in rows.items() if name.startswith("mean_")}
        metrics = super().photo_metrics({name: values for name, values in rows.items() if name not in mean_colors})
        if mean_colors:
            metrics["mse_constant"] = torch.stack([*mean_colors.values()]).var(dim=1, correction=0).mean()
        return metrics

    def _errors(self, batch: dict[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Squared errors of the prediction, and mean colors, both (B, C), where a channel's range is 1."""
        gray, color = self.color_space.split(batch["rgb"].float() / 255)
        pixels = color.flatten(2)
        mean = self.color_space.mean(pixels, torch.ones_like(pixels[:, :1]))
        return ((self(gray) - mean) / 2).square(), mean / 2
