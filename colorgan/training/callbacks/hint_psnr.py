"""How much better a model colors when it is told some of the colors: PSNR against the number of hints."""

from typing import Any, Literal

import torch
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor
from torch.nn import functional as F

from colorgan.errors import ColorganError
from colorgan.metrics.hinted import hinted_psnr
from colorgan.models.colorization import ColorizationNetwork
from colorgan.models.hints import PointHints
from colorgan.training.callbacks.outputs import PhotoCallback, first_of_each, gather_rows, photos_of


class HintPSNR(PhotoCallback):
    """Logs, after validation and test, the mean PSNR of photos that are colorized with 0, 1, 5, … hints.

    The metric's name states the protocol: ``val/psnr_6x6_at_256_hints_10`` is the mean over the photos of the PSNR of
    each, with ten patches of 6 x 6 pixels at 256 x 256. The hints of a photo depend on its index alone. The protocols
    of the literature are ``side: 6, places: centered`` at 256 pixels (Zhang et al. 2017; their model has 24.43 dB with
    0, 25.37 with 1, 27.39 with 5, 28.42 with 10, 30.42 with 50 and 31.13 with 100 hints on 1,000 photos of ImageNet),
    and ``side: 2, places: grid`` at 224 (iColoriT, Yun et al. 2023).

    Each number of hints costs another pass of the generator over the photos.

    Args:
        counts: numbers of hints.
        side: side of a hint in pixels, at the size that is measured.
        places: where hints lie: ``uniform``, ``centered`` or ``grid``, as in PointHints.
        size: side in pixels to which the photos are resized; null measures them as they are validated.
        photos: how many photos, the first of the validation set; null takes all.
        every_n_epochs: how often it is measured during training.

    Raises:
        ColorganError: before any work, if the model takes no hints.
    """

    def __init__(
        self,
        counts: tuple[int, ...] = (0, 1, 5, 10, 50, 100),
        side: int = 6,
        places: Literal["uniform", "centered", "grid"] = "centered",
        size: int | None = None,
        photos: int | None = None,
        every_n_epochs: int = 1,
    ) -> None:
        if not counts or min(counts) < 0:
            raise ColorganError(
                f"HintPSNR's counts must be numbers of hints such as [0, 1, 10], but are {list(counts)}"
            )
        for name, value in (("size", size), ("photos", photos), ("every_n_epochs", every_n_epochs)):
            if value is not None and value < 1:
                raise ColorganError(f"HintPSNR's {name} must be at least 1, but is {value}")
        self.counts = tuple(counts)
        self.points = PointHints(sides=(side, side), places=places)
        self.size, self.photos, self.every_n_epochs = size, photos, every_n_epochs
        self._rows: list[Tensor] = []
        self._shape = (0, 0)

    @property
    def state_key(self) -> str:
        """Tells several instances apart in a checkpoint."""
        return self._generate_state_key(**self.points.init_args, size=self.size)

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Looks whether the model takes the hints that would be given."""
        if stage == "predict":
            return
        network = _network_of(pl_module)
        channels = network.color_space.channels
        if network.hints.channels(channels) != self.points.channels(channels):
            raise ColorganError(
                f"HintPSNR measures models that follow hints, but this one has {type(network.hints).__name__}: "
                "set model.hints to PointHints, or take HintPSNR out of trainer.callbacks"
            )

    def begin(self) -> None:
        """Forgets a validation or test that was broken off."""
        self._rows = []

    def take(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, stage: str) -> None:
        """Colorizes a batch once per number of hints."""
        if trainer.state.fn == "fit" and (trainer.current_epoch + 1) % self.every_n_epochs:
            return
        photos = photos_of(outputs, "HintPSNR")
        target, index = photos["target"].float(), photos["index"]
        if self.photos is not None:
            wanted = index < self.photos
            target, index = target[wanted], index[wanted]
        if self.size is not None:
            target = F.interpolate(target, (self.size, self.size), mode="bilinear", antialias=True).clamp(0, 1)
        self._shape = target.shape[-2], target.shape[-1]
        if len(index) == 0:
            figures = target.new_zeros(0, len(self.counts))
        else:
            with trainer.precision_plugin.val_step_context():
                figures = hinted_psnr(_network_of(pl_module), target, index, self.counts, self.points)
        self._rows.append(torch.cat([index[:, None].to(figures), figures], dim=1).cpu().double())

    def finish(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Logs the means."""
        batches, self._rows = self._rows, []
        if not batches:
            return
        rows = gather_rows(torch.cat(batches), trainer, pl_module)
        rows = rows[first_of_each(rows[:, 0])]
        height, width = self._shape
        side = self.points.sides[0]
        protocol = f"psnr_{side}x{side}_at_{height if height == width else f'{width}x{height}'}"
        for count, mean in zip(self.counts, rows[:, 1:].mean(0).tolist(), strict=True):
            pl_module.log(f"{stage}/{protocol}_hints_{count}", mean, sync_dist=True)


def _network_of(pl_module: LightningModule) -> ColorizationNetwork:
    network = getattr(pl_module, "inference", None)
    if not isinstance(network, ColorizationNetwork):
        raise ColorganError(f"HintPSNR measures a ColorGAN, received a {type(pl_module).__name__}")
    return network
