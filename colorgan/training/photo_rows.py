"""Values per photo, collected over an epoch and over all processes, in which every photo counts once."""

import torch
from lightning.pytorch import LightningModule
from torch import Tensor
from torchmetrics.utilities.distributed import gather_all_tensors


class PhotoRows:
    """Collects one row of numbers per photo during an epoch, and merges the rows of all processes at its end.

    Lightning's own averages over processes count photos that a distributed sampler repeats twice, and weight processes
    by a truncated number of photos. Means of these rows are the same for any number of processes.

    Attributes:
        names: names of the values that were added last.

    Example:
        >>> rows = PhotoRows()
        >>> rows.add(torch.tensor([0, 1]), {"psnr": torch.tensor([20.0, 22.0])})
        >>> rows.add(torch.tensor([2, 0]), {"psnr": torch.tensor([27.0, 20.0])})
        >>> rows.collect(LightningModule())["psnr"].mean().item()
        23.0
    """

    def __init__(self) -> None:
        self._batches: list[Tensor] = []
        self.names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return sum(map(len, self._batches))

    def clear(self) -> None:
        """Drops the rows, such as those of an interrupted epoch."""
        self._batches = []

    def add(self, index: Tensor, values: dict[str, Tensor]) -> None:
        """Adds the rows of a batch.

        Args:
            index: indices of the photos in the data set, (B,). All batches of an epoch have the same names.
            values: one number per photo by name, each (B,).
        """
        self.names = tuple(values)
        columns = [column.detach().cpu().double() for column in (index, *values.values())]
        self._batches.append(torch.stack(columns, dim=1))

    def collect(self, pl_module: LightningModule) -> dict[str, Tensor]:
        """Takes the rows of all processes, each photo once and in the order of the data set; empty without rows.

        Every process must call it. Each receives the same numbers.

        Returns:
            The values by name, each float64 (N,) on the CPU.
        """
        batches, self._batches = self._batches, []
        if not batches:
            return {}
        rows = gather_rows(torch.cat(batches), pl_module)
        rows = rows[first_occurrences(rows[:, 0])]
        return dict(zip(self.names, rows[:, 1:].unbind(1), strict=True))


def gather_rows(rows: Tensor, pl_module: LightningModule) -> Tensor:
    """Concatenates the rows of all processes, on the CPU; they may have different numbers of rows."""
    if not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return rows
    # Backends such as NCCL only exchange tensors on the accelerator.
    return torch.cat([part.cpu() for part in gather_all_tensors(rows.to(pl_module.device))])


def mean_over_processes(values: dict[str, Tensor]) -> dict[str, Tensor]:
    """Averages scalars over all processes with one exchange, so that the log does not show the first process alone.

    Args:
        values: scalars of batches that have the same size in every process.

    Returns:
        The means by name, on the same device; the values themselves in a single process.
    """
    if not values or not torch.distributed.is_available() or not torch.distributed.is_initialized():
        return values
    means = torch.stack([value.detach().float() for value in values.values()])
    torch.distributed.all_reduce(means)
    return dict(zip(values, (means / torch.distributed.get_world_size()).unbind(), strict=True))


def first_occurrences(index: Tensor) -> Tensor:
    """Positions of the first occurrence of each value, sorted by value.

    Selecting rows by their dataset index this way drops the repetitions that a distributed sampler adds, and makes the
    order of the rows independent of the number of processes.

    >>> first_occurrences(torch.tensor([2, 0, 2, 1, 0])).tolist()
    [1, 3, 0]
    """
    order = torch.argsort(index, stable=True)
    ordered = index[order]
    is_first = torch.ones_like(ordered, dtype=torch.bool)
    is_first[1:] = ordered[1:] != ordered[:-1]
    return order[is_first]
