"""The recipes of docs/export.md, as printed."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np

from colorgan.images import read_rgb
from tests.examples.conftest import MODEL, REPOSITORY, assert_same

PAGE = (REPOSITORY / "docs" / "export.md").read_text(encoding="utf-8")
SECTION = PAGE[PAGE.index("## Colorize at full size with your own program") :]


def first_block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)
    assert found is not None
    return found[1]


def test_python(old_and_new: dict[Path, np.ndarray], tmp_path: Path) -> None:
    recipe = first_block("python")
    assert set(re.findall(r"^(?:import|from) (\w+)", recipe, re.MULTILINE)) == {
        "PIL",
        "json",
        "numpy",
        "onnxruntime",
        "sys",
    }
    (tmp_path / "recipe.py").write_text(recipe, encoding="utf-8")
    for photo, expected in old_and_new.items():
        new = tmp_path / photo.name
        subprocess.run([sys.executable, tmp_path / "recipe.py", MODEL, photo, new], check=True)
        assert_same(read_rgb(new), expected)


def test_javascript_is_that_of_the_example() -> None:
    """Which another test runs in Chromium."""
    example = REPOSITORY / "examples" / "huggingface_space" / "colorize.js"
    assert first_block("js") == example.read_text(encoding="utf-8")
