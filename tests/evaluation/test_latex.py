import re
from pathlib import Path

import pytest

from colorgan.evaluation.latex import LatexCell, LatexTable, escape, label, render_tables
from tests.evaluation.latex import check_latex, compile_latex

HOSTILE = 'a_b & 100% #1 {x} \\input{/etc/passwd} $y$ ~^<|>" [z] *\n\x1b[31m'


def table(*rows: list[LatexCell]) -> LatexTable:
    return LatexTable(
        f"Caption of {HOSTILE}", label("One", HOSTILE), ["system", "PSNR ↑", "FD of a long name ↓"], [rows]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-0.5 to +0.3", "$-$0.5 to +0.3"),
        ("1-2 x-3", "1-2 x-3"),
        ("\\input{a}", r"\textbackslash{}input\{a\}"),
        ("a\nb\x1bc", "a b c"),
        ("∞ ± ΔE₀₀", r"$\infty$ $\pm$ $\Delta$E$_0$$_0$"),
    ],
)
def test_texts_are_escaped(text: str, expected: str) -> None:
    assert escape(text) == expected


def test_tables_are_well_formed_and_compile(tmp_path: Path) -> None:
    rows = [
        [
            LatexCell(HOSTILE),
            LatexCell("23.4", ["23.0 to 24.0", "p < 0.001"], bold=True),
            LatexCell("-0.1", ["-1 to 1"]),
        ],
        [LatexCell("[plain]"), LatexCell("–"), LatexCell("∞")],  # noqa: RUF001
    ]
    text = render_tables([table(*rows)], HOSTILE)
    (caption,) = check_latex(text)
    assert caption.startswith(r"Caption of a\_b \& 100\% \#1 \{x\} \textbackslash{}input\{/etc/passwd\}")
    assert r"\textbf{23.4} & $-$0.1 \\" in text
    assert r"& {\scriptsize p \textless{} 0.001} &" in text
    assert r"\shortstack[r]{FD of a long\\name $\downarrow$}" in text
    assert all(line.startswith("%") for line in text.splitlines()[:2])
    if not compile_latex(text, tmp_path):
        assert "\x1b" not in text  # without an engine, the structure is all that is checked


def test_wide_tables_are_set_in_parts() -> None:
    header = ["system", *(f"metric {number}" for number in range(7))]
    row = [LatexCell("ours"), *(LatexCell(str(number), ["small"]) for number in range(7))]
    text = render_tables([LatexTable("Wide", "tab:wide", header, [[row]])], "a test")
    assert check_latex(text) == ["Wide"]
    assert re.findall(r"^    ours & (.*) \\\\$", text, re.MULTILINE) == ["0 & 1 & 2 & 3", "4 & 5 & 6"]
    assert text.count(r"\begin{tabular}{@{}lrrrr@{}}") == text.count(r"\begin{tabular}{@{}lrrr@{}}") == 1


def test_labels_are_plain() -> None:
    assert label("Ünder_score & more", "A") == "tab:nder-score-more-a"
