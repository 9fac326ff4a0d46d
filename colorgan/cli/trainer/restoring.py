"""Checks that a checkpoint fits the model before that is built, and recognizes errors of restoring its progress."""

import traceback
from collections.abc import Mapping
from pathlib import Path

import torch
from jsonargparse import ArgumentParser, Namespace
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.inference.building import BUILDING_ERRORS, cannot_be_rebuilt, shapes_only
from colorgan.inference.schema import check_state
from colorgan.models.encoders import without_pretrained_weights

_RESTORING = "lightning.pytorch.trainer.connectors.checkpoint_connector"
_RESTORED = ("lightning.pytorch.", "torch.optim.")
"""Modules whose objects take over values of a checkpoint as they are."""


def shapes_of(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors of a ``state_dict`` without their values, on the ``meta`` device."""
    return {name: torch.empty_like(tensor, device="meta") for name, tensor in state.items()}


def check_architecture(parser: ArgumentParser, model: Namespace, shapes: Mapping[str, Tensor], file: Path) -> None:
    """Compares a model with the tensors of a checkpoint, without the memory and the time that building it takes.

    Args:
        parser: the parser of the command.
        model: the model's configuration.
        shapes: what :func:`shapes_of` returned for the checkpoint.
        file: the checkpoint, for messages.

    Raises:
        CheckpointError: if they differ, or the model would be larger than the checkpoint.
    """
    try:
        with without_pretrained_weights(), shapes_only(len(shapes), file):
            skeleton = parser.instantiate_classes(Namespace(model=model)).model  # type: ignore[no-untyped-call]
        check_state(skeleton, shapes, file)
    except BUILDING_ERRORS as error:
        raise cannot_be_rebuilt(error, file) from error


def is_restoring_error(error: BaseException) -> bool:
    """Whether an error of a resumed run comes from the progress in its checkpoint.

    That is so if Lightning was restoring it, or if an object failed that has taken over its values.
    """
    if isinstance(error, ColorganError) or not isinstance(error, BUILDING_ERRORS):
        return False
    walked = traceback.walk_tb(error.__traceback__)
    frames = [(str(frame.f_globals.get("__name__", "")), frame.f_code.co_name) for frame, _ in walked]
    if any(module == _RESTORING and "restore" in function for module, function in frames):
        return True
    for module, _ in reversed(frames):
        if module.startswith("colorgan."):
            return False
        if module.startswith(_RESTORED):
            return True
    return False
