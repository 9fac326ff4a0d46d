"""Finds the largest batch that fits the memory of a GPU, before training starts."""

import contextlib
import copy
import logging
import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Protocol

import lightning.pytorch
import torch
from lightning.pytorch.utilities import rank_zero_info
from lightning.pytorch.utilities.memory import garbage_collection_cuda, is_oom_error
from lightning.pytorch.utilities.seed import isolate_rng
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from colorgan.data.protocol import PhotoBatch
from colorgan.errors import ColorganError
from colorgan.training.gan import ColorGAN
from colorgan.training.module import Trainable
from colorgan.training.trainer import Trainer

_FULL = 0.9
"""The part of the free memory to fill. Cuts of the allocator, validation and metrics take from the rest."""
_TRAINED_BATCHES = 2
"""The second step is the first one that optimizers take with their states."""
_MULTIPLE = 8
"""Larger batches are multiples of it, which suits tensor cores."""


class Memory(Protocol):
    """The memory that batches have to fit."""

    def reset(self) -> None:
        """Frees what earlier trials left, and starts to measure."""

    def used(self) -> float:
        """The largest part of the memory that was used since then; 1 is all of it."""


class GPUMemory:
    """The memory of a CUDA device that is free before training.

    Args:
        device: the device.
        reserved: bytes that are not to be used, such as those of photos that will be kept there; at most a quarter.

    Raises:
        ColorganError: for another device, which has no memory of its own to fill.
    """

    def __init__(self, device: torch.device, reserved: int = 0) -> None:
        if device.type != "cuda":
            raise ColorganError(
                f"data.batch_size=auto fills the memory of a CUDA device, but this run trains on {device.type}: give "
                "a number"
            )
        self.device = device
        self.reset()
        free = torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device)
        self.total = free - min(reserved, free // 4)  # `on_device: auto` takes no more

    def reset(self) -> None:
        """Frees what earlier trials left, and starts to measure."""
        garbage_collection_cuda()
        torch.cuda.reset_peak_memory_stats(self.device)

    def used(self) -> float:
        """The largest part of the memory that was reserved since then."""
        return torch.cuda.max_memory_reserved(self.device) / self.total


def largest_batch_size(trial: Callable[[int], float], limit: int) -> int:
    """Finds the largest batch that takes at most nine tenths of the memory, in few trials.

    Batches are doubled while they fit. What the next one would take follows from the last two, since memory grows
    linearly with the batch, and is tried.

    Args:
        trial: takes a batch size and returns the part of the memory that it takes; infinity if it does not fit.
        limit: the largest batch size to try.

    Raises:
        ColorganError: if not even one photo fits.

    Example:
        >>> largest_batch_size(lambda size: 0.1 + 0.003 * size, limit=1000)
        264
    """
    best, used, growth = 1, trial(1), math.inf
    if used > _FULL:
        raise ColorganError(
            "not even a batch of one photo fits the memory of this GPU: set model.checkpoint_gradients to true, or "
            "choose a smaller data.size or a narrower network"
        )
    size = 2
    while size <= limit:
        taken = trial(size)
        if taken > _FULL:
            break
        growth = max((taken - used) / (size - best), 0.0)
        best, used = size, taken
        if used + growth * size > _FULL:
            break
        size *= 2
    upper = min(limit, 2 * best - 1)
    if 0 < growth < math.inf:
        upper = min(upper, best + int((_FULL - used) / growth))
    candidate = _rounded(upper)
    while candidate > best:
        if trial(candidate) <= _FULL:
            return candidate
        candidate = _rounded(best + (candidate - best) // 2)
    return best


def _rounded(size: int) -> int:
    return size // _MULTIPLE * _MULTIPLE if size > _MULTIPLE else size


class BatchTrial:
    """Trains a copy of a model for two batches of noise, validates one, and says how much of the memory that takes.

    Args:
        model: the model, which stays as it is.
        size: height and width of the photos.
        trainer: arguments of :class:`~colorgan.training.Trainer`: the device and the precision.
        memory: the memory.
    """

    def __init__(self, model: Trainable, size: int, trainer: dict[str, Any], memory: Memory) -> None:
        self.model, self.size, self.trainer, self.memory = model, size, trainer, memory

    def __call__(self, batch_size: int) -> float:
        """The part of the memory that batches of a size take; infinity if they do not fit."""
        self.memory.reset()
        try:
            with isolate_rng(), _silence():
                self._train(batch_size)
            return self.memory.used()
        except RuntimeError as error:
            if not isinstance(error, torch.OutOfMemoryError) and not is_oom_error(error):
                raise
            return math.inf
        finally:
            self.memory.reset()

    def _train(self, batch_size: int) -> None:
        model = copy.deepcopy(self.model)
        if isinstance(model, ColorGAN):  # from the first batch on, both networks train
            model.schedule = replace(model.schedule, generator_warmup_epochs=0, discriminator_warmup_epochs=0)
            model.compile_networks = False
        trainer = Trainer(
            **self.trainer,
            max_epochs=1,
            limit_train_batches=_TRAINED_BATCHES,
            limit_val_batches=1,
            num_sanity_val_steps=0,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        loader = DataLoader(_Noise(_TRAINED_BATCHES * batch_size, self.size), batch_size=batch_size)
        trainer.fit(model, loader, loader)


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """What Lightning says of each training is about the trial, not about the run."""
    logger = logging.getLogger("lightning.pytorch")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


class _Noise(Dataset[PhotoBatch]):
    """Photos of noise, all the same."""

    def __init__(self, count: int, size: int) -> None:
        generator = torch.Generator().manual_seed(0)
        self.count = count
        self.photo: Tensor = torch.randint(0, 256, (3, size, size), generator=generator, dtype=torch.uint8)

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> PhotoBatch:
        return {"rgb": self.photo, "index": torch.tensor(index)}


def find_batch_size(
    model: Trainable,
    size: int,
    trainer: lightning.pytorch.Trainer,
    photos: int,
    reserved: int = 0,
    memory: Memory | None = None,
) -> int:
    """Finds the largest batch of each process, leaving at least ten batches in an epoch, and logs it.

    Args:
        model: the model.
        size: height and width of its photos.
        trainer: the trainer of the run.
        photos: number of training photos.
        reserved: bytes of the device to leave alone.
        memory: the memory; by default that of the trainer's CUDA device.

    Raises:
        ColorganError: if this run does not train on a CUDA device, or not even one photo fits.
    """
    device = trainer.strategy.root_device
    memory = GPUMemory(device, reserved) if memory is None else memory
    arguments = {
        "accelerator": "gpu" if device.type == "cuda" else device.type,
        "devices": [device.index or 0] if device.type == "cuda" else 1,
        "precision": trainer.precision,
    }
    limit = max(1, photos // trainer.world_size // 10)
    found = largest_batch_size(BatchTrial(model, size, arguments, memory), limit)
    reason = "a tenth of the photos" if found == limit else "the largest that fits the memory"
    rank_zero_info(f"batch size {found}: {reason} (--data.batch_size sets another)")
    return found
