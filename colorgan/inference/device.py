"""Selects the device that a network runs on."""

import torch

from colorgan.errors import ColorganError, first_sentence


def choose_device(name: str) -> torch.device:
    """Returns a device by name, after checking that it can be used.

    Args:
        name: ``cpu``, ``cuda``, ``cuda:1``, ``mps``, ...; ``auto`` selects the accelerator if there is one.

    Raises:
        ColorganError: if the device is not available.

    Example:
        >>> choose_device("cpu")
        device(type='cpu')
    """
    if name == "auto":
        accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
        return accelerator or torch.device("cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:  # torch has no specific exception for this
        reason = first_sentence(error)
        if "Expected one of" in reason:  # a list of all that torch has ever known
            reason = "it is none of cpu, cuda, cuda:1, mps"
        raise ColorganError(f"the device {name!r} is not available ({reason}); try cpu") from error
    return device
