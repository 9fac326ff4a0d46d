"""The documentation as text: links, names of files, tables, and configurations and code in blocks."""

import ast
import json
import re
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import yaml

from colorgan.cli import main
from colorgan.evaluation.benchmark.grid_file import read_grid
from colorgan.evaluation.tuning import read_space
from colorgan.inference.hints import read_hints
from tests.docs.commands import SMALL, compiled, parsed
from tests.docs.pages import Snippet, anchors, blocks, broken_tables, inline_code, links, pages, read
from tests.helpers import CONFIGS, REPOSITORY

READERS = re.compile(r"my_|/ROLE/|^checkpoints/mynet/")
"""Files that readers write."""

COMPILED = {
    "CONTRIBUTING.md": "parts of files that the reader writes; tests/cli/test_registered_metric.py runs the metric",
    "docs/export.md:torch.export": "needs a program that takes long to export; tests/cli/test_export.py calls one",
    "docs/export.md:onnxruntime": "tests/examples/test_export_recipes.py runs it",
    "docs/checkpoints.md:from_pretrained": "downloads from the Hub; tests/inference/test_released.py has a stand-in",
    "docs/fine-tuning.md": "has the reader's model and trainer; tests/training/test_lr_finder.py runs a test",
    "docs/training.md:color_distribution": "needs a classifier; tests/inference/test_color_distribution.py has one",
}
"""Python blocks that are only compiled, with their imports run, by page and something that they name, and why."""

LOADED = {"CONTRIBUTING.md": "names a class that the reader writes"}
"""Pages whose YAML is only loaded, and why."""


@pytest.mark.parametrize("page", pages(), ids=str)
def test_relative_links_lead_to_files_and_headings(page: Path) -> None:
    broken = []
    for link in links(page):
        parts = urlsplit(link)
        if parts.scheme:
            continue
        target = (REPOSITORY / page).parent / unquote(parts.path) if parts.path else REPOSITORY / page
        is_anchor = parts.fragment and target.suffix == ".md" and target.is_file()
        if not target.exists() or (is_anchor and parts.fragment not in anchors(target)):
            broken.append(link)
    assert broken == []


def test_files_that_pages_name_exist() -> None:
    roots = {path.name for path in REPOSITORY.iterdir() if path.is_dir()}
    missing = []
    for page in pages():
        for code in inline_code(page) if page.name != "CHANGELOG.md" else []:
            name = code.text
            is_file = re.fullmatch(r"[\w.-]+(?:/[\w.-]+)+\.(?:py|yaml|md|sh|json|js|onnx)", name)
            is_there = (REPOSITORY / name).is_file() or (CONFIGS / name).is_file()
            if is_file and name.split("/")[0] in roots and not is_there and not READERS.search(name):
                missing.append((code.place, name))
    assert missing == []


@pytest.mark.parametrize("page", pages(), ids=str)
def test_tables_are_whole(page: Path) -> None:
    assert broken_tables(read(page)) == []


@pytest.mark.parametrize(
    "text",
    [
        "| a | b |\n|---|---|\n| 1 | 2 | 3 |\n",
        "| a | b |\n|---|---|\n| 1 |\n",
        "| a | b |\n|---|---|---|\n| 1 | 2 |\n",
        "| a | b |\n| 1 | 2 |\n",
        "| a | b |\n|---|---|\n| `x | y` | 2 |\n",
        "| a | b |\n|---|---|\n| `x \\| y` | 2 |\n",
    ],
)
def test_broken_tables_are_found(text: str) -> None:
    assert broken_tables(text)
    assert broken_tables("| a | b |\n|---|---:|\n| \\|1\\| | 2 |\n\nText | with a bar.\n") == []


def block_list(language: str) -> list[Any]:
    found = [(page, block) for page in pages() for block in blocks(page) if block.language == language]
    return [pytest.param(page, block, id=block.place) for page, block in found]


@pytest.mark.parametrize("page", sorted({item.values[0] for item in block_list("python")}), ids=str)
def test_python(page: Path, place: Path) -> None:
    """The blocks of a page are run one after the other, as a reader would."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.language != "python":
            continue
        if any(is_for(entry, page, block) for entry in COMPILED):
            assert compiled(block.text) is None
        else:
            exec(compile(block.text, block.place, "exec"), names)


def is_for(entry: str, page: Path, block: Snippet) -> bool:
    name, _, text = entry.partition(":")
    return name == str(page) and text in block.text


def test_list_of_compiled_blocks_has_no_stale_entries() -> None:
    found = [(page, block) for page in pages() for block in blocks(page) if block.language == "python"]
    assert [entry for entry in COMPILED if not any(is_for(entry, *pair) for pair in found)] == []


@pytest.mark.parametrize(("page", "block"), block_list("yaml"))
def test_yaml(page: Path, block: Snippet, place: Path, tmp_path: Path) -> None:
    content = yaml.safe_load(block.text)
    if str(page) in LOADED:
        return
    if isinstance(content, list):  # callbacks, as they continue a block before
        content = {"trainer": {"callbacks+": content}}
    if "groups" in content:
        grid = place / "configs_of_grid.yaml"
        base = ["configs/base.yaml", *content["base"][1:]]
        grid.write_text(block.text.replace("../", "configs/"))
        assert content["base"][0] == "../base.yaml"
        assert len(read_grid(grid).runs()) > len(base)
        return
    if str(page) == "docs/tuning.md":
        space = place / "space.yaml"
        space.write_text(block.text.replace("../", "configs/"))
        assert len(read_space(space).parameters) == len(content)
        return
    overlay = tmp_path / "block.yaml"
    overlay.write_text(yaml.safe_dump(content))
    small = [] if "data" in content else SMALL[:3]
    assert parsed(["fit", "-c", "configs/base.yaml", "-c", str(overlay), *small]) is None


@pytest.mark.parametrize(("page", "block"), block_list("json"))
def test_json_is_a_file_of_hints(page: Path, block: Snippet, tmp_path: Path) -> None:
    content = json.loads(block.text)
    file = tmp_path / "hints.json"
    file.write_text(block.text)
    assert len(read_hints(file)) == len(content["hints"] if isinstance(content, dict) else content)


@pytest.mark.parametrize(("page", "block"), block_list("toml"))
def test_toml(page: Path, block: Snippet) -> None:
    assert tomllib.loads(block.text)["project"]["entry-points"]["colorgan.parts"]


def test_imports_of_compiled_code_are_run() -> None:
    ast.parse("from colorgan import Painter")
    with pytest.raises(ImportError, match="Painter"):
        compiled("from colorgan import Painter\nprint(x)")


def test_help_texts_that_pages_name(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["fit", "--help"]):
        assert main(arguments) == 0
    assert "usage: colorgan COMMAND" in capsys.readouterr().out
