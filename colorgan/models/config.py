"""Conversion of a model's components to plain data and back.

Checkpoints hold data, not code. Color spaces, hints, losses and networks are :class:`Part` objects, which record the
arguments they were built with. A model built in Python is therefore saved in the same form as one built from YAML, and
both load under ``torch.load(weights_only=True)``.
"""

import dataclasses
import functools
import importlib
import inspect
from collections.abc import Callable, Collection, Mapping
from pathlib import PurePath
from typing import Any, ClassVar

from colorgan.errors import CheckpointError, did_you_mean
from colorgan.models.trust import trusted_class

TRUSTED_PREFIXES = ("colorgan.", "torch.optim.", "lightning.pytorch.cli.ReduceLROnPlateau")
"""A checkpoint may name the classes whose paths begin with one of these."""


_MAX_PARTS = 32
"""Of a list in a checkpoint. Some take a moment to build, and an untrusted file must not make us build for long."""

_PUBLIC_PACKAGES = ("colorgan.models", "colorgan.training")
"""The packages that export parts, optimizers and schedules."""


class Part:
    """Base class of the components of a model. It records the arguments of the constructor.

    Attributes:
        init_args: the arguments passed to the constructor, by name.
        parts: the arguments that are parts themselves, with their base classes; all others are plain values.
        factories: the arguments that are factories of parts, with the base classes of what they build.

    Example:
        >>> class Shift(Part):
        ...     def __init__(self, amount: float = 1.0) -> None:
        ...         self.amount = amount
        >>> Shift(2.5).init_args
        {'amount': 2.5}
    """

    init_args: dict[str, Any]
    parts: ClassVar[Mapping[str, type]] = {}
    factories: ClassVar[Mapping[str, type]] = {}

    def __new__(cls, *args: Any, **kwargs: Any) -> "Part":  # noqa: D102
        self = super().__new__(cls)
        # copy and pickle call __new__ without arguments and restore the attribute afterward, hence bind_partial
        bound = inspect.signature(cls.__init__).bind_partial(self, *args, **kwargs)
        arguments = dict(list(bound.arguments.items())[1:])
        arguments.update(arguments.pop("kwargs", {}))
        object.__setattr__(self, "init_args", arguments)
        return self


def class_path(cls: type) -> str:
    """The public name of a class: the shortest importable path to it.

    Checkpoints and YAML files hold these names, so a class can move to another file of its package. Names of colorgan
    include the package, such as ``colorgan.models``, since :func:`class_from_config` looks them up there.

    >>> from colorgan.models.generators.unet import UNet
    >>> class_path(UNet)
    'colorgan.models.UNet'
    """
    parts = cls.__module__.split(".")
    for count in range(2 if parts[0] == "colorgan" else 1, len(parts)):
        package = ".".join(parts[:count])
        if getattr(importlib.import_module(package), cls.__qualname__, None) is cls:
            return f"{package}.{cls.__qualname__}"
    return f"{cls.__module__}.{cls.__qualname__}"


def to_config(value: Any) -> Any:
    """Converts an argument of a model to plain data: numbers, strings, lists and ``class_path``/``init_args`` mappings.

    Args:
        value: a plain value, a :class:`Part`, a class, or a factory (``functools.partial`` of a class with keyword
            arguments, as the command line builds them).

    Raises:
        TypeError: for a value that cannot be saved as data, such as a lambda.

    Example:
        >>> to_config({"a": (1, 2.0), "b": None})
        {'a': [1, 2.0], 'b': None}
        >>> to_config(lambda: None)
        Traceback (most recent call last):
        ...
        TypeError: cannot save <function <lambda>> in a checkpoint: pass a class, ...
    """
    if value is None or type(value) in (bool, int, float, str):
        return value
    if isinstance(value, Mapping):
        return {str(key): to_config(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_config(item) for item in value]
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, Part):
        return {"class_path": class_path(type(value)), "init_args": to_config(value.init_args)}
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_config(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, type):
        return {"class_path": class_path(value)}
    if isinstance(value, functools.partial):
        cls = _class_of_partial(value)
        if cls is not None:
            return {"class_path": class_path(cls), "init_args": to_config(value.keywords)}
    name = getattr(value, "__name__", None)
    shown = f"<function {name}>" if name else repr(value)
    raise TypeError(
        f"cannot save {shown} in a checkpoint: pass a class, functools.partial(Class, name=value), or a Part instead"
    )


def _class_of_partial(factory: "functools.partial[Any]") -> type | None:
    """The class that a partial builds; in those of jsonargparse it is a positional argument of a helper function."""
    if isinstance(factory.func, type):
        return None if factory.args else factory.func
    classes = [argument for argument in factory.args if isinstance(argument, type)]
    return classes[0] if len(classes) == 1 else None


