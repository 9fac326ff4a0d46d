"""Reads YAML: plain values only, each key once, and within limits that no configuration of a person reaches."""

import errno
import re
from pathlib import Path
from typing import Any

import yaml
from yaml.reader import ReaderError

from colorgan.errors import ColorganError
from colorgan.files.regular import open_regular

MAX_BYTES = 1 << 20
"""The size of a file or text."""

MAX_VALUES = 50_000
"""The number of values, where what is repeated by an alias (``*name``) counts each time."""

MAX_DEPTH = 50
"""Mappings and lists inside each other."""

_TAG = "tag:yaml.org,2002:"
_FLOAT = (
    r"[-+]?(?:[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?)"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_INTEGER = r"[-+]?(?:0x[0-9a-fA-F]+|0o[0-7]+|0b[01]+|[0-9][0-9_]*)"
_PLAIN_WORDS = {
    "mapping values are not allowed": (
        "a colon is not expected here; check the indentation, and put a text with a colon in quotes"
    ),
    r"found character '\\t'": "a tab is not allowed here; indent with spaces",
    "found character": "a text that begins with this character must be in quotes",
    "expected <block end>": "the indentation does not fit the lines above",
    "unexpected end of stream": "a quotation mark is not closed",
    "expected ',' or": "a bracket is not closed, or a comma is missing",
    "could not find expected ':'": "a colon is missing",
    "undefined alias": "an alias (*name) has no anchor (&name) before it",
    "another document": "a second document begins (---); a file may have one",
}
"""What PyYAML's messages mean to somebody who edits a configuration."""


class YAMLError(ColorganError):
    """A text is not the YAML that colorgan reads."""


class YAMLLimitError(YAMLError):
    """A text is nested too deeply, or stands for too many values."""


def read_yaml(file: str | Path) -> Any:
    """Reads a YAML file.

    Args:
        file: a regular file in UTF-8.

    Returns:
        Mappings, lists, texts, numbers, booleans and ``None``.

    Raises:
        YAMLError: naming the file, the line and the problem.
        OSError: if it cannot be opened.
    """
    path = Path(file)
    try:
        with open_regular(path) as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        if error.errno not in (errno.EISDIR, errno.EINVAL):
            raise
        raise YAMLError(f"{path} cannot be read ({error.strerror}); give a YAML file") from error
    if len(content) > MAX_BYTES:
        raise YAMLError(f"{path} has more than {MAX_BYTES:,} bytes, which no YAML file may have")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise YAMLError(f"{path} is not a YAML file: it is not a text in UTF-8") from error
    return parse_yaml(text, str(path))


def parse_yaml(text: str, source: str = "the text") -> Any:
    r"""Parses YAML 1.1 with the numbers of YAML 1.2: ``1e-4`` is a number, and ``010`` is ten.

    Keys that occur twice, tags such as ``!!python/name``, and a text beyond the limits are errors. Dates, and times
    such as ``00:12:00``, are texts.

    Args:
        text: the YAML.
        source: its file, for error messages.

    Returns:
        Mappings, lists, texts, numbers, booleans and ``None``.

    Raises:
        YAMLError: naming the source, the line and the problem.

    Example:
        >>> parse_yaml("size: 128\nlr: 2e-4")
        {'size': 128, 'lr': 0.0002}
        >>> parse_yaml("size: 128\nsize: 256", "my.yaml")
        Traceback (most recent call last):
        ...
        colorgan.files.yaml.YAMLError: my.yaml, line 2: 'size' is given twice; the first is in line 1
    """
    if len(text) > MAX_BYTES:
        raise YAMLLimitError(f"{source} has {len(text):,} characters, but YAML may have {MAX_BYTES:,}")
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 (a SafeLoader that knows even fewer types)
    except _RefusedError as error:
        kind = YAMLLimitError if error.is_limit else YAMLError
        raise kind(f"{source}, line {error.line}: {error}") from error
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise YAMLError(
            f"{source}, line {line}: the control character U+{error.character:04X} is not allowed"
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f", line {mark.line + 1}" if mark else ""
        raise YAMLError(f"{source}{place}: {_in_plain_words(error)}") from error


def _in_plain_words(error: yaml.MarkedYAMLError) -> str:
    problem = str(error.problem)
    found = next((words for pattern, words in _PLAIN_WORDS.items() if re.search(pattern, problem)), None)
    return found or f"this is not valid YAML: {problem}"


class _RefusedError(Exception):
    def __init__(self, place: yaml.Node | yaml.Event, problem: str, is_limit: bool = False) -> None:
        super().__init__(problem)
        self.is_limit = is_limit
        self.line = (place.start_mark.line if place.start_mark else 0) + 1


class _Loader(yaml.SafeLoader):
    """Checks nodes while they are composed, before anything is constructed from them."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (types-PyYAML)

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.depth = 0
        self.total = 0
        self.sizes: dict[int, int] = {}  # of each node by its id, with what its aliases repeat

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if self.depth >= MAX_DEPTH:
            raise _RefusedError(event, f"values are nested more than {MAX_DEPTH} deep", is_limit=True)
        if tag := getattr(event, "tag", None):
            raise _RefusedError(event, f"the tag {tag.replace(_TAG, '!!')} is not supported; write a plain value")
        before = self.total
        self.depth += 1
        node = super().compose_node(parent, index)
        self.depth -= 1
        assert node is not None
        if isinstance(event, yaml.AliasEvent):
            if id(node) not in self.sizes:
                raise _RefusedError(event, f"*{event.anchor} is inside of what it repeats", is_limit=True)
            self.total += self.sizes[id(node)]
        else:
            self.total += 1
            self.sizes[id(node)] = self.total - before
        if self.total > MAX_VALUES:
            raise _RefusedError(event, f"there are more than {MAX_VALUES:,} values", is_limit=True)
        return node

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _RefusedError(key, "a key must be a text or a number")
            if key.tag in (f"{_TAG}null", f"{_TAG}bool"):
                raise _RefusedError(key, f"YAML does not read the key {key.value!r} as a text; put it in quotes")
            if key.value in lines:
                raise _RefusedError(key, f"{key.value!r:.80} is given twice; the first is in line {lines[key.value]}")
            lines[key.value] = key.start_mark.line + 1
        # merged here, because PyYAML 6.0.4 takes the wrong one of two values if what is merged was itself merged
        merged = [value for key, value in node.value if key.tag == f"{_TAG}merge"]
        node.value = [(key, value) for key, value in node.value if key.tag != f"{_TAG}merge"]
        for value in merged:
            for mapping in value.value if isinstance(value, yaml.SequenceNode) else [value]:
                if not isinstance(mapping, yaml.MappingNode):
                    raise _RefusedError(value, "<< takes a mapping or a list of mappings")
                known = {key.value for key, _ in node.value}
                node.value += [(key, item) for key, item in mapping.value if key.value not in known]
        return node

    def construct_number(self, node: yaml.ScalarNode) -> int | float:
        text = str(node.value).replace("_", "").lower()
        try:
            if node.tag == f"{_TAG}float":
                return float(text.replace(".inf", "inf").replace(".nan", "nan"))
            return int(text, 10 if text.lstrip("+-").isdigit() else 0)
        except ValueError as error:  # Python refuses integers of more than 4,300 digits
            raise _RefusedError(node, f"{node.value:.20}… is not a number that can be used") from error


for _first, _resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items():
    _Loader.yaml_implicit_resolvers[_first] = [
        (tag, pattern) for tag, pattern in _resolvers if tag in {f"{_TAG}{name}" for name in ("null", "bool", "merge")}
    ]
for _name, _pattern in (("float", _FLOAT), ("int", _INTEGER)):
    _Loader.add_implicit_resolver(f"{_TAG}{_name}", re.compile(f"^(?:{_pattern})$"), list("-+.0123456789"))
    _Loader.add_constructor(f"{_TAG}{_name}", _Loader.construct_number)
