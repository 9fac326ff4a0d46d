"""Loads the parts that installed packages offer, so that configurations know them by their short names."""

import functools
import inspect
import warnings

from colorgan import data, models
from colorgan.errors import describe, one_line
from colorgan.metrics.metric import Metric
from colorgan.metrics.registry import METRICS
from colorgan.system.installed_parts import InstalledPart, installed_parts


@functools.cache
def load_installed_parts() -> None:
    """Imports all parts of the entry points ``colorgan.parts``, once, and adds metrics to the table.

    A class has its own name as its short name, and a metric its key. A part that cannot be loaded, or whose name is
    taken, is left out with a warning.
    """
    names = {*models.__all__, *data.__all__}
    for part in installed_parts():
        problem = f"its name {part.name} is taken" if part.name in names else _load(part)
        if problem:
            warnings.warn(
                one_line(f"the part {part.name} of the package {part.package} is left out: {problem}"), stacklevel=2
            )
        else:
            names.add(part.name)


def _load(part: InstalledPart) -> str:
    """Loads a part; returns why it cannot be used, or nothing."""
    try:
        loaded = part.load()
    except Exception as error:  # the code of another package
        return f"it cannot be imported ({describe(error)})"
    if isinstance(loaded, Metric):
        if loaded.key != part.name:
            return f"the metric has the key {loaded.key!r}, which must be the name of its entry point"
        if METRICS.setdefault(loaded.key, loaded) is not loaded:
            return f"there is already a metric {loaded.key}"
        return ""
    if not inspect.isclass(loaded):
        return f"it is a {type(loaded).__name__}; a part is a class or a Metric"
    if loaded.__name__ != part.name:
        return f"the class is {loaded.__name__}, which must be the name of its entry point"
    return ""
