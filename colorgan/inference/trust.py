"""The names that a user trusts, from the command line, from Python, or from a configuration."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from colorgan.errors import ColorganError, os_reason
from colorgan.files.yaml import read_yaml
from colorgan.models.config import TRUSTED_PREFIXES
from colorgan.models.trust import check_name

_SUFFIXES = (".yaml", ".yml")


def trusted_names(trust: Iterable[str | Path]) -> frozenset[str]:
    """The packages, modules and classes that checkpoints may name.

    A configuration stands for the classes of its model. One that lies in the folder of a checkpoint is not read unless
    it is named here, because whoever sends the one can send the other.

    Args:
        trust: names such as ``mynet`` or ``mynet.MyNet``, and configurations such as the ``config.yaml`` of a run.

    Raises:
        ColorganError: for anything else, or a configuration that cannot be read.
    """
    if isinstance(trust, str | Path):  # a single text is a sequence of letters
        trust = [trust]
    names: set[str] = set()
    for item in trust:
        if str(item).endswith(_SUFFIXES):
            names.update(_of_configuration(Path(item)))
        else:
            names.add(check_name(str(item)))
    return frozenset(names)


def _of_configuration(file: Path) -> Iterator[str]:
    try:
        content = read_yaml(file)
    except OSError as error:
        raise ColorganError(f"cannot read the configuration {file} ({os_reason(error)})") from error
    model = content.get("model", content) if isinstance(content, Mapping) else None
    if not isinstance(model, Mapping):
        raise ColorganError(f"{file} cannot be trusted: it is not a configuration with a section `model`")
    for path in class_paths(model):
        if "." in path and not path.startswith(TRUSTED_PREFIXES):
            yield check_name(path)


def class_paths(value: Any) -> Iterator[str]:
    """All class paths in plain data, or in a namespace of jsonargparse.

    >>> list(class_paths({"generator": {"class_path": "mynet.MyNet"}, "losses": [{"class_path": "L1"}]}))
    ['mynet.MyNet', 'L1']
    """
    if hasattr(value, "as_dict"):
        value = value.as_dict()
    if isinstance(value, Mapping):
        if isinstance(value.get("class_path"), str):
            yield value["class_path"]
        for item in value.values():
            yield from class_paths(item)
    elif isinstance(value, list):
        for item in value:
            yield from class_paths(item)
