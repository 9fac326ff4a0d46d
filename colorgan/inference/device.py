"""Which device a network runs on."""

import torch

from colorgan.errors import ColorganError


def choose_device(name: str) -> torch.device:
    """The device of a name, after a look whether it can be used.

    Args:
        name: ``cpu``, ``cuda``, ``cuda:1``, ``mps`` and so on; ``auto`` for the accelerator if there is one.

    Raises:
        ColorganError: if there is no such device.

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
    except (RuntimeError, AssertionError) as error:  # torch has no error of its own for this
        reason = str(error).strip().partition("\n")[0]
        raise ColorganError(f"the device {name!r} cannot be used here ({reason}); try cpu") from error
    return device
