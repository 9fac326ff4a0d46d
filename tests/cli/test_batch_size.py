"""``data.batch_size: auto`` as users type it; the GPU's memory is made up."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from colorgan.cli import main
from colorgan.training import batch_size
from tests.helpers import QUICK_TRAINER, TINY_NETWORKS

CONFIG = f"""\
data: {{root: photos, size: 16, batch_size: auto, num_workers: 0, val_fraction: 0.25}}
model:
{TINY_NETWORKS}trainer:
{QUICK_TRAINER}  logger: false
  callbacks: [{{class_path: LastCheckpoint}}]
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_photos: Callable[..., Path]) -> Path:
    make_photos("photos", 80)
    (tmp_path / "tiny.yaml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Pretends that the memory holds a number of photos of 16 px."""

    def of(photos: int) -> None:
        def trial(self: Any, size: int) -> float:
            return size / photos

        monkeypatch.setattr(batch_size, "GPUMemory", lambda device, reserved: None)
        monkeypatch.setattr(batch_size.BatchTrial, "__call__", trial)

    return of


def run_of(name: str) -> tuple[Path, dict[str, Any]]:
    (folder,) = Path("checkpoints", name).iterdir()
    return folder, yaml.safe_load((folder / "config.yaml").read_text())


def test_size_is_found_saved_and_kept_by_a_resumed_run(place: Path, memory: Callable[[int], None]) -> None:
    memory(6)
    assert main(["fit", "-c", "tiny.yaml"]) == 0
    folder, config = run_of("tiny")
    assert config["data"]["init_args"]["batch_size"] == 5
    last = folder / "checkpoints" / "last.ckpt"
    assert torch.load(last, weights_only=True)["global_step"] == 2 * (60 // 5)
    memory(3)
    assert main(["fit", "-c", "tiny.yaml", f"--ckpt_path={last}", "--trainer.max_epochs=2"]) == 0
    assert torch.load(last, weights_only=True)["global_step"] == 2 * 2 * (60 // 5)


def test_cpu_is_refused_in_one_sentence(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", "-c", "tiny.yaml"]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert "data.batch_size=auto fills the memory of a CUDA device, but this run trains on cpu: give a number" in line


def test_commands_that_do_not_train_need_no_size(place: Path) -> None:
    assert main(["fit", "-c", "tiny.yaml", "--data.batch_size=8"]) == 0
    last = run_of("tiny")[0] / "checkpoints" / "last.ckpt"
    assert main(["validate", "-c", "tiny.yaml", f"--ckpt_path={last}", "--data.val_batch_size=4"]) == 0


_PROGRAM = """
import os, sys
from colorgan.cli.trainer import batch_size, train
batch_size.find_batch_size = lambda *_: 3 + int(os.environ.get("LOCAL_RANK", 0))
command = train(sys.argv[1:])
assert command.datamodule.batch_size == 3, command.datamodule.batch_size
"""


def test_processes_of_a_run_have_the_same_size(place: Path) -> None:
    """Each would find another one."""
    (place / "program.py").write_text(_PROGRAM)
    ddp = ["--trainer.devices=2", "--trainer.strategy=ddp_find_unused_parameters_true"]
    command = [sys.executable, "program.py", "fit", "-c", "tiny.yaml", "--trainer.limit_train_batches=1", *ddp]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert finished.returncode == 0, finished.stderr[-3000:]
