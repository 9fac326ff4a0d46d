"""Which classes of other packages a checkpoint may name, and how they are found.

A checkpoint may come from a stranger, so nothing that it says may cause an import. What is imported is what the user
has named, or what an installed package declares as a part. A checkpoint can only choose among the classes that are
there afterward.
"""

import importlib
import inspect
import re
import sys
from collections.abc import Collection, Iterable
from typing import Any

from colorgan.errors import CheckpointError, ColorganError, describe
from colorgan.system.installed_parts import parts_named

NAME = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
"""A package, a module or a class, such as ``mynet`` or ``mynet.networks.MyNet``."""


def check_name(name: str) -> str:
    """Checks the name of a package, module or class that a user trusts, and returns it.

    Raises:
        ColorganError: if it is no such name, or the name of a part of Python itself.

    Example:
        >>> check_name("mynet.MyNet")
        'mynet.MyNet'
        >>> check_name("os")
        Traceback (most recent call last):
        ...
        colorgan.errors.ColorganError: os cannot be trusted: it is part of Python itself, and has no networks
    """
    if not NAME.fullmatch(name):
        raise ColorganError(
            f"{name!r:.80} cannot be trusted: give the name of a package, a module or a class, such as mynet or "
            "mynet.MyNet, or a config.yaml"
        )
    if name.partition(".")[0] in sys.stdlib_module_names:
        raise ColorganError(f"{name:.80} cannot be trusted: it is part of Python itself, and has no networks")
    return name


def trusted_class(path: str, trusted: Collection[str]) -> Any:
    """Finds a class of another package that a checkpoint names.

    Args:
        path: path of the class.
        trusted: packages, modules and classes that the user has named. Of a package, only those modules count that
            it imports itself.

    Returns:
        What has this name, which may be anything.

    Raises:
        CheckpointError: if the class is not trusted, or is not there.
    """
    if not NAME.fullmatch(path) or "." not in path:
        raise CheckpointError(f"{path!r:.200} is not the path of a class, such as colorgan.models.UNet")
    module, _, name = path.rpartition(".")
    for trusted_name in _including(path, trusted):
        _import(trusted_name)
        if module == trusted_name and module not in sys.modules:
            raise CheckpointError(
                f"there is no module {module:.200}; give the name of one that has the class {name:.200}"
            )
        if module not in sys.modules:
            raise CheckpointError(
                f"{trusted_name} does not import {module:.200}, and nothing is imported only because a checkpoint "
                f"names it; if you trust it, name it too (--trust {module:.200})"
            )
        # a package may import on demand what is asked of it, for which its own name is not enough
        found = getattr(sys.modules[module], name, None) if path in trusted else vars(sys.modules[module]).get(name)
        if found is None or inspect.ismodule(found):
            raise CheckpointError(f"{module:.200} has no class {name:.200}; use the code that the checkpoint is of")
        return found
    for part in parts_named(name, path.partition(".")[0]):
        try:
            found = part.load()
        except Exception as error:  # the code of another package
            raise CheckpointError(
                f"the part {part.name} of the package {part.package} cannot be imported ({describe(error)})"
            ) from error
        if getattr(sys.modules.get(module), name, None) is found:
            return found
    way_out = ""
    if path.partition(".")[0] not in sys.stdlib_module_names:
        way_out = f"; if you trust it, add --trust {path:.200} (in Python, trust=[{path!r:.200}])"
    raise CheckpointError(
        f"the class {path:.200} is not part of colorgan or torch.optim, so nothing was built{way_out}"
    )


def _including(path: str, trusted: Collection[str]) -> Iterable[str]:
    """The trusted names that a path is, or is inside of; the longest first."""
    return sorted((name for name in trusted if f"{path}.".startswith(f"{name}.")), key=len, reverse=True)


def _import(name: str) -> None:
    """Imports a module, or the module of a class, that the user has named."""
    module = name
    while True:
        try:
            importlib.import_module(module)
            return
        except ModuleNotFoundError as error:
            parent = module.rpartition(".")[0]
            if error.name is None or not f"{module}.".startswith(f"{error.name}."):  # one that it needs is missing
                raise CheckpointError(
                    f"cannot import {name:.200}: it needs {error.name}, which is not installed"
                ) from error
            if not parent:
                raise CheckpointError(
                    f"cannot import {name:.200}: install its package, or run the command in the folder that has it"
                ) from error
            module = parent
        except Exception as error:  # whatever the user's own code raises
            raise CheckpointError(f"cannot import {module:.200} ({describe(error)})") from error
