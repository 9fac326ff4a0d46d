"""Every package that colorgan imports is declared in pyproject.toml, and the version is written once."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest

import colorgan
from tests.helpers import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = {
    "colorgan/web/": ("app",),
    "colorgan/cli/serving.py": ("app",),
    "colorgan/images/reading.py": ("heic",),
    "colorgan/inference/film/": ("film",),
    "colorgan/inference/onnx/": ("export",),
    "colorgan/evaluation/benchmark/cluster.py": ("ray",),
    "colorgan/evaluation/tuning/": ("tune",),
}
"""Extras that a folder or file may import, besides the dependencies of the project."""
DISTRIBUTIONS = {
    "av": "av",
    "pillow_heif": "pillow-heif",
    "onnx": "onnx",
    "onnxruntime": "onnxruntime",
    "optuna": "optuna",
    "ray": "ray",
    "starlette": "starlette",
}
"""Distributions of packages that may not be installed here."""


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*extras: str) -> set[str]:
    """Names of the distributions that the project or one of the extras requires."""
    requirements = [*PROJECT["dependencies"]]
    for extra in extras:
        requirements += PROJECT["optional-dependencies"][extra]
    return {canonical(re.split(r"[\[><=~!; ]", requirement)[0]) for requirement in requirements}


def imported_packages(file: Path) -> set[str]:
    """Top-level packages that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found - set(sys.stdlib_module_names) - {"colorgan"}


def test_all_imported_packages_are_declared() -> None:
    distributions = {**DISTRIBUTIONS, **{name: found[0] for name, found in packages_distributions().items()}}
    missing = []
    for file in sorted((REPOSITORY / "colorgan").rglob("*.py")):
        path = file.relative_to(REPOSITORY).as_posix()
        allowed = declared(*(extra for start, extras in EXTRAS.items() if path.startswith(start) for extra in extras))
        missing += [
            f"{path}: {package} ({distributions.get(package, '?')})"
            for package in sorted(imported_packages(file))
            if canonical(distributions.get(package, "?")) not in allowed
        ]
    assert missing == []


def test_imports_inside_functions_are_found(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(
        "import os.path\ndef f():\n    from scipy.stats import t\n    import cv2, yaml\n"
    )
    assert imported_packages(tmp_path / "module.py") == {"scipy", "cv2", "yaml"}


@pytest.mark.parametrize("group", ["dependencies", *PROJECT["optional-dependencies"]])
def test_dependencies_are_ranges(group: str) -> None:
    requirements = PROJECT["dependencies"] if group == "dependencies" else PROJECT["optional-dependencies"][group]
    assert [requirement for requirement in requirements if "==" in requirement] == []


def test_version_is_that_of_the_package() -> None:
    assert version("colorgan") == colorgan.__version__
