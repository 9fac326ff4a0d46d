"""Learning-rate schedules that torch does not have with plain arguments."""

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from colorgan.errors import ColorganError


class ConstantThenLinear(LRScheduler):
    """Keeps the rate, then lets it fall to zero on a straight line (Isola et al. 2017).

    Args:
        optimizer: the optimizer whose rates are scheduled.
        constant: epochs (or batches, see ``schedule_every``) at the full rate.
        decay: epochs in which it falls.
        last_epoch: where to begin; -1 is the beginning.

    Example:
        >>> import torch
        >>> optimizer = torch.optim.SGD([torch.zeros(1)], lr=1.0)
        >>> schedule, rates = ConstantThenLinear(optimizer, constant=2, decay=4), []
        >>> for _ in range(7):
        ...     rates.append(optimizer.param_groups[0]["lr"])
        ...     optimizer.step()
        ...     schedule.step()
        >>> rates
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
        """The rates of this epoch."""
        left = 1 - max(0, self.last_epoch - self.constant) / self.decay
        return [rate * max(0.0, left) for rate in self.base_lrs]
