"""The documentation as text: its pages, their code, links and tables, and the commands in configuration files."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.helpers import CONFIGS, REPOSITORY

SHELL = ("sh", "bash", "console")
"""Languages of blocks whose lines are commands."""

_FOLDERS = (".", "docs", "examples/*", "tools/*", "benchmarks", "checkpoints", "checkpoints/*", "colorgan/**")
_PROGRAM = re.compile(r"(?:[A-Z_]+=\S+ )*(colorgan|python|pip|make|pytest|sh|npm|mkdocs) ")
_IMAGE = re.compile(r'<img src="([^"]+)"')


@dataclass(frozen=True)
class Snippet:
    """A piece of code.

    Attributes:
        place: file and line, for messages.
        language: language of a block; ``inline`` for code within a sentence.
        text: the code.
    """

    place: str
    language: str
    text: str


def pages() -> list[Path]:
    """All Markdown files of the repository that people read, relative to it."""
    found = {file for folder in _FOLDERS for file in REPOSITORY.glob(f"{folder}/*.md")}
    found |= set((REPOSITORY / "docs").rglob("*.md"))
    return sorted(file.relative_to(REPOSITORY) for file in found if "node_modules" not in file.parts)


def configurations() -> list[Path]:
    """All configuration files, relative to the repository."""
    return sorted(file.relative_to(REPOSITORY) for file in CONFIGS.rglob("*.yaml"))


def read(page: Path) -> str:
    text = (REPOSITORY / page).read_text(encoding="utf-8")
    matter = re.match(r"---\n.*?\n---\n", text, re.DOTALL)  # metadata of a model card or a Space
    return "\n" * matter[0].count("\n") + text[matter.end() :] if matter else text


def parse(text: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(text)


def blocks(page: Path) -> list[Snippet]:
    """The fenced blocks of a page."""
    tokens = [token for token in parse(read(page)) if token.type == "fence"]
    return [Snippet(f"{page}:{token.map[0] + 1}", token.info.strip(), token.content) for token in tokens if token.map]


def inline_code(page: Path) -> list[Snippet]:
    """The pieces of code within the sentences and tables of a page."""
    return [
        Snippet(f"{page}:{token.map[0] + 1}", "inline", child.content)
        for token in parse(read(page))
        if token.type == "inline" and token.map
        for child in token.children or []
        if child.type == "code_inline"
    ]


def commands(page: Path) -> list[Snippet]:
    """The commands of a page: its shell blocks, and code within its sentences that names a program and arguments."""
    fenced = [block for block in blocks(page) if block.language in SHELL]
    fenced = [Snippet(b.place, "sh", _typed(b.text)) if b.language == "console" else b for b in fenced]
    return fenced + [code for code in inline_code(page) if _PROGRAM.match(code.text)]


def _typed(text: str) -> str:
    """What is typed in a console: the lines with a prompt, and those that continue them."""
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            lines.append(line[2:])
        elif lines and lines[-1].endswith("\\"):
            lines.append(line.removeprefix("> "))
    return "\n".join(lines)


def comment(text: str) -> str:
    """The comment at the head of a configuration file."""
    head = re.match(r"(?:#.*\n)*", text)
    assert head is not None
    return head[0]


def comment_commands(file: Path) -> Snippet:
    """The commands in the comment at the head of a configuration: its indented lines."""
    lines = comment((REPOSITORY / file).read_text(encoding="utf-8")).splitlines()
    return Snippet(str(file), "sh", "\n".join(line[1:] for line in lines if line.startswith("#   ")))


def links(page: Path) -> Iterator[str]:
    """The targets of links and images of a page."""
    for token in parse(read(page)):
        if token.type == "html_block":
            yield from _IMAGE.findall(token.content)
        for child in token.children or []:
            target = child.attrs.get("href") or child.attrs.get("src")
            if target:
                yield str(target)
            if child.type == "html_inline":
                yield from _IMAGE.findall(child.content)


def anchors(page: Path) -> set[str]:
    """The anchors of the headings of a page, as the code host makes them."""
    tokens = parse(read(page))
    titles = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def broken_tables(text: str) -> list[str]:
    """Lines that should be rows of a table, but are not, or have too many or too few cells, or code with ``|``."""
    broken = []
    lines = text.splitlines()
    is_cell = False
    for token in parse(text):
        is_cell = token.type in ("th_open", "td_open") or (is_cell and token.type not in ("th_close", "td_close"))
        if token.map is None:
            continue
        if token.type == "inline" and not is_cell:
            broken += [line for line in token.content.splitlines() if re.match(r"\s*\|.*\|\s*$", line)]
        elif token.type == "table_open":
            rows = [line for line in lines[slice(*token.map)] if line.strip()]
            broken += [row for row in rows if _cells(row) != _cells(rows[0]) or re.search(r"`[^`|]*\\\|[^`|]*`", row)]
    return broken


def _cells(row: str) -> int:
    return len(re.split(r"(?<!\\)\|", row.strip().removeprefix("|").removesuffix("|")))
