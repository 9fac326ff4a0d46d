"""`colorgan tune` from the command line."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from colorgan.cli import main
from colorgan.cli.trainer.search_check import check_space, complete_configuration
from colorgan.evaluation.benchmark.grid_file import read_overlay
from colorgan.evaluation.tuning import read_space
from tests.helpers import CONFIGS, FAKE_FIT, QUICK_TRAINER, REPOSITORY, TINY_NETWORKS

CONFIG = f"""\
seed_everything: 1
data: {{root: sample, size: 16, batch_size: 8}}
model:
{TINY_NETWORKS}
  reconstruction_weight: 50
trainer:
{QUICK_TRAINER}
  logger: {{class_path: colorgan.training.MetricsFile}}
"""
SPACE = {
    "model.reconstruction_weight": {"float": [10, 1000], "log": True},
    "model.color_space": {"choice": ["Lab", "RGB"]},
}


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "tiny.yaml"
    file.write_text(CONFIG)
    return file


def tune(config: Path, space: Any = None, *options: str) -> int:
    file = config.with_name("space.yaml")
    file.write_text(yaml.safe_dump(SPACE if space is None else space))
    out = str(config.with_name("out"))
    return main(["tune", str(config), "--space", str(file), "--out", out, "--metric=val/l1", *options])


def test_search_finds_better_values_and_goes_on(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("colorgan.cli.tune.FIT", FAKE_FIT)
    assert tune(config, None, "--trials=2", "--seed=3") == 0
    assert "2 finished; report: " in capsys.readouterr().out
    assert tune(config, None, "--trials=5", "--seed=3") == 0
    out = config.with_name("out")
    results = json.loads((out / "results.json").read_text())
    assert results["counts"] == {"finished": 5}
    best = min(results["trials"], key=lambda trial: trial["value"])
    assert results["best"] == best["number"] != 0
    overlay = yaml.safe_load((out / "best.yaml").read_text())
    assert overlay["model"]["reconstruction_weight"] == best["values"]["model.reconstruction_weight"]
    complete = complete_configuration([read_overlay(file, "a test") for file in (config, out / "best.yaml")], [])
    assert complete["model"]["reconstruction_weight"] == best["values"]["model.reconstruction_weight"]
    assert tune(config, None, "--trials=9", "--seed=4") == 1  # another search
    assert "has a search with another configuration, space, metric or seed" in capsys.readouterr().err
    assert tune(config, None, "--trials=9", "--seed=3", "--timeout=0") == 0  # no time for another trial
    assert json.loads((out / "results.json").read_text())["counts"] == {"finished": 5}


@pytest.mark.parametrize(
    ("space", "options", "message"),
    [
        (
            {"model.reconstruction_wieght": {"float": [1, 2]}},
            (),
            "wieght is not a key of the configuration; did you mean 'model.reconstruction_weight'?",
        ),
        ({"model.generator.init_args.width": {"float": [4.5, 8.5]}}, (), "width=4.5: "),
        ({"model.color_space": {"choice": ["Lab", "LAB2"]}}, (), "model.color_space=LAB2: "),
        (
            {
                "model.discriminator.init_args.width": {"int": [4, 8]},
                "discriminator": {"overlays": {"own": None, "none": {"model": {"discriminator": None}}}},
            },
            (),
            "model.discriminator.init_args.width is not a key of the configuration with discriminator=none",
        ),
        (None, ("--metric=val/fdd",), "--metric 'val/fdd' has no known direction"),
        (None, ("--metric=psnr",), "--metric must be a metric of validation such as val/psnr; received 'psnr'"),
        (None, ("--metric=val/fd_efficientnet_lite0",), "which this configuration does not log"),
        (None, ("--trainer.limit_val_batches=0",), "trainer.limit_val_batches is 0"),
        (None, ("--trainer.logger=false",), "trainer.logger has no colorgan.training.MetricsFile"),
        (None, ("--data.train=nowhere", "--data.val=nowhere"), "data.train: there is no folder nowhere"),
    ],
)
def test_mistakes_are_named_before_the_first_trial(
    config: Path, capsys: pytest.CaptureFixture[str], space: Any, options: tuple[str, ...], message: str
) -> None:
    assert tune(config, space, *options) == 1
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert message in errors[0]
    assert not config.with_name("out").exists()


def test_missing_optuna_is_named_with_its_extra(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "optuna" else found(name))
    assert tune(config) == 1
    assert capsys.readouterr().err.strip() == (
        "error: `colorgan tune` needs Optuna, which is not installed; run: pip install optuna"
    )


def test_output_folder_that_is_a_file_is_refused(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config.with_name("out").touch()
    assert tune(config) == 1
    assert "--out must be a folder" in capsys.readouterr().err


@pytest.mark.parametrize("file", sorted((CONFIGS / "spaces").glob("*.yaml")), ids=lambda file: file.stem)
def test_shipped_spaces_fit_the_small_configuration(file: Path) -> None:
    base = [read_overlay(CONFIGS / "small.yaml", "a test")]
    space = read_space(file)
    own_values, outside = check_space(base, [], space, complete_configuration(base, []))
    assert not outside  # the configuration itself is a trial like the others
    assert own_values.keys() == {parameter.name for parameter in space.parameters}


def test_wandb_sweep_calls_fit_with_keys_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    sweep = yaml.safe_load((CONFIGS / "sweeps" / "gan.yaml").read_text())
    monkeypatch.chdir(REPOSITORY)
    assert Path(sweep["program"]).is_file()
    command = sweep["command"]
    assert command[:4] == ["${env}", "${interpreter}", "${program}", "fit"]
    for bound in ("min", "max"):
        values = {
            key: content.get(bound, content.get("values", [None])[0 if bound == "min" else -1])
            for key, content in sweep["parameters"].items()
        }
        arguments = [f"--{key}={value}" for key, value in values.items()]
        given = [argument for argument in command[4:] if argument != "${args}"]
        complete = complete_configuration([], [*given, *arguments])
        optimizer = complete["model"]["generator_optimizer"]["init_args"]
        assert optimizer["lr"] == values["model.generator_optimizer.init_args.lr"]
        assert complete["model"]["adversarial"]["class_path"].endswith(values["model.adversarial"])
    features = [callback["init_args"].get("features") for callback in complete["trainer"]["callbacks"]]
    assert features.count("efficientnet-lite2") == 1  # the metric of the sweep
    assert features[0] == "efficientnet-lite0"


def test_ctrl_c_keeps_what_is_done(config: Path) -> None:
    """In a process of its own, with a fake `fit` of some seconds, which stops after an epoch."""
    program = f"""
