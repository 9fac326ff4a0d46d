"""Builds a configuration with errors that a user can read."""

import contextlib
import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from jsonargparse import Namespace
from lightning.fabric.utilities.exceptions import MisconfigurationException

from colorgan.errors import CheckpointError, ColorganError, first_sentence
from colorgan.inference.building import BUILDING_ERRORS
from colorgan.inference.trust import class_paths
from colorgan.models.encoders import without_pretrained_weights
from colorgan.system.memory import total_memory
from colorgan.training.gan import ColorGAN
from colorgan.training.module import Trainable
from colorgan.training.regressor import ChromaRegressor

_ERRORS = (*BUILDING_ERRORS, ImportError, OSError)
_GIB = 1 << 30


@contextlib.contextmanager
def readable_errors() -> Iterator[None]:
    """Turns what classes raise for their arguments into one sentence.

    The parser wraps the error of a class in its own, which lists all types that it has tried.

    Raises:
        ColorganError: from within the block, if anything is raised there.
    """
    try:
        yield
    except ColorganError:
        raise
    except MisconfigurationException as error:
        raise ColorganError(_sentences(error)) from error
    except MemoryError as error:
        raise ColorganError("there is not enough memory for this configuration; make the networks smaller") from error
    except _ERRORS as error:
        chain = list(_causes(error))
        own = next((cause for cause in chain if isinstance(cause, ColorganError)), None)
        if own is not None:
            raise own from error
        raise ColorganError(f"this configuration cannot be used: {_sentences(chain[-1])}") from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it was raised for, the first one last."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _sentences(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if text and len(text) < 300 else first_sentence(error)


def check_model(model: type[Trainable], section: Namespace, command: str | None) -> None:
    """Builds the model on the ``meta`` device, where it takes no memory, so that wrong arguments are found at once.

    Networks that cannot be built there are left to be built for real.

    Args:
        model: its class.
        section: the configuration of a command.
        command: its name; only ``fit`` needs photos of the size that the networks are built for.

    Raises:
        ColorganError: for arguments out of range, networks that the memory cannot hold, or ones that the photos do
            not suit.
    """
    config = {**section.model.as_dict()}
    if "init_from" in config:
        config["init_from"] = None
    try:
        with torch.random.fork_rng(devices=[]), without_pretrained_weights(), torch.device("meta"):
            skeleton = model(**model.arguments_from_config(config, set(class_paths(section.model))))
    except CheckpointError:
        return
    except ColorganError:
        raise
    except _ERRORS:
        return
    needed = sum(parameter.numel() * parameter.element_size() for parameter in skeleton.parameters())
    available = total_memory()
    if available is not None and needed > available:
        raise ColorganError(
            f"the networks take {needed / _GIB:,.0f} GiB, but this machine has {available / _GIB:,.0f} GiB of memory; "
            "make them less wide or less deep"
        )
    size = (section.data.get("init_args") or {}).get("size")
    if command == "fit" and isinstance(size, int) and size > 0:
        skeleton.check_size(size)


def check_kind(stored: Mapping[str, Any], wanted: type[Trainable], path: Path) -> None:
    """Checks that a checkpoint is one of the model that a command trains.

    Args:
        stored: the hyperparameters in the checkpoint.
        wanted: the class of the model.
        path: the checkpoint.

    Raises:
        CheckpointError: naming the class that it is of, and the command that takes it.
    """
    commands: dict[type[Trainable], str] = {
        ColorGAN: "colorgan fit|validate|test|predict",
        ChromaRegressor: "colorgan chroma fit|validate|test",
    }
    if _has_arguments(wanted, stored):
        return
    for other, command in commands.items():
        if _has_arguments(other, stored):
            raise CheckpointError(
                f"{path} is a checkpoint of a {other.__name__}, but this command needs one of a {wanted.__name__}; "
                f"`{command}` takes it"
            )


def _has_arguments(model: type[Trainable], names: Mapping[str, Any]) -> bool:
    return not names.keys() - inspect.signature(model).parameters.keys()
