"""The example of a package with parts of its own, installed and taken through the commands of its README."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.helpers import REPOSITORY, photo_of

pytestmark = pytest.mark.slow  # continuous integration also takes these commands, in a job of its own
PLUGIN = REPOSITORY / "examples" / "plugin"
RUN = """
import glob, json, sys
from colorgan.cli import main
for command in json.loads(sys.argv[1]):
    arguments = [path for argument in command for path in (sorted(glob.glob(argument)) or [argument])]
    code = main(arguments)
    assert code == 0, (arguments, code)
import watercolor
from colorgan.metrics import METRICS
assert METRICS["saturation_error"] is watercolor.SATURATION_ERROR
"""


def commands() -> list[list[str]]:
    """The commands of the README, without the name of the program."""
    (block,) = re.findall(r"```sh\n(.*?)```", (PLUGIN / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    lines = [shlex.split(line) for line in block.splitlines()]
    return [words[1:] for words in lines if words[0] == "colorgan"]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with the installed package in ``site``, its configuration and a photo."""
    shutil.copytree(PLUGIN, tmp_path / "examples" / "plugin")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    done = subprocess.run(
        [*pip, "--target", str(tmp_path / "site"), str(tmp_path / "examples" / "plugin")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    Image.fromarray(photo_of(0)).save(tmp_path / "old.jpg")
    return tmp_path


def run(place: Path, *arguments: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    paths = [str(place / "site"), str(REPOSITORY)]
    return subprocess.run(
        [sys.executable, "-P", "-c", RUN, json.dumps(arguments)],
        cwd=place,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), "COLORGAN_CACHE": str(place / "cache"), **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_commands_of_the_readme_work_without_trust(place: Path) -> None:
    assert [command[0] for command in commands()] == ["fit", "validate", "evaluate", "colorize", "export"]
    done = run(place, *commands())
    assert done.returncode == 0, done.stdout + done.stderr
    assert "val/saturation_error" in done.stdout
    (folder,) = (file.parents[1] for file in place.glob("runs/watercolor/*/checkpoints/best.ckpt"))
    assert "saturation_error" in (folder / "metrics.csv").read_text().partition("\n")[0]
    assert "watercolor.DilatedNet" in (folder / "config.yaml").read_text()
    report = json.loads((place / "report" / "metrics.json").read_text())
    assert report["metrics"]["saturation_error"]["title"] == "saturation error"
    assert (place / "colorized" / "old.jpg").is_file()
    assert (place / "watercolor.onnx").is_file()


def test_a_part_that_cannot_be_loaded_is_left_out_with_a_warning(place: Path) -> None:
    (points,) = (place / "site").glob("*.dist-info/entry_points.txt")
    lost = ("UNet = watercolor:DilatedNet", "Broken = watercolor.none:Broken", "Other = watercolor:LogCosh")
    points.write_text("\n".join((points.read_text(), *lost, "l1 = watercolor:__all__", "")))
    done = run(place, ["fit", "-c", "examples/plugin/train.yaml", "--trainer.fast_dev_run=true"])
    assert done.returncode == 0, done.stdout + done.stderr
    for reason in (
        "the part UNet of the package colorgan-watercolor is left out: its name UNet is taken",
        "the part Broken of the package colorgan-watercolor is left out: it cannot be imported (ModuleNotFoundError",
        "the part Other of the package colorgan-watercolor is left out: the class is LogCosh",
        "the part l1 of the package colorgan-watercolor is left out: it is a list",
    ):
        assert reason in done.stderr
