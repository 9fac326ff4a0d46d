"""Sizes of the networks, logged as metrics so that the runs of a grid can be compared by them."""

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import nn

from colorgan.errors import ColorganError
from colorgan.models import Discriminator


class ParameterCount(Callback):
    """Logs ``val/generator_parameters`` and, if there is a discriminator, ``val/discriminator_ratio``.

    The ratio is the discriminator's number of parameters divided by the generator's, those of frozen features included.
    Both are constant, and are logged after every validation so that they are reported along with the metrics.
    """

    def logged_metrics(self) -> list[str]:
        """Both names; without a discriminator, the second is not logged."""
        return ["val/generator_parameters", "val/discriminator_ratio"]

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Counts and logs the parameters."""
        generator = getattr(getattr(pl_module, "colorizer", None), "generator", None)
        if not isinstance(generator, nn.Module):
            raise ColorganError(f"ParameterCount requires a ColorGAN, received a {type(pl_module).__name__}")
        generator_size = _count_parameters(generator)
        pl_module.log("val/generator_parameters", float(generator_size), sync_dist=True)
        discriminator = getattr(pl_module, "discriminator", None)
        if discriminator is not None:
            frozen = discriminator.frozen_parameters if isinstance(discriminator, Discriminator) else 0
            ratio = (_count_parameters(discriminator) + frozen) / generator_size
            pl_module.log("val/discriminator_ratio", ratio, sync_dist=True)


def _count_parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
