"""What validation and test steps return, and when they measure the baseline."""

from typing import TypedDict

from lightning.pytorch import Trainer
from torch import Tensor


class EvaluationOutput(TypedDict):
    """Output of ``validation_step`` and ``test_step``, as consumed by the callbacks.

    Attributes:
        predicted: colorized photos, float (B, 3, H, W) in [0, 1].
        target: original photos, float (B, 3, H, W) in [0, 1].
        gray: gray photos, the baseline, float (B, 3, H, W) in [0, 1].
        index: indices of the photos in the dataset, int64 (B,).
    """

    predicted: Tensor
    target: Tensor
    gray: Tensor
    index: Tensor


def is_first_validation(trainer: Trainer) -> bool:
    """Whether no earlier epoch of this run has been validated; always true outside of ``fit``.

    With ``check_val_every_n_epoch: 4`` that is the fourth epoch. Metrics of the gray baseline never change, so they
    are computed in this epoch only.
    """
    return trainer.state.fn != "fit" or trainer.current_epoch < (trainer.check_val_every_n_epoch or 1)


def logging_step(trainer: Trainer) -> int:
    """The step at which metrics of the present epoch are logged, for images and tables beside them.

    Lightning logs metrics at the index of the batch, counted over all epochs, and not at ``trainer.global_step``, which
    counts the steps of all optimizers.
    """
    return int(max(trainer.fit_loop.epoch_loop.total_batch_idx, 0))
