"""What the tests of reports check in LaTeX, and an engine to try it if there is one."""

import re
import shutil
import subprocess
from pathlib import Path


def check_latex(text: str) -> list[str]:
    """Checks braces, environments, and that all rows of a table have as many cells as it has columns; the captions."""
    body = "\n".join(line for line in text.splitlines() if not line.startswith("%"))
    plain = re.sub(r"\\[\\{}&%#$_]", " ", body.replace(r"\\", " \n"))
    depth = 0
    for character in plain:
        depth += {"{": 1, "}": -1}.get(character, 0)
        assert depth >= 0
    assert depth == 0
    opened: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{([a-z*]+)\}", body):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert opened == []
    assert plain.replace(r"\$", "").count("$") % 2 == 0
    tables = re.findall(r"\\begin\{tabular\}\{@\{\}(l r*|lr*)@\{\}\}(.*?)\\end\{tabular\}", body, re.DOTALL)
    assert len(tables) == body.count(r"\begin{tabular}") > 0
    for columns, content in tables:
        rows = [line.strip() for line in content.splitlines() if line.strip() and "rule" not in line]
        for row in rows:
            assert row.endswith(r"\\")
            assert not row.startswith(("[", "*"))
            assert len(re.findall(r"(?<!\\)&", row)) == len(columns) - 1, row
    labels = re.findall(r"\\label\{(.*?)\}", body)
    assert len(set(labels)) == len(labels) == body.count(r"\begin{table*}")
    return re.findall(r"\\caption\{(.*)\}", body)


def compile_latex(text: str, folder: Path) -> bool:
    """Compiles tables in an article, if an engine is installed; returns whether one is."""
    engine = next(filter(None, map(shutil.which, ("pdflatex", "lualatex", "xelatex", "tectonic"))), None)
    if engine is None:
        return False
    preamble = r"\documentclass{article}\usepackage{booktabs}\begin{document}"
    (folder / "paper.tex").write_text(f"{preamble}\n{text}\n\\end{{document}}\n", encoding="utf-8")
    options = [] if engine.endswith("tectonic") else ["-interaction=nonstopmode", "-halt-on-error"]
    done = subprocess.run([engine, *options, "paper.tex"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    return True
