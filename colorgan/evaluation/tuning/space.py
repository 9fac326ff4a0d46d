"""The space of a search: which keys of a configuration vary, and over which values."""

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from colorgan.evaluation.tuning.merging import merge, nested, value_at

if TYPE_CHECKING:
    from optuna import Trial

Value = float | int | str
"""A value of a parameter; a choice has the name of its option."""


@dataclass(frozen=True)
class Parameter(ABC):
    """What a search varies.

    Attributes:
        name: unique in the space.
        keys: dotted keys of the configuration that receive the value; none for a choice of overlays.
    """

    name: str
    keys: tuple[str, ...]

    @abstractmethod
    def suggest(self, trial: "Trial") -> Value:
        """Draws a value."""

    @abstractmethod
    def examples(self) -> Sequence[Value]:
        """Values with which a configuration is checked: all options of a choice, or both ends of a range."""

    @abstractmethod
    def overlay(self, value: Value) -> Mapping[str, Any]:
        """The overlay that sets a value."""

    @abstractmethod
    def read(self, config: Mapping[str, Any], checked: Mapping[Value, Mapping[str, Any]]) -> Value | None:
        """The value that a configuration has.

        Args:
            config: a complete configuration.
            checked: the same configuration with each of the examples.

        Returns:
            ``None`` if the parameter cannot have this value.
        """

    @property
    @abstractmethod
    def is_numeric(self) -> bool:
        """Whether its values are numbers."""

    @property
    def is_log(self) -> bool:
        """Whether its values are drawn on a logarithmic scale."""
        return False

    @property
    def title(self) -> str:
        """Its name without what goes without saying.

        >>> NumberRange("model.generator.init_args.width", (), 8, 64).title
        'generator.width'
        """
        return self.name.removeprefix("model.").replace(".init_args", "")

    @property
    @abstractmethod
    def content(self) -> Any:
        """Plain data that says what it is."""


@dataclass(frozen=True)
class NumberRange(Parameter):
    """A number of a range.

    Attributes:
        low: the lowest value.
        high: the highest value.
        log: whether it is drawn on a logarithmic scale.
        step: distance between two values; ``None`` for any real number.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None

    @property
    def _is_integer(self) -> bool:
        return isinstance(self.low, int)

    def suggest(self, trial: "Trial") -> Value:
        """Draws a value."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return trial.suggest_int(self.name, self.low, self.high, step=int(self.step or 1), log=self.log)
        return trial.suggest_float(self.name, self.low, self.high, step=self.step, log=self.log)

    def examples(self) -> Sequence[Value]:
        """Both ends."""
        return (self.low, self.high)

    def overlay(self, value: Value) -> Mapping[str, Any]:
        """The overlay that sets a number."""
        return merge([nested(key, value) for key in self.keys])

    def read(self, config: Mapping[str, Any], checked: Mapping[Value, Mapping[str, Any]]) -> Value | None:
        """The number that a configuration has, if it is in the range."""
        values = [value_at(config, key) for key in self.keys]
        first = values[0]
        if isinstance(first, bool) or not isinstance(first, int | float) or any(value != first for value in values):
            return None
        steps = (first - self.low) / self.step if self.step else 0.0
        if not self.low <= first <= self.high or not math.isclose(steps, round(steps), abs_tol=1e-9):
            return None
        if self._is_integer:
            return int(first) if first == int(first) else None
        return float(first)

    @property
    def is_numeric(self) -> bool:
        """It is."""
        return True

    @property
    def is_log(self) -> bool:
        """Whether it is drawn on a logarithmic scale."""
        return self.log

    @property
    def content(self) -> Any:
        """Plain data that says what it is."""
        return [self.name, self.keys, self._is_integer, self.low, self.high, self.log, self.step]


@dataclass(frozen=True)
class Choice(Parameter):
    """One of several values of any kind, or of several overlays.

    Attributes:
        options: what each option changes in a configuration, by its name.
    """

    options: Mapping[str, Mapping[str, Any]]

    def suggest(self, trial: "Trial") -> Value:
        """Draws the name of an option."""
        return str(trial.suggest_categorical(self.name, list(self.options)))

    def examples(self) -> Sequence[Value]:
        """All options."""
        return tuple(self.options)

    def overlay(self, value: Value) -> Mapping[str, Any]:
        """What an option changes."""
        return self.options[str(value)]

    def read(self, config: Mapping[str, Any], checked: Mapping[Value, Mapping[str, Any]]) -> Value | None:
        """The option that changes nothing."""
        return next((name for name, other in checked.items() if _agree(self.overlay(name), config, other)), None)

    @property
    def is_numeric(self) -> bool:
        """Options have names."""
        return False

    @property
    def content(self) -> Any:
        """Plain data that says what it is."""
        return [self.name, self.keys, self.options]


@dataclass(frozen=True)
class Space:
    """What a search varies.

    Attributes:
        source: its file, for messages.
        parameters: in the order of the file.
    """

    source: str
    parameters: tuple[Parameter, ...]

    def overlay(self, values: Mapping[str, Value]) -> dict[str, Any]:
        """The overlay that sets the values of a trial.

        Overlays come before single keys, which may be arguments of what they choose.

        Args:
            values: by name of the parameter; the others keep the values of the configuration.
        """
        chosen = [parameter for parameter in self.parameters if parameter.name in values]
        ordered = sorted(chosen, key=lambda parameter: (isinstance(parameter, NumberRange), bool(parameter.keys)))
        return merge([parameter.overlay(values[parameter.name]) for parameter in ordered])

    @property
    def content(self) -> Any:
        """Plain data that says what it is."""
        return json.loads(json.dumps([parameter.content for parameter in self.parameters], default=str))


def shown(value: Value | None) -> str:
    """A value in messages and tables.

    >>> shown(0.000123456), shown(None), shown("patch")
    ('0.0001235', '-', 'patch')
    """
    if value is None:
        return "-"
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def described(values: Mapping[str, Value]) -> str:
    """Values with their names.

    >>> described({"width": 8, "lr": 0.000123456})
    'width=8, lr=0.0001235'
    """
    return ", ".join(f"{name}={shown(value)}" for name, value in values.items())


def _agree(overlay: Mapping[str, Any], one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two complete configurations have the same values wherever an overlay sets some."""
    return all(_value(one, key) == _value(other, key) for key in _leaves(overlay))


def _value(config: Mapping[str, Any], key: str) -> Any:
    try:
        return value_at(config, key)
    except KeyError:
        return None


def _leaves(overlay: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted keys of an overlay that are not mappings themselves."""
    for name, value in overlay.items():
        key = f"{prefix}{name.removesuffix('+')}"
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{key}.")
        else:
            yield key
