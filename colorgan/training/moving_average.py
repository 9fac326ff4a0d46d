"""The exponential moving average of a network."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn


def moving_average(network: nn.Module, decay: float) -> AveragedModel:
    """Returns a copy of a network that ``update_parameters`` moves towards it.

    Weights are averaged, and so are the means and variances of BatchNorm layers: those of the latest batches belong to
    the latest weights, not to the average. Whole numbers, such as counters, are copied.

    Args:
        network: the network that is trained.
        decay: what remains of the average in each update, in [0, 1].

    Example:
        >>> layer = nn.BatchNorm2d(1)
        >>> average = moving_average(layer, decay=0.75)
        >>> for mean in (0.0, 4.0):
        ...     _ = layer.running_mean.fill_(mean), layer.num_batches_tracked.add_(3)
        ...     average.update_parameters(layer)
        >>> average.module.running_mean.item(), average.module.num_batches_tracked.item()
        (1.0, 6)
    """
    move: Any = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]

    @torch.no_grad()
    def update(averages: Sequence[Tensor], values: Sequence[Tensor], count: Any) -> None:
        if averages[0].is_floating_point():
            move(averages, values, count)
        else:
            for average, value in zip(averages, values, strict=True):
                average.copy_(value)

    averaged = AveragedModel(network, multi_avg_fn=update, use_buffers=True)
    averaged.requires_grad_(False)
    return averaged
