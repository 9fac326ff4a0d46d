"""Training on small photos first: progressive resizing within one run."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from torch import Tensor
from torch.nn.functional import interpolate

from colorgan.color.tensors import to_uint8
from colorgan.errors import ColorganError
from colorgan.training.module import Trainable


@dataclass(frozen=True)
class SizeStage:
    """Epochs that train on photos of one size.

    Args:
        size: height and width in pixels.
        epochs: number of epochs.
    """

    size: int
    epochs: int

    def __post_init__(self) -> None:
        for name in ("size", "epochs"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ColorganError(f"{name} of a ProgressiveSize stage must be an integer >= 1, but is {value}")


class ProgressiveSize(Callback):
    """Trains on photos that grow by epochs, such as 64, then 128 pixels, then the size of the data.

    A step at a quarter of the size takes a sixteenth of the time, and is where colors of large areas are learned. It is
    the progressive resizing of fastai in one run: optimizers, averages and schedules go on. Photos are averaged over
    areas on the device. Validation always has the size of the data, so that its metrics can be compared over the whole
    run. The size depends on the epoch alone, so a resumed run matches an uninterrupted one.

    Networks must work at every size. Those that are built for one size, such as ``ConvLinear``, are refused.

    Args:
        stages: the sizes, from small to large, and how many epochs each is for; later epochs have the size of the data.

    Raises:
        ColorganError: for stages out of order, and during setup if they do not fit the data, the networks or the length
            of the run.

    Example:
        >>> growth = ProgressiveSize([SizeStage(64, epochs=10), SizeStage(128, epochs=5)])
        >>> [growth.size_of(epoch) for epoch in (0, 9, 10, 14, 15)]
        [64, 64, 128, 128, None]
    """

    def __init__(self, stages: Sequence[SizeStage]) -> None:
        if not stages:
            raise ColorganError("ProgressiveSize needs at least one stage, such as {size: 64, epochs: 10}")
        if any(larger.size <= smaller.size for smaller, larger in pairwise(stages)):
            sizes = [stage.size for stage in stages]
            raise ColorganError(f"the sizes of ProgressiveSize must grow from stage to stage, but are {sizes}")
        self.stages = tuple(stages)

    def size_of(self, epoch: int) -> int | None:
        """Height and width of the photos of an epoch; ``None`` after the last stage, where the data have their own."""
        end = 0
        for stage in self.stages:
            end += stage.epochs
            if epoch < end:
                return stage.size
        return None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Checks the stages against the data, the networks and the length of the run."""
        if stage != "fit":
            return
        size = getattr(getattr(trainer, "datamodule", None), "image_size", None)
        largest = self.stages[-1].size
        if size is not None and largest >= size:
            raise ColorganError(
                f"ProgressiveSize has a stage of {largest} pixels, but data.size={size} is the largest size, that of "
                "the epochs after all stages: leave the stage out"
            )
        if isinstance(pl_module, Trainable):
            for each in self.stages:
                pl_module.check_size(each.size)
        epochs, max_epochs = sum(each.epochs for each in self.stages), trainer.max_epochs
        is_short = max_epochs is not None and 0 <= max_epochs <= epochs
        if is_short and not getattr(trainer, "fast_dev_run", False):
            raise ColorganError(
                f"the stages of ProgressiveSize take {epochs} epochs, but trainer.max_epochs is {max_epochs}, so no "
                f"epoch would have the size of the data: set it to more than {epochs}"
            )

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int) -> None:
        """Makes the photos of a batch smaller."""
        size = self.size_of(trainer.current_epoch)
        if size is not None:
            batch["rgb"] = resized(batch["rgb"], size)


def resized(photos: Tensor, size: int) -> Tensor:
    """Averages photos over areas: uint8 (B, 3, H, W) → uint8 (B, 3, size, size).

    >>> import torch
    >>> resized(torch.tensor([[0, 10], [20, 31]], dtype=torch.uint8).expand(1, 3, 2, 2), 1).flatten().tolist()
    [15, 15, 15]
    """
    return to_uint8(interpolate(photos.float() / 255, (size, size), mode="area"))