import sys, colorgan.cli.tune
colorgan.cli.tune.FIT = {FAKE_FIT!r}
from colorgan.cli import main
sys.exit(main(sys.argv[1:]))
"""
    space, out = config.with_name("space.yaml"), config.with_name("out")
    space.write_text(yaml.safe_dump(SPACE))
    arguments = ["tune", str(config), "--space", str(space), "--out", str(out), "--metric=val/l1"]
    environment = {**os.environ, "COLORGAN_FAKE_SECONDS": "4"}
    process = subprocess.Popen(
        [sys.executable, "-c", program, *arguments], env=environment, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    started = out / "runs" / "trial-0000-seed1" / "starts.txt"
    while not started.is_file():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGINT
    assert errors.splitlines()[-1] == "stopped on SIGINT; run the same command to resume"
    assert json.loads((out / "results.json").read_text())["counts"] == {"interrupted": 1}


def test_real_search_of_one_trial(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--data.size=32", "--trainer.limit_train_batches=1", "--trainer.limit_val_batches=1")
    assert tune(config, None, "--trials=1", *options) == 0
    out, printed = config.with_name("out"), capsys.readouterr().out
    results = json.loads((out / "results.json").read_text())
    (trial,) = results["trials"]
    assert trial["values"] == {"model.reconstruction_weight": 50.0, "model.color_space": "Lab"}  # the configuration's
    assert trial["value"] == trial["curve"][-1][1] > 0
    best = out / "best.yaml"
    assert f"train with them: python train.py fit -c {config} -c {best} --data.size=32" in printed
    overlays = [read_overlay(file, "a test") for file in (config, best)]
    assert complete_configuration(overlays, []) == complete_configuration(overlays[:1], [])
