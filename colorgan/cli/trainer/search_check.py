"""Checks a search before its first trial, by parsing and building the configurations that it may train."""

import contextlib
import io
import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from colorgan.cli.trainer.dry_run import BuildOnlyCLI, ParsedConfiguration, ParseOnlyCLI
from colorgan.cli.trainer.running import train
from colorgan.data import Photos
from colorgan.errors import ColorganError, did_you_mean
from colorgan.evaluation.benchmark.grid import Overlay
from colorgan.evaluation.benchmark.worker import find_error
from colorgan.evaluation.tuning.merging import value_at
from colorgan.evaluation.tuning.plan import overlay_text
from colorgan.evaluation.tuning.space import Space, Value, described
from colorgan.training.monitors import check_logged


class _SearchedCLI(BuildOnlyCLI):
    """Builds the callbacks, too, which log metrics."""

    with_callbacks = True

    def after_instantiate_classes(self) -> None:
        """Checks what costs no time."""
        self.model.check_size(self.datamodule.image_size)
        if isinstance(self.datamodule, Photos):
            self.datamodule.check()


def complete_configuration(base: Sequence[Overlay], options: Sequence[str]) -> dict[str, Any]:
    """The complete configuration of several layers.

    Raises:
        ColorganError: if it is invalid.
    """
    with _arguments(base, options) as arguments:
        return _parse(arguments)


def check_metric(base: Sequence[Overlay], options: Sequence[str], metric: str) -> None:
    """Builds what a configuration would train, and checks that it logs a metric.

    Raises:
        ColorganError: if it cannot be built, or does not log the metric.
    """
    with _arguments(base, options) as arguments, _without_notes():
        built = train(arguments, _SearchedCLI)
    if built.trainer.limit_val_batches == 0:
        raise ColorganError(f"trainer.limit_val_batches is 0, so there is no {metric} to compare trials by; validate")
    check_logged("--metric is", metric, built.trainer, built.model)


def check_space(
    base: Sequence[Overlay], options: Sequence[str], space: Space, config: Mapping[str, Any]
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Checks that every key exists, and that every option of a choice and both ends of a range can be parsed.

    Args:
        base: the layers of the configuration.
        options: further arguments of ``fit``.
        space: what varies.
        config: the complete configuration.

    Returns:
        The values that the configuration has, and the parameters whose own values are not in the space.

    Raises:
        ColorganError: naming the file of the space, the key and the value.
    """
    numbers = [parameter for parameter in space.parameters if parameter.is_numeric]
    choices = [parameter for parameter in space.parameters if not parameter.is_numeric]
    rounds = max((len(parameter.examples()) for parameter in choices), default=0)
    checked: dict[str, dict[Value, Mapping[str, Any]]] = {parameter.name: {} for parameter in space.parameters}
    parsed: list[tuple[Mapping[str, Any], dict[str, Value]]] = [(config, {})]
    for number in range(rounds):
        values = {parameter.name: parameter.examples()[number % len(parameter.examples())] for parameter in choices}
        complete = _parse_values(base, options, space, values)
        parsed.append((complete, values))
        for name, value in values.items():
            checked[name][value] = complete
    for content, values in parsed if not choices else parsed[1:]:
        for parameter in numbers:
            for key in parameter.keys:
                _check_key(content, key, values, space)
    for end in (0, -1) if numbers else ():
        _parse_values(base, options, space, {p.name: p.examples()[end] for p in space.parameters})
    own = {parameter.name: parameter.read(config, checked[parameter.name]) for parameter in space.parameters}
    outside = tuple(name for name, value in own.items() if value is None)
    return {name: value for name, value in own.items() if value is not None}, outside


def _check_key(config: Mapping[str, Any], key: str, values: Mapping[str, Value], space: Space) -> None:
    try:
        value_at(config, key)
    except KeyError as error:
        missing = str(error.args[0])
        above = missing.rpartition(".")[0]
        known = value_at(config, above) if above else config
        siblings = [f"{above}.{other}" for other in known] if isinstance(known, Mapping) else []
        near = did_you_mean(missing, siblings, list_all=len(siblings) <= 20)
        where = f" with {described(values)}" if values else ""
        raise ColorganError(f"{space.source}: {key} is not a key of the configuration{where}{near}") from error


def _parse_values(
    base: Sequence[Overlay], options: Sequence[str], space: Space, values: Mapping[str, Value]
) -> dict[str, Any]:
    overlay = space.overlay(values)
    try:
        with _arguments([*base, Overlay("trial", overlay_text(overlay), overlay)], options) as arguments:
            return _parse(arguments)
    except ColorganError as error:
        raise ColorganError(f"{space.source} with {described(values)}: {error}") from error


def _parse(arguments: list[str]) -> dict[str, Any]:
    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors), _without_notes():
            train(arguments, ParseOnlyCLI)
    except ParsedConfiguration as parsed:
        return parsed.content
    except SystemExit as stopped:  # the parser has printed why
        raise ColorganError(find_error(errors.getvalue().splitlines()).partition(" (`")[0]) from stopped
    raise AssertionError("the command was not ended")


@contextlib.contextmanager
def _without_notes() -> Iterator[None]:
    """Leaves out what Lightning says about the seed and the devices of each training."""
    loggers = [logging.getLogger(name) for name in ("lightning.fabric", "lightning.pytorch")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.WARNING)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def _arguments(overlays: Sequence[Overlay], options: Sequence[str]) -> Iterator[list[str]]:
    """The arguments of ``fit`` with overlays in files."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["fit"]
        for number, overlay in enumerate(overlays):
            file = Path(folder) / f"{number:02}_{overlay.name}.yaml"
            file.write_text(overlay.text, encoding="utf-8")
            arguments += ["--config", str(file)]
        yield [*arguments, *options]
