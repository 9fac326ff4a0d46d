"""PSNR as a function of the number of color hints."""

from typing import Literal

from lightning.pytorch import LightningModule, Trainer
from torch.nn import functional as F

from colorgan.errors import ColorganError
from colorgan.metrics.hinted import hinted_psnr
from colorgan.metrics.registry import hint_psnr_metric
from colorgan.models.colorization import ColorizationNetwork
from colorgan.models.hints import PointHints
from colorgan.training.callbacks.evaluation import EvaluationCallback, EvaluationStage
from colorgan.training.photo_rows import PhotoRows
from colorgan.training.steps import EvaluationOutput


class HintPSNR(EvaluationCallback):
    """Logs the mean PSNR of photos colorized with 0, 1, 5, … hints, after validation and test.

    The name of the metric states the protocol: ``val/psnr_6x6_at_256_hints_10`` is the PSNR with ten hints of 6 x 6
    pixels at 256 x 256, averaged over photos. The hints of a photo depend only on its index. Protocols of the
    literature:

    - Zhang et al. 2017: ``patch_size: 6, placement: centered`` at 256 pixels. Their model reaches 24.43 dB with 0
      hints, 25.37 with 1, 27.39 with 5, 28.42 with 10, 30.42 with 50 and 31.13 with 100 on 1,000 photos of ImageNet.
    - iColoriT (Yun et al. 2023): ``patch_size: 2, placement: grid`` at 224 pixels.

    Each number of hints costs another forward pass of the generator over the photos.

    Args:
        counts: numbers of hints.
        patch_size: side of a hint in pixels, at the size of the evaluation.
        placement: ``uniform``, ``centered`` or ``grid``; see :class:`~colorgan.models.hints.PointHints`.
        image_size: side in pixels that photos are resized to; null keeps the size they are validated at.
        max_photos: evaluates only the first photos of the validation set; null evaluates all of them.
        every_n_epochs: number of epochs between two evaluations during training.

    Raises:
        ColorganError: for invalid arguments, or during setup if the model takes no hints.
    """

    def __init__(
        self,
        counts: tuple[int, ...] = (0, 1, 5, 10, 50, 100),
        patch_size: int = 6,
        placement: Literal["uniform", "centered", "grid"] = "centered",
        image_size: int | None = None,
        max_photos: int | None = None,
        every_n_epochs: int = 1,
    ) -> None:
        if not counts or min(counts) < 0:
            raise ColorganError(
                f"HintPSNR's counts must be numbers of hints such as [0, 1, 10], but are {list(counts)}"
            )
        at_least_1 = {
            "patch_size": patch_size,
            "image_size": image_size,
            "max_photos": max_photos,
            "every_n_epochs": every_n_epochs,
        }
        for name, value in at_least_1.items():
            if value is not None and value < 1:
                raise ColorganError(f"HintPSNR's {name} must be at least 1, but is {value}")
        self.counts = tuple(counts)
        self.hints = PointHints(patch_sizes=(patch_size, patch_size), placement=placement)
        self.patch_size, self.image_size = patch_size, image_size
        self.max_photos, self.every_n_epochs = max_photos, every_n_epochs
        self._rows = PhotoRows()
        self._shape = (0, 0)

    def logged_metrics(self) -> list[str]:
        """One name for each number of hints; a pattern if the size is that of the photos."""
        size = "*" if self.image_size is None else str(self.image_size)
        return [f"val/{hint_psnr_metric(self.patch_size, size, count).key}" for count in self.counts]

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Calls :meth:`check_model`."""
        if stage != "predict":
            self.check_model(pl_module)

    def check_model(self, pl_module: LightningModule) -> None:
        """Checks that the model takes this kind of hints."""
        network = _inference_network(pl_module)
        channels = network.color_space.channels
        if network.hints.channels(channels) != self.hints.channels(channels):
            raise ColorganError(
                f"HintPSNR requires a model that takes hints, but this one has {type(network.hints).__name__}: "
                "set model.hints to PointHints, or remove HintPSNR from trainer.callbacks"
            )

    def reset(self) -> None:
        """Drops the results of an interrupted epoch."""
        self._rows.clear()

    def update(
        self, trainer: Trainer, pl_module: LightningModule, output: EvaluationOutput, stage: EvaluationStage
    ) -> None:
        """Colorizes a batch once per number of hints."""
        if trainer.state.fn == "fit" and (trainer.current_epoch + 1) % self.every_n_epochs:
            return
        target, index = output["target"].float(), output["index"]
        if self.max_photos is not None:
            selected = index < self.max_photos
            target, index = target[selected], index[selected]
        if self.image_size is not None:
            size = (self.image_size, self.image_size)
            target = F.interpolate(target, size, mode="bilinear", antialias=True).clamp(0, 1)
        self._shape = target.shape[-2], target.shape[-1]
        if len(index) == 0:
            values = target.new_zeros(0, len(self.counts))
        else:
            with trainer.precision_plugin.val_step_context():
                values = hinted_psnr(_inference_network(pl_module), target, index, self.counts, self.hints)
        self._rows.add(index, {str(count): column for count, column in zip(self.counts, values.unbind(1), strict=True)})

    def compute(self, trainer: Trainer, pl_module: LightningModule, stage: EvaluationStage) -> None:
        """Logs the mean PSNR for each number of hints."""
        height, width = self._shape
        size = str(height) if height == width else f"{width}x{height}"
        for count, values in self._rows.collect(pl_module).items():
            metric = hint_psnr_metric(self.patch_size, size, int(count))
            pl_module.log(f"{stage}/{metric.key}", values.mean().item(), sync_dist=True)


def _inference_network(pl_module: LightningModule) -> ColorizationNetwork:
    network = getattr(pl_module, "inference", None)
    if not isinstance(network, ColorizationNetwork):
        raise ColorganError(f"HintPSNR requires a ColorGAN, received a {type(pl_module).__name__}")
    return network
