"""The install without torch: what ``requirements-light.txt`` names is all that colorizing photos and the app need."""

import json
import os
import re
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from colorgan.images import SAMPLE_PHOTOS, read_rgb
from tests.helpers import REPOSITORY

LINES = (REPOSITORY / "requirements-light.txt").read_text(encoding="utf-8").splitlines()
LIGHT = [Requirement(line) for line in LINES if line and not line.startswith("#")]
PHOTO = SAMPLE_PHOTOS / "val" / "rocket_00.jpg"
HEAVY = {"torch", "torchvision", "lightning", "kornia", "timm", "wandb", "matplotlib", "scipy", "safetensors"}


def with_dependencies(requirements: list[Requirement]) -> set[str]:
    """The distributions that pip would install."""
    found: set[str] = set()
    pending = list(requirements)
    while pending:
        requirement = pending.pop()
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        pending += [Requirement(text) for text in distribution(name).requires or []]
    return found


@pytest.fixture(scope="module")
def site_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with links to the light packages, and to nothing else of this environment."""
    folder = tmp_path_factory.mktemp("site-packages")
    for name in (*with_dependencies(LIGHT), "colorgan"):
        package = distribution(name)
        entries = {Path(file).parts[0] for file in package.files or []} - {"..", "__pycache__"}
        if name == "colorgan":  # of which only the version comes from there
            entries = {entry for entry in entries if entry.endswith(".dist-info")}
        for entry in entries:
            if not (folder / entry).exists():
                (folder / entry).symlink_to(Path(str(package.locate_file(entry))))
    return folder


@pytest.fixture
def light(site_packages: Path) -> dict[str, str]:
    """The environment of a process that finds the light packages only; Python must run with ``-S``."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(site_packages)]), "DISPLAY": ""}


def colorgan(*args: str | Path) -> list[str | Path]:
    return [sys.executable, "-S", "-m", "colorgan", *args]


def test_ranges_are_those_of_the_project() -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {
        canonicalize_name(requirement.name): requirement.specifier
        for requirement in map(Requirement, [*project["dependencies"], *project["optional-dependencies"]["app"]])
    }
    assert {r.name: r.specifier for r in LIGHT if declared.get(canonicalize_name(r.name)) != r.specifier} == {}


def test_no_heavy_package_is_installed() -> None:
    assert with_dependencies(LIGHT) & HEAVY == set()


def test_photo_with_hints_and_sheet(light: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "hints.json").write_text(
        json.dumps({"hints": [{"x": 80, "y": 20, "color": "#305090", "radius": 12}]}), encoding="utf-8"
    )
    command = colorgan("colorize", PHOTO, "-o", tmp_path / "new.png", "--grid", "--hints", tmp_path / "hints.json")
    done = subprocess.run(command, env=light, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    colorized = read_rgb(tmp_path / "new.png")
    assert colorized.shape == read_rgb(PHOTO).shape
    assert (colorized.max(axis=2) - colorized.min(axis=2)).max() > 20
    assert (tmp_path / "sheets" / "before_after_1.png").is_file()


@pytest.fixture
def url(light: dict[str, str]) -> Iterator[str]:
    """The address of the app."""
    command = colorgan("app", "--port", "0", "--no-browser")
    with subprocess.Popen(command, env=light, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            found = re.search(r"http://\S+", line)
            if found is None:
                server.kill()
                pytest.fail(line + server.communicate()[1])
            yield found[0]
        finally:
            server.terminate()


def test_app(url: str) -> None:
    info = json.load(urllib.request.urlopen(f"{url}api/info", timeout=30))
    assert info["model"]["name"] == "colorgan-photos"
    assert info["model"]["limits"]
    request = urllib.request.Request(
        f"{url}api/photos", PHOTO.read_bytes(), {"content-type": "application/octet-stream"}
    )
    assert json.load(urllib.request.urlopen(request, timeout=30))["width"] == 160


@pytest.mark.parametrize("args", [("fit", "--help-all"), ("export", "-o", "new.onnx"), ("inspect", ".")])
def test_other_commands_name_what_they_need(light: dict[str, str], tmp_path: Path, args: tuple[str, ...]) -> None:
    done = subprocess.run(colorgan(*args), env=light, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert re.fullmatch(
        rf"error: `colorgan {args[0]}` needs \w+, which is not installed; install colorgan with its dependencies: "
        r"`pip install -e \.` in a clone, or `pip install` and the wheel\n",
        done.stderr,
    )


def test_checkpoint_names_what_it_needs(light: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "best.ckpt").touch()
    command = colorgan("colorize", PHOTO, "-o", tmp_path / "new.png", "--checkpoint", tmp_path / "best.ckpt")
    done = subprocess.run(command, env=light, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].endswith(
        "best.ckpt needs torch, which is not installed: install colorgan with all of its dependencies"
    )
