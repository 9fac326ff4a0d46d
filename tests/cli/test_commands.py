"""The overview of all commands, and how they start."""

import subprocess
import sys

import pytest

import colorgan
from colorgan.cli import main
from colorgan.cli.commands import COMMANDS, TRAINER_COMMANDS
from tests.helpers import REPOSITORY


def test_python_m_colorgan_lists_all_commands() -> None:
    command = [sys.executable, "-m", "colorgan", "--help"]
    overview = subprocess.run(command, capture_output=True, text=True, check=True, cwd=REPOSITORY).stdout
    for name in (*TRAINER_COMMANDS, *COMMANDS):
        assert f"\n  {name:<10} " in overview


def test_overview_loads_no_heavy_library() -> None:
    program = "import sys; from colorgan.cli import main; main([]); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    heavy = {"torch", "numpy", "PIL", "lightning", "matplotlib", "jsonargparse", "docstring_parser", "yaml"}
    assert not heavy & set(done.stdout.splitlines()[-1].split())


def test_package_imports_nothing_else() -> None:
    program = "import sys; before = set(sys.modules); import colorgan; print(*set(sys.modules) - before)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert {name.partition(".")[0] for name in done.stdout.split()} - sys.stdlib_module_names == {"colorgan"}


def test_trainer_loads_no_library_of_parts_it_may_not_use() -> None:
    program = "import sys, colorgan.cli.trainer; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert not {"timm", "wandb"} & set(done.stdout.splitlines()[-1].split())


def test_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"colorgan {colorgan.__version__}\n"