def factory_class(factory: Callable[..., Any]) -> type | None:
    """The class that ``factory`` builds, or None if only a call would tell."""
    if isinstance(factory, type):
        return factory
    return _class_of_partial(factory) if isinstance(factory, functools.partial) else None


def class_from_config(description: Any, base: type | tuple[type, ...], trusted: Collection[str] = ()) -> type:
    """Imports the class that a checkpoint names, if it is trusted.

    Nothing is imported because the checkpoint names it, except modules of ``torch.optim``.

    Args:
        description: ``{"class_path": ..., "init_args": {...}}``.
        base: the required base class or classes.
        trusted: packages, modules and classes that the user has named; see :func:`colorgan.models.trust.trusted_class`.

    Raises:
        CheckpointError: if the class is not trusted, does not exist or has another base class, or if its arguments are
            not plain values.
    """
    names = base if isinstance(base, tuple) else (base,)
    role = " or ".join(cls.__name__ for cls in names)
    if not (isinstance(description, Mapping) and isinstance(description.get("class_path"), str)):
        raise CheckpointError(f"expected class_path and init_args of a {role}, received {description!r:.80}")
    path: str = description["class_path"]
    arguments = description.get("init_args") or {}
    if not isinstance(arguments, Mapping) or not all(isinstance(name, str) for name in arguments):
        raise CheckpointError(f"the init_args of {path:.200} must be a mapping of names, received {arguments!r:.80}")
    if path.startswith("colorgan."):
        cls = _exported(path)
    else:
        cls = _imported(path) if path.startswith(TRUSTED_PREFIXES) else trusted_class(path, trusted)
    if not (inspect.isclass(cls) and issubclass(cls, base)):
        raise CheckpointError(f"{path:.200} is not a {role}")
    for name, value in arguments.items():
        if isinstance(value, Mapping) and not (issubclass(cls, Part) and name in {**cls.parts, **cls.factories}):
            raise CheckpointError(f"the arguments of {path} must be plain values, received a mapping")
    return cls


def _exported(path: str) -> Any:
    """Looks up a public name of colorgan, such as ``colorgan.models.UNet``."""
    package, _, name = path.rpartition(".")
    if package not in _PUBLIC_PACKAGES:
        raise CheckpointError(f"{path:.200} is not a public name of colorgan, such as colorgan.models.UNet")
    module = importlib.import_module(package)
    names: list[str] = getattr(module, "__all__", [])
    if name not in names:
        raise CheckpointError(f"this version of colorgan has no {path:.200}{did_you_mean(name, names)}")
    return getattr(module, name)


def _imported(path: str) -> Any:
    module, _, name = path.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise CheckpointError(f"cannot import {path:.200}: install the package it belongs to") from error


def factory_from_config(
    description: Any, base: type | tuple[type, ...], trusted: Collection[str] = ()
) -> Callable[..., Any]:
    """The inverse of :func:`to_config` for factories: a ``functools.partial`` of a trusted class.

    Its arguments that are parts or factories are built alike.
    """
    cls = class_from_config(description, base, trusted)
    arguments = dict(description.get("init_args") or {})
    if issubclass(cls, Part):
        for inner, build in ((cls.parts, from_config), (cls.factories, factory_from_config)):
            for name, inner_base in inner.items():
                if isinstance(arguments.get(name), Mapping):
                    arguments[name] = build(arguments[name], inner_base, trusted)
    return functools.partial(cls, **arguments)


def from_config(description: Any, base: type | tuple[type, ...], trusted: Collection[str] = ()) -> Any:
    """The inverse of :func:`to_config` for instances of a :class:`Part`.

    Example:
        >>> from colorgan.models import ColorSpace
        >>> from_config({"class_path": "os.system", "init_args": {"command": "ls"}}, ColorSpace)
        Traceback (most recent call last):
        ...
        colorgan.errors.CheckpointError: the class os.system is not part of colorgan or torch.optim, ...
    """
    return factory_from_config(description, base, trusted)()


def parts_from_config(descriptions: Any, base: type | tuple[type, ...], trusted: Collection[str] = ()) -> list[Any]:
    """As :func:`from_config`, for a list.

    Raises:
        CheckpointError: for anything but a list, or more than 32 parts, and as :func:`from_config`.
    """
    if not isinstance(descriptions, list | tuple):
        raise CheckpointError(f"expected a list of class_path and init_args, received {descriptions!r:.80}")
    if len(descriptions) > _MAX_PARTS:
        raise CheckpointError(f"expected at most {_MAX_PARTS} parts, received {len(descriptions)}")
    return [from_config(description, base, trusted) for description in descriptions]
