r"""Tables of reports for papers: LaTeX with the package ``booktabs``, and nothing else that is not in LaTeX itself."""

import itertools
import math
import re
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_HEADER_WIDTH = 14
"""Characters of a header line; longer titles are stacked."""
_MAX_COLUMNS = 5
"""Columns of values side by side; those of wider tables are set below each other."""

_ESCAPED = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    "[": "{[}",  # after the end of a row, a bracket would begin an argument, and a star a variant
    "]": "{]}",
    "*": "{*}",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "Δ": r"$\Delta$",
    "₀": r"$_0$",
    "σ": r"$\sigma$",  # noqa: RUF001
    "∞": r"$\infty$",
    "±": r"$\pm$",
    "×": r"$\times$",  # noqa: RUF001
    "−": r"$-$",  # noqa: RUF001
    "–": "--",  # noqa: RUF001
}


@dataclass(frozen=True)
class LatexCell:
    """A cell.

    Attributes:
        text: its content, not escaped.
        notes: lines of small print below it.
        bold: whether it is set in bold.
    """

    text: str
    notes: Sequence[str] = ()
    bold: bool = False


@dataclass(frozen=True)
class LatexTable:
    """A table.

    Attributes:
        caption: its caption, not escaped.
        label: for references, such as ``tab:flowers-image-by-image``.
        header: titles of the columns.
        blocks: rows of cells, with a rule between two blocks.
    """

    caption: str
    label: str
    header: Sequence[str]
    blocks: Sequence[Sequence[Sequence[LatexCell]]]


def render_tables(tables: Iterable[LatexTable], made_with: str) -> str:
    r"""The content of a ``.tex`` file, which a paper includes with ``\input``.

    Args:
        tables: the tables.
        made_with: what made them, for the comment at the top.
    """
    comment = "".join(f"% {line}\n" for line in textwrap.wrap(_one_line(made_with), 100))
    return f"{comment}% \\usepackage{{booktabs}} is needed in the preamble.\n\n" + "\n".join(map(_table, tables))


def escape(text: str) -> str:
    r"""A text as LaTeX sets it, whatever it contains.

    >>> print(escape("50% of a_b & {c}"), escape("-0.5 dB ↓"))
    50\% of a\_b \& \{c\} $-$0.5 dB $\downarrow$
    """
    escaped = "".join(_ESCAPED.get(character, character) for character in _one_line(text))
    return re.sub(r"(?<![\w.-])-(?=\d)", "$-$", escaped)


def label(*parts: str) -> str:
    """A label of letters, digits and hyphens.

    >>> label("Flowers & $trees$", "Image by image")
    'tab:flowers-trees-image-by-image'
    """
    return "tab:" + "-".join(re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in parts)


def _table(table: LatexTable) -> str:
    count = len(table.header) - 1
    parts = max(1, math.ceil(count / _MAX_COLUMNS))
    ends = [round(count * part / parts) for part in range(parts + 1)]
    lines = [
        r"\begin{table*}[t]",
        r"  \centering",
        r"  \setlength{\belowcaptionskip}{6pt}",
        rf"  \caption{{{escape(table.caption)}}}",
        rf"  \label{{{table.label}}}",
        r"  \small",
        r"  \setlength{\tabcolsep}{4pt}",
    ]
    for start, end in itertools.pairwise(ends):
        columns = [0, *range(start + 1, end + 1)]
        lines += [*([r"  \par\medskip"] if start else []), *_tabular(table, columns)]
    return "\n".join([*lines, r"\end{table*}", ""])


def _tabular(table: LatexTable, columns: Sequence[int]) -> list[str]:
    """Some columns of a table."""
    blocks = [[[row[column] for column in columns] for row in block] for block in table.blocks]
    return [
        rf"  \begin{{tabular}}{{@{{}}l{'r' * (len(columns) - 1)}@{{}}}}",
        r"    \toprule",
        f"    {' & '.join(_header(table.header[column]) for column in columns)} \\\\",
        *(line for block in blocks for line in [r"    \midrule", *map(_row, block)]),
        r"    \bottomrule",
        r"  \end{tabular}",
    ]


def _header(title: str) -> str:
    lines = textwrap.wrap(title, _HEADER_WIDTH, break_long_words=False, break_on_hyphens=False)
    if len(lines) < 2:
        return escape(title)
    return r"\shortstack[r]{" + r"\\".join(map(escape, lines)) + "}"


def _row(cells: Sequence[LatexCell]) -> str:
    """A line of values, and one for each line of small print."""
    lines = [[rf"\textbf{{{escape(cell.text)}}}" if cell.bold else escape(cell.text) for cell in cells]]
    for number in range(max(len(cell.notes) for cell in cells)):
        notes = [cell.notes[number] if number < len(cell.notes) else "" for cell in cells]
        lines.append([rf"{{\scriptsize {escape(note)}}}" if note else "" for note in notes])
    return "\n".join(f"    {' & '.join(line)} \\\\" for line in lines)


def _one_line(text: str) -> str:
    """A text without line breaks and other control characters."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
