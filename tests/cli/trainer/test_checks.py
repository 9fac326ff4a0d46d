"""What is checked before anything is built."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonargparse import Namespace

from colorgan.cli import main
from colorgan.cli.trainer.checks import check_configuration
from colorgan.errors import ColorganError
from tests.helpers import CONFIGS, REPOSITORY

PARSE = """
import typing
typing.Optional[typing.Union[float, int]]  # as another library may, before Lightning is imported
from colorgan.cli.trainer import ColorganCLI, train
NAMES = ("limit_train_batches", "limit_val_batches", "limit_test_batches", "limit_predict_batches", "overfit_batches",
         "val_check_interval")
def show(self):
    trainer = self.config["fit"].trainer
    print(*(repr(trainer[name]) for name in NAMES))
    raise SystemExit(0)
ColorganCLI.before_instantiate_classes = show
train(["fit", *(f"--trainer.{name}=1" for name in NAMES)])
"""


def test_one_batch_is_not_all_batches() -> None:
    done = subprocess.run([sys.executable, "-c", PARSE], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout.split() == ["1"] * 6


def section(**changes: Any) -> Namespace:
    defaults = {
        "seed_everything": 1,
        "name": "run",
        "runs": "checkpoints",
        "data": Namespace(),
        "model": Namespace(),
        "trainer": Namespace(),
    }
    return Namespace(**{**defaults, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"seed_everything": -1}, "seed_everything must be an integer from 0 to 4294967295, received -1"),
        ({"name": "../out"}, "--name must be the name of a new folder.*'../out'"),
        ({"name": "\x1b[31mred"}, r"--name must be .* received '\\x1b\[31mred'"),
        ({"name": "é" * 101}, "--name must be"),
        ({"runs": ""}, "--runs must be the folder of all runs, received ''"),
        ({"runs": __file__}, "--runs must be a folder, but .*test_checks.py is a file"),
        ({"runs": f"{__file__}/runs"}, "--runs must be a folder, but .*test_checks.py is a file"),
        ({"model": 3}, "model must be a section of keys and values, received 3"),
        ({"trainer": Namespace(default_root_dir="")}, "trainer.default_root_dir is ''.*--runs FOLDER"),
        ({"trainer": Namespace(check_val_every_n_epoch=0)}, "check_val_every_n_epoch must be an integer of at least 1"),
        (
            {"trainer": Namespace(limit_train_batches=-1)},
            r"limit_train_batches must be a number of batches \(1, 2, …\)",
        ),
        ({"trainer": Namespace(limit_val_batches=1.5)}, r"limit_val_batches .* received 1\.5"),
        ({"trainer": Namespace(overfit_batches=float("nan"))}, "overfit_batches .* received nan"),
        ({"trainer": Namespace(val_check_interval=0)}, "val_check_interval .* received 0"),
        ({"trainer": Namespace(devices=0)}, "devices must be auto.* received 0"),
        ({"trainer": Namespace(devices="x")}, "devices must be auto.* received 'x'"),
        ({"model": Namespace(width=1 << 17)}, "model.width must be at most 65536, received 131072"),
        (
            {"model": Namespace(generator=Namespace(class_path="builtins.dict", init_args=Namespace(depth=60)))},
            "model.generator.depth must be at most 13, received 60",
        ),
        ({"model": Namespace(generator=Namespace(class_path="os.system"))}, "model: os.system is not a class"),
        (
            {"model": Namespace(gradient_clip=None), "trainer": Namespace(gradient_clip_val=1.0)},
            "trainer.gradient_clip_val is 1.0, but Lightning .* set model.gradient_clip instead",
        ),
        (
            {"model": Namespace(accumulate=1), "trainer": Namespace(accumulate_grad_batches=2)},
            "trainer.accumulate_grad_batches is 2, but Lightning .* set model.accumulate instead",
        ),
    ],
)
def test_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        check_configuration(section(**changes), "fit")


@pytest.mark.parametrize(
    "trainer",
    [
        {"limit_train_batches": 1, "limit_val_batches": 0, "overfit_batches": 0.0, "val_check_interval": 0.5},
        {"val_check_interval": "00:01:00:00", "devices": "auto", "max_epochs": -1, "fast_dev_run": True},
        {"devices": "0,1"},
        {"devices": [0, 2]},
        {"devices": "2"},
        {"accelerator": "cpu", "devices": 2, "num_nodes": 1},
    ],
)
def test_accepted(trainer: dict[str, Any]) -> None:
    schedule = Namespace(warmup=10**6)
    check_configuration(section(trainer=Namespace(**trainer), model=Namespace(schedule=schedule)), "fit")


LAUNCHERS = ("MASTER_ADDR", "SLURM_NTASKS", "TORCHELASTIC_RUN_ID")
"""Variables of programs that start the processes of several machines."""


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Makes this a machine with a GPU, or without one, on which nothing has started several processes."""
    for variable in LAUNCHERS:
        monkeypatch.delenv(variable, raising=False)

    def make(has_gpu: bool) -> None:
        monkeypatch.setattr("torch.cuda.is_available", lambda: has_gpu)
        monkeypatch.setattr("torch.cuda.device_count", lambda: int(has_gpu))
        monkeypatch.setattr("torch.backends.mps.is_available", lambda: False)
        monkeypatch.setattr("torch.accelerator.is_available", lambda: has_gpu)

    return make


