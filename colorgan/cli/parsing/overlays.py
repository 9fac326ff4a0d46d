"""How configuration files override each other: an overlay that names another class resets that class's arguments.

By default, jsonargparse keeps arguments of the previous class, its defaults included, wherever the new class has an
argument of the same name. ``EncoderUNet`` over a ``UNet`` would silently get the depth of the ``UNet``.
"""

from collections.abc import Mapping
from typing import Any

from jsonargparse import Namespace, _typehints

_PATCHED = "discard_init_args_on_class_path_change"


def reset_init_args_on_class_change() -> None:
    """Makes jsonargparse discard all ``init_args`` when an overlay changes the class."""
    assert hasattr(_typehints, _PATCHED)  # a private function; tests/cli/test_overlays.py checks that patching it works
    setattr(_typehints, _PATCHED, _discard_init_args)


def _discard_init_args(parser: Any, previous: Any, value: Any) -> None:
    """Clears the arguments of the previous class in place.

    Args:
        parser: unused; part of the patched function's signature.
        previous: the class and arguments so far, if any.
        value: the class and arguments of the overlay.
    """
    if not previous or "init_args" not in previous or _class_name(previous) == _class_name(value):
        return
    init_args = previous["init_args"]
    if isinstance(init_args, Namespace):
        for key in list(vars(init_args)):
            init_args.pop(key)
    elif isinstance(init_args, dict):
        init_args.clear()


def _class_name(config: Namespace | Mapping[str, Any]) -> str:
    """The class name without its module; configurations may give either."""
    return str(config["class_path"]).rpartition(".")[2]
