"""Data loaders for training and prediction, and their worker processes."""

import sys
from collections.abc import Iterator
from typing import Any, TypeVar

from torch.utils.data import DataLoader

from colorgan.data.dataset import FileDataset
from colorgan.data.protocol import PhotoBatch, PredictionBatch
from colorgan.images import UnreadableImage
from colorgan.system.signals import ignore_stop_signals
from colorgan.system.threads import available_cores

T = TypeVar("T")


class PhotoLoader(DataLoader[PhotoBatch]):
    """A data loader that does nothing until its first batch is requested.

    Lightning creates iterators before it restores the position of a resumed run, and PyTorch's workers start loading at
    once. This loader starts later, when the trainer knows its epoch and batch.
    """

    def __iter__(self) -> Iterator[PhotoBatch]:  # type: ignore[override]  # a generator, so that it starts late
        yield from super().__iter__()

    def state_dict(self) -> dict[str, Any]:
        """Returns an empty state. Its presence tells Lightning that runs can be resumed within an epoch."""
        return {}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Does nothing: the sampler asks the trainer for the position."""


class FileLoader(DataLoader[PredictionBatch | UnreadableImage]):
    """A data loader for :class:`~colorgan.data.dataset.FileDataset` that skips and records unreadable files."""

    dataset: FileDataset

    def __iter__(self) -> Iterator[PredictionBatch]:  # type: ignore[override]
        for sample in super().__iter__():
            if isinstance(sample, UnreadableImage):
                self.dataset.unreadable.append(sample)
            else:
                yield sample


def first_sample(samples: list[T]) -> T:
    """Collates a batch of one: photos of different sizes cannot be stacked."""
    return samples[0]


def init_worker(_: int) -> None:
    """Keeps OpenCV from starting threads in every worker, and signals to the process group from killing it.

    The training process finishes its batch on a signal, for which it needs its workers.
    """
    import cv2

    cv2.setNumThreads(0)
    ignore_stop_signals()


def default_num_workers(device: str, augmented: bool, devices: int = 1) -> int:
    """Returns a suitable number of worker processes.

    Reading the cache takes microseconds, so workers only help with augmentation for a GPU. On a CPU, the networks need
    all cores. On Windows and macOS, worker processes start slowly, so there are at most 2.

    Args:
        device: type of the training device, as in ``torch.device.type``.
        augmented: whether photos are augmented.
        devices: number of training processes on this machine.

    Example:
        >>> default_num_workers("cpu", augmented=True)
        0
    """
    if device == "cpu" or not augmented:
        return 0
    max_workers = 8 if sys.platform.startswith("linux") else 2
    return max(0, min(max_workers, (available_cores() - 1) // max(1, devices)))
