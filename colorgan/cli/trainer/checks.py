"""Checks of a whole configuration before anything is built from it."""

import inspect
import os
import re
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any

import torch
from jsonargparse import Namespace
from lightning.fabric.plugins.environments.lsf import LSFEnvironment
from lightning.fabric.plugins.environments.mpi import MPIEnvironment
from lightning.fabric.plugins.environments.slurm import SLURMEnvironment
from lightning.fabric.plugins.environments.torchelastic import TorchElasticEnvironment
from lightning.pytorch.accelerators import CUDAAccelerator, MPSAccelerator

from colorgan.data.checks import check_ranges
from colorgan.errors import ColorganError
from colorgan.inference.trust import class_paths
from colorgan.inference.working_size import MAX_SIZE

MAX_LEVELS = 13
"""Depth of a network: each level halves the photo, and photos of more than 2**13 pixels are not trained on."""

MAX_CHANNELS = 1 << 16
"""Any other number that a network is built from, such as its width."""

_MAX_SEED = 2**32 - 1
_MAX_NAME = 200
_MAX_PROCESSES_PER_CORE = 4
_LEAST = {
    "max_epochs": -1,
    "min_epochs": 0,
    "max_steps": -1,
    "min_steps": 0,
    "check_val_every_n_epoch": 1,
    "log_every_n_steps": 0,
    "num_sanity_val_steps": -1,
    "fast_dev_run": 0,
    "num_nodes": 1,
    "accumulate_grad_batches": 1,
    "reload_dataloaders_every_n_epochs": 0,
}
"""The smallest value of integers of Lightning's Trainer; -1 means without end, or all."""

_OWN = {"gradient_clip_val": "gradient_clip", "accumulate_grad_batches": "accumulate"}
"""What a model does itself instead of Lightning's Trainer."""
_NEUTRAL = {"gradient_clip_val": 0, "accumulate_grad_batches": 1}

_PARTS_OF_ALL = (
    "limit_train_batches",
    "limit_val_batches",
    "limit_test_batches",
    "limit_predict_batches",
    "overfit_batches",
    "val_check_interval",
)
"""Numbers of batches, or fractions of all batches."""


def check_configuration(section: Namespace, command: str) -> None:
    """Checks what the parser, which knows types only, lets pass.

    Args:
        section: the configuration of a command.
        command: its name.

    Raises:
        ColorganError: naming the key as a user types it, what was received and what is valid.
    """
    _check_seed(section.get("seed_everything"))
    _check_run(section)
    if command == "predict":
        _check_output(section)
    for key in ("data", "model", "trainer"):
        if not isinstance(section.get(key), Namespace):
            raise ColorganError(f"{key} must be a section of keys and values, received {section.get(key)!r:.80}")
    _check_trainer(section.trainer)
    _check_manual(section)
    data_class = _class(str(section.data.get("class_path")))
    if data_class is not None:
        _check_nulls(data_class, section.data.get("init_args"), "data")
    for path in class_paths(section.model):
        _check_class(path)
    for key, value in _numbers(section.model, "model"):
        name = key.rpartition(".")[2]
        if name == "image_size":  # that of the photos
            check_ranges(size=(int(value), 1, MAX_SIZE))
            continue
        limit = MAX_LEVELS if name in ("depth", "num_downsamples") else MAX_CHANNELS
        if value > limit:
            raise ColorganError(f"{key} must be at most {limit}, received {value}")


def _check_class(path: str) -> None:
    """A function such as ``os.system``, which the parser accepts for a factory, would be called."""
    if _class(path) is None:
        raise ColorganError(f"model: {path} is not a class")


def _class(path: str) -> type | None:
    """A class that the parser has imported."""
    module, _, name = path.rpartition(".")
    found = getattr(sys.modules.get(module), name, None)
    return found if inspect.isclass(found) else None


def _check_nulls(cls: type, arguments: Namespace | None, key: str) -> None:
    """The parser lets every argument be null."""
    if arguments is None:
        return
    hints = typing.get_type_hints(cls.__init__)  # type: ignore[misc]
    for name, value in vars(arguments).items():
        if value is None and name in hints and NoneType not in (hints[name], *typing.get_args(hints[name])):
            raise ColorganError(f"{key}.{name} must not be null; leave it out for its default")


def _check_seed(seed: Any) -> None:
    if isinstance(seed, int) and not 0 <= seed <= _MAX_SEED:
        raise ColorganError(f"seed_everything must be an integer from 0 to {_MAX_SEED}, received {seed}")


def _check_run(section: Namespace) -> None:
    name, runs = section.get("name"), section.get("runs")
    folder = str(name)
    is_folder = folder not in ("", ".", "..") and folder.isprintable() and not {"/", "\\"} & set(folder)
    if not is_folder or len(os.fsencode(folder)) > _MAX_NAME:
        raise ColorganError(
            f"--name must be the name of a new folder, without slashes and of at most {_MAX_NAME} characters, "
            f"received {folder!r:.80}"
        )
    if not runs:
        raise ColorganError(f"--runs must be the folder of all runs, received {runs!r}; leave it out for `checkpoints`")
    _check_folder("runs", runs)


def _check_folder(option: str, folder: str) -> None:
    existing = next((path for path in (Path(folder), *Path(folder).parents) if os.path.lexists(path)), Path())
    if not existing.is_dir():
        raise ColorganError(f"--{option} must be a folder, but {existing} is a file")


