"""How configurations are laid over each other: an overlay that names another class begins afresh.

jsonargparse keeps arguments of the class before wherever the new class has some of the same name, its defaults among
them: ``EncoderUNet`` over a ``UNet`` would get the depth of the latter, which nobody asked for.
"""

from collections.abc import Mapping
from typing import Any

from jsonargparse import Namespace, _typehints

_REPLACED = "discard_init_args_on_class_path_change"


def forget_arguments_of_other_classes() -> None:
    """Makes jsonargparse drop all ``init_args`` where the class changes."""
    assert hasattr(_typehints, _REPLACED)  # it is not public; the tests say whether it still does its work
    setattr(_typehints, _REPLACED, _begin_afresh)


def _begin_afresh(parser: Any, previous: Any, value: Any) -> None:
    """Empties the arguments that were given before, if they were given to another class.

    Args:
        parser: not needed.
        previous: class and arguments so far, if any.
        value: class and arguments laid over them.
    """
    if not previous or "init_args" not in previous or _name(previous) == _name(value):
        return
    arguments = previous["init_args"]
    if isinstance(arguments, Namespace):
        for key in list(vars(arguments)):
            arguments.pop(key)
    elif isinstance(arguments, dict):
        arguments.clear()


def _name(part: Namespace | Mapping[str, Any]) -> str:
    """The class's own name: it may stand there with its module or without."""
    return str(part["class_path"]).rpartition(".")[2]