@pytest.mark.parametrize("name", ["gpu", "gpu_8gb_512px", "laptop_8gb", "mps", "multi_gpu", "slurm"])
def test_hardware_that_is_not_there(
    name: str, machine: Callable[[bool], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    machine(False)
    overlay = CONFIGS / "hardware" / f"{name}.yaml"
    assert main(["fit", "-c", str(CONFIGS / "base.yaml"), "-c", str(overlay), f"--runs={tmp_path / 'runs'}"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    kind, what = ("mps", "GPU of an Apple computer") if name == "mps" else ("gpu", "GPU")
    assert line.startswith(
        f"error: trainer.accelerator is {kind}, but torch finds no {what} on this machine: leave out "
    )
    assert "--trainer.accelerator auto --trainer.devices auto" in line
    assert not (tmp_path / "runs").exists()


def test_all_gpus_of_a_machine(machine: Callable[[bool], None]) -> None:
    trainer = Namespace(accelerator="auto", devices=-1)
    machine(True)
    check_configuration(section(trainer=trainer), "fit")
    machine(False)
    with pytest.raises(ColorganError, match="trainer.devices is -1, all GPUs, but this run is on the CPU: set"):
        check_configuration(section(trainer=trainer), "fit")


@pytest.mark.parametrize("variable", LAUNCHERS)
def test_several_machines_need_a_launcher(
    variable: str, machine: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(False)
    trainer = Namespace(accelerator="cpu", num_nodes=2)
    with pytest.raises(ColorganError, match="trainer.num_nodes is 2, but no launcher says where .* srun or torchrun"):
        check_configuration(section(trainer=trainer), "fit")
    monkeypatch.setenv(variable, "2")
    check_configuration(section(trainer=trainer), "fit")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"output": ""}, "--output is empty"),
        ({"output": __file__}, "--output must be a folder"),
        ({"output": "new", "npy": "."}, "--npy must be the name of a file, received '.'"),
        ({"output": "new", "npy": __file__}, "already exists: choose another --npy"),
    ],
)
def test_targets_of_predict_are_checked_first(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        check_configuration(section(**options), "predict")


def test_existing_array_may_be_overwritten(tmp_path: Path) -> None:
    (tmp_path / "all.npy").touch()
    check_configuration(section(output=str(tmp_path), npy=str(tmp_path / "all.npy"), overwrite=True), "predict")