def _check_output(section: Namespace) -> None:
    """The targets of ``predict``, which would otherwise be reported after the first photo, or after the last."""
    output, array = section.get("output"), section.get("npy")
    if not output:
        raise ColorganError("--output is empty; give a folder, or leave it out for `colorized`")
    _check_folder("output", output)
    if array is None:
        return
    if not array or Path(array).is_dir():
        raise ColorganError(f"--npy must be the name of a file, received {array!r}")
    if Path(array).exists() and not section.get("overwrite"):
        raise ColorganError(f"{array} already exists: choose another --npy, or set --overwrite true")


def _check_trainer(trainer: Namespace) -> None:
    if trainer.get("default_root_dir") is not None:
        raise ColorganError(
            f"trainer.default_root_dir is {str(trainer.default_root_dir)!r}, but every run has a folder of its "
            "own; choose its place with --runs FOLDER and --name NAME instead"
        )
    for name, least in _LEAST.items():
        value = trainer.get(name)
        if isinstance(value, int) and value < least:
            raise ColorganError(f"trainer.{name} must be an integer of at least {least}, received {value}")
    for name in _PARTS_OF_ALL:
        value = trainer.get(name)
        is_valid = value >= 0 if isinstance(value, int) else not isinstance(value, float) or 0 <= value <= 1
        if not is_valid or (name == "val_check_interval" and value == 0):
            raise ColorganError(
                f"trainer.{name} must be a number of batches (1, 2, …) or a fraction of all batches (0.0 to 1.0), "
                f"received {value}"
            )
    max_time = trainer.get("max_time")
    if isinstance(max_time, str) and not re.fullmatch(r"\d+:\d\d:\d\d:\d\d", max_time):
        raise ColorganError(
            f"trainer.max_time must be days:hours:minutes:seconds, such as 00:12:00:00, received {max_time!r}"
        )
    accelerator = str(trainer.get("accelerator", "auto"))
    _check_accelerator(accelerator)
    _check_devices(trainer.get("devices", "auto"), accelerator)
    _check_machines(trainer)


def _check_manual(section: Namespace) -> None:
    """A GAN has two optimizers, for which Lightning neither clips nor accumulates."""
    for name, own in _OWN.items():
        value = section.trainer.get(name)
        if own in section.model and value is not None and value != _NEUTRAL[name]:
            raise ColorganError(
                f"trainer.{name} is {value}, but Lightning leaves optimizers of a GAN alone: set model.{own} instead"
            )


def _check_accelerator(accelerator: str) -> None:
    has_cuda, has_mps = CUDAAccelerator.is_available(), MPSAccelerator.is_available()
    is_there = {"gpu": has_cuda or has_mps, "cuda": has_cuda, "mps": has_mps}
    if not is_there.get(accelerator, True):
        what = "GPU of an Apple computer" if accelerator == "mps" else "GPU"
        raise ColorganError(
            f"trainer.accelerator is {accelerator}, but torch finds no {what} on this machine: leave out the file of "
            "configs/hardware/ that asks for it, or set --trainer.accelerator auto --trainer.devices auto"
        )


def _check_machines(trainer: Namespace) -> None:
    """A process that nobody has told of the other machines would wait for them for half an hour."""
    machines = trainer.get("num_nodes", 1)
    launchers = (TorchElasticEnvironment, SLURMEnvironment, LSFEnvironment, MPIEnvironment)
    is_started = "MASTER_ADDR" in os.environ or any(launcher.detect() for launcher in launchers)
    if isinstance(machines, int) and machines > 1 and not is_started and not trainer.get("plugins"):
        raise ColorganError(
            f"trainer.num_nodes is {machines}, but no launcher says where the other machines are: start the command "
            "with srun or torchrun, or set --trainer.num_nodes 1"
        )


def _check_devices(devices: Any, accelerator: str) -> None:
    text = str(devices).strip()
    indices = devices if isinstance(devices, list) else text.strip("[]").split(",") if "," in text else None
    if indices is not None:
        is_valid = bool(indices) and all(str(index).strip().isdigit() for index in indices)
    else:
        is_valid = text in ("auto", "-1") or (text.isdigit() and int(text) > 0)
    if not is_valid:
        raise ColorganError(
            f"trainer.devices must be auto, a number of devices, -1 for all, or a list of indices such as [0,2], "
            f"received {devices!r}"
        )
    on_cpu = accelerator == "cpu" or (accelerator == "auto" and not torch.accelerator.is_available())
    most = _MAX_PROCESSES_PER_CORE * (os.cpu_count() or 1)
    if on_cpu and text == "-1":
        raise ColorganError(
            "trainer.devices is -1, all GPUs, but this run is on the CPU: set --trainer.devices to auto, or to a "
            "number of processes"
        )
    if on_cpu and text.isdigit() and int(text) > most:
        raise ColorganError(f"trainer.devices must be at most {most} on the CPU of this machine, received {text}")


def _numbers(value: Any, key: str) -> Iterator[tuple[str, int]]:
    """The integers in the arguments of classes, by key as it is typed on the command line."""
    if isinstance(value, Namespace):
        for name, item in vars(value).items():
            yield from _numbers(item, key if name == "init_args" else f"{key}.{name}")
    elif isinstance(value, int) and not isinstance(value, bool) and not key.startswith("model.schedule."):
        yield key, value
