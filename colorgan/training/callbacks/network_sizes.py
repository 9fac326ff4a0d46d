"""How large the networks are, as figures that a grid of runs can compare."""

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import nn

from colorgan.errors import ColorganError


class NetworkSizes(Callback):
    """Logs, after each validation, the generator's parameters and the discriminator's in proportion to them.

    They do not change from epoch to epoch; as validation figures they stand beside what the sizes have led to:
    ``val/generator_parameters`` and, where there is a discriminator, ``val/discriminator_ratio``.
    """

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Counts and logs."""
        generator = getattr(getattr(pl_module, "colorizer", None), "generator", None)
        if not isinstance(generator, nn.Module):
            raise ColorganError(f"NetworkSizes counts the networks of a ColorGAN, received {type(pl_module).__name__}")
        size = _parameters(generator)
        pl_module.log("val/generator_parameters", float(size), sync_dist=True)
        discriminator = getattr(pl_module, "discriminator", None)
        if discriminator is not None:
            pl_module.log("val/discriminator_ratio", _parameters(discriminator) / size, sync_dist=True)


def _parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())
