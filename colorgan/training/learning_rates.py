"""Learning-rate schedules that PyTorch does not provide in a form that YAML can configure."""

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from colorgan.errors import ColorganError


class ConstantThenLinear(LRScheduler):
    """Keeps the learning rate constant, then decays it linearly to zero (Isola et al. 2017).

    Args:
        optimizer: the optimizer to schedule.
        constant: number of epochs at the full learning rate (batches, if ``scheduler_interval`` is ``batch``).
        decay: number of epochs over which it decays.
        last_epoch: index of the last completed epoch; -1 to start.

    Example:
        >>> import torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        >>> scheduler, lrs = ConstantThenLinear(optimizer, constant=2, decay=4), []
        >>> for _ in range(7):
        ...     lrs.append(optimizer.param_groups[0]["lr"])
        ...     optimizer.step()
        ...     scheduler.step()
        >>> lrs
        [1.0, 1.0, 1.0, 0.75, 0.5, 0.25, 0.0]
    """

    def __init__(self, optimizer: Optimizer, constant: int = 100, decay: int = 100, last_epoch: int = -1) -> None:
        if constant < 0 or decay < 1:
            raise ColorganError(
                f"ConstantThenLinear needs constant >= 0 and decay >= 1, received {constant} and {decay}"
            )
        self.constant, self.decay = constant, decay
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float | Tensor]:
        """Returns the learning rates of this epoch."""
        factor = 1 - max(0, self.last_epoch - self.constant) / self.decay
        return [lr * max(0.0, factor) for lr in self.base_lrs]
