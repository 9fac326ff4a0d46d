"""Parts that installed packages offer to colorgan, as entry points of the group ``colorgan.parts``.

Reading the list imports nothing of those packages.
"""

import functools
import importlib.metadata
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GROUP = "colorgan.parts"


@dataclass(frozen=True)
class InstalledPart:
    """An entry point of an installed package.

    Attributes:
        name: its short name.
        module: the module that has the part.
        attribute: the name of the part in that module.
        package: the package that declares it.
    """

    name: str
    module: str
    attribute: str
    package: str

    def load(self) -> Any:
        """Imports the part.

        Raises:
            Exception: whatever the package's own code raises.
        """
        return importlib.metadata.EntryPoint(self.name, f"{self.module}:{self.attribute}", GROUP).load()


@functools.cache
def installed_parts() -> tuple[InstalledPart, ...]:
    """The parts of all installed packages.

    What lies in the working directory is not installed: a folder of photos from somebody else must not add code.
    """
    places = [path for path in sys.path if not _is_working_directory(path)]
    seen: set[str] = set()
    found = []
    for distribution in importlib.metadata.distributions(path=places):
        entry_points = distribution.entry_points.select(group=GROUP)
        if not entry_points or distribution.name in seen:  # the first on the path hides the others
            continue
        seen.add(distribution.name)
        found += [
            InstalledPart(point.name, point.module, point.attr, distribution.name)
            for point in entry_points
            if point.attr
        ]
    return tuple(found)


def _is_working_directory(path: str) -> bool:
    try:
        return path == "" or Path(path).samefile(Path.cwd())
    except OSError:  # a place that does not exist
        return False


def parts_named(attribute: str, package: str) -> Iterator[InstalledPart]:
    """The parts of a class name in modules of a package, without importing them.

    Args:
        attribute: name of the class.
        package: name of the package that is imported, without submodules.
    """
    for part in installed_parts():
        if part.attribute == attribute and part.module.partition(".")[0] == package:
            yield part
