"""What Weights & Biases and TensorBoard show of a run, read back from the files that they write."""

import csv
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from skimage.metrics import peak_signal_noise_ratio
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.hparams import plugin_data_pb2

import colorgan
from colorgan.cli import main
from colorgan.errors import ColorganError
from colorgan.files import digest
from colorgan.training.checkpoints import CheckpointFiles
from colorgan.training.dashboard import CHARTS
from colorgan.training.wandb_runs import upload
from tests.cli.test_trainer import FIT, only, place  # noqa: F401 (a fixture)
from tests.helpers import REPOSITORY
from tests.wandb_reader import files_of, read_run

LOGGERS = REPOSITORY / "configs" / "logger"


@pytest.fixture
def offline(place: Path, wandb_offline: None) -> Path:  # noqa: F811
    """The folder of the commands, without a network."""
    return place


def wandb_runs(folder: Path) -> list[Path]:
    return sorted(folder.glob("wandb/offline-run-*"))


def test_run_and_its_continuation_are_read_back_from_weights_and_biases(offline: Path) -> None:
    logging = ["-c", str(LOGGERS / "wandb.yaml"), "-c", str(LOGGERS / "gradients.yaml")]
    options = [*logging, "--trainer.callbacks.every_n_batches=2", "--model.hints=PointHints", "--name=run"]
    assert main([*FIT, *options, "--trainer.max_epochs=2"]) == 0
    folder = only("checkpoints/run/*").absolute()
    (stored,) = wandb_runs(folder)
    run = read_run(stored)

    # the configuration, the version of the code, and the photos
    assert run.config["model"]["hints"]["class_path"] == "colorgan.models.PointHints"
    assert run.config["data"]["init_args"]["size"] == 16
    assert run.config["code"]["colorgan"] == colorgan.__version__
    assert {name: part["count"] for name, part in run.config["photos"].items()} == {"train": 15, "val": 5}
    with (folder / "metrics.csv").open(newline="") as stream:
        l1 = [float(row["val/l1"]) for row in csv.DictReader(stream) if row["val/l1"]]
    assert run.logged("val/l1") == pytest.approx(l1)
    assert run.summary["best/val/l1"] == pytest.approx(min(l1))

    # the photos of each epoch
    assert len(run.tables) == 2
    rows = run.table("val/photos")
    columns = ["epoch", "photo", "number of hints", "gray", "hints", "predicted", "reference"]
    assert list(rows[0])[: len(columns)] == columns
    assert [row["epoch"] for row in rows] == [1, 1, 1]
    assert [row["number of hints"] for row in rows] == [0, 10, 0]
    for row in rows:
        assert (offline / "photos" / row["photo"]).is_file()
        assert row["psnr"] == pytest.approx(peak_signal_noise_ratio(row["reference"], row["predicted"]), abs=1e-4)
        assert (np.ptp(row["gray"], axis=-1) <= 1).all()  # it has been rounded
        assert (row["hints"] != row["gray"]).any() == (row["number of hints"] > 0)
        assert 0 < row["ciede2000"] < 100

    # gradients of both networks
    histograms = {name for step in run.history for name in step if name.startswith("gradients/")}
    assert {name.split(".")[0] for name in histograms} == {"gradients/colorizer", "gradients/discriminator"}

    # the best checkpoint
    (artifact,) = run.artifacts
    epoch = int(np.argmin(l1))
    assert (artifact.name, artifact.type) == (f"checkpoint-{run.id}", "model")
    assert set(artifact.aliases) == {"best", "latest", f"epoch-{epoch}"}
    files = files_of(artifact)
    assert digest(files["best.ckpt"]) == digest(folder / "checkpoints" / "best.ckpt")
    assert yaml.safe_load(files["config.yaml"].read_text())["model"]["hints"]
    assert all(file.is_relative_to(folder) for each in (artifact, *run.tables) for file in files_of(each).values())

    # it goes on under the same id
    assert main([*FIT, *options, "--trainer.max_epochs=3", "--ckpt_path=last"]) == 0
    assert only("checkpoints/run/*").absolute() == folder
    first, second = wandb_runs(folder)
    assert first == stored
    continued = read_run(second)
    assert continued.id == run.id
    assert [row["epoch"] for row in continued.table("val/photos")] == [2, 2, 2]
    assert next(step["trainer/global_step"] for step in continued.history) >= 6  # two epochs of three batches


@pytest.mark.usefixtures("no_onnx_export")
def test_released_model_is_an_artifact(offline: Path, tiny_model: Any, capsys: pytest.CaptureFixture[str]) -> None:
    model = tiny_model()
    contents = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams), "epoch": 3}
    checkpoint = Path("run", "checkpoints", "best.ckpt")
    checkpoint.parent.mkdir(parents=True)
    CheckpointFiles().save_checkpoint(contents, checkpoint)
    Path("run", "wandb_id").write_text("abc123\n")
    assert main(["release", str(checkpoint), "-o", "small model", "--wandb", "colors"]) == 0
    (stored,) = wandb_runs(offline)
    assert f"is stored offline; `wandb sync {stored}` uploads it later" in capsys.readouterr().out
    run = read_run(stored)
    (artifact,) = run.artifacts
    assert (run.job_type, artifact.name, artifact.type) == ("release", "small-model", "model")
    assert set(artifact.aliases) == {"latest", "epoch-3"}
    assert run.config["checkpoint_sha256"] == digest(checkpoint)
    assert run.config["trained_by"] == "abc123"
    files = files_of(artifact)
    released = {file.name for file in (offline / "small model").iterdir()}
    assert set(files) == released
    assert "model.safetensors" in released
    assert all(digest(files[name]) == digest(offline / "small model" / name) for name in released)


def test_project_that_weights_and_biases_refuses_is_named(offline: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FIT, "-c", str(LOGGERS / "wandb.yaml"), "--trainer.logger.project=a/b"]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "error" in line.lower()]
    assert "Weights & Biases refuses the run (Invalid project name 'a/b'" in line
    with (
        pytest.raises(ColorganError, match="cannot log to the project 'a/b'"),
        upload("a/b", "release", name="x", folder=offline, config={}),
    ):
        pass


def tensorboard(folder: Path) -> EventAccumulator:
    events = EventAccumulator(str(folder), size_guidance={"images": 0, "scalars": 0, "tensors": 0})
    events.Reload()
    return events


def test_tensorboard_shows_photos_charts_and_hyperparameters(place: Path) -> None:  # noqa: F811
    options = ["-c", str(LOGGERS / "local.yaml"), "--name=run", "--trainer.callbacks+=LearningRateMonitor"]
    assert main([*FIT, *options]) == 0
    folder = only("checkpoints/run/*")
    events = tensorboard(folder)

    sheets = events.Images("val/samples")
    steps = [event.step for event in events.Scalars("val/psnr")]
    assert [sheet.step for sheet in sheets] == steps == [2, 5, 8]
    head, _, *rows = text_of(events, "val/photos").splitlines()
    assert head.startswith("| epoch | photo | PSNR | SSIM | ΔE₀₀ |")
    assert len(rows) == 3
    assert rows[0].startswith("| 2 | ")

    plugin = events.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    started = plugin_data_pb2.HParamsPluginData.FromString(plugin).session_start_info
    assert started.hparams["model.generator"].string_value == "UNet"
    assert started.hparams["model.generator.width"].number_value == 4
    assert started.hparams["data.size"].number_value == 16
    config = yaml.safe_load(text_of(events, "config").removeprefix("```yaml\n").removesuffix("```"))
    assert config["code"]["colorgan"] == colorgan.__version__
    assert {name: part["count"] for name, part in config["photos"].items()} == {"train": 15, "val": 5}
    assert not [name for name in started.hparams if "callbacks" in name]
    plugin = events.SummaryMetadata("_hparams_/experiment").plugin_data.content
    experiment = plugin_data_pb2.HParamsPluginData.FromString(plugin).experiment
    shown = {info.name.tag for info in experiment.metric_infos}
    assert {"val/psnr", "val/l1", "best/val/l1"} <= shown
    with (folder / "metrics.csv").open(newline="") as stream:
        l1 = [float(row["val/l1"]) for row in csv.DictReader(stream) if row["val/l1"]]
    assert events.Scalars("val/l1")[-1].value == pytest.approx(l1[-1])
    assert events.Scalars("best/val/l1")[-1].value == pytest.approx(min(l1))
    assert "hp_metric" not in events.Tags()["scalars"]

    charts = charts_of(events)
    assert {"PSNR", "generator", "adversary", "learning rates"} <= {title for title, tags in charts.items() if tags}
    assert sum(len(tags) for tags in charts.values()) == len({tag for tags in charts.values() for tag in tags})

    # a validation logs the same, apart from what training alone has
    assert main(["validate", *FIT[1:], *options[:3], "--ckpt_path=best"]) == 0
    events = tensorboard(only("checkpoints/run/*-validate"))
    assert yaml.safe_load(text_of(events, "config").removeprefix("```yaml\n").removesuffix("```"))["photos"]["val"]
    assert text_of(events, "val/photos").startswith("| photo | PSNR |")
    assert "_hparams_/experiment" not in events.Tags()["tensors"]


def text_of(events: EventAccumulator, name: str) -> str:
    content: bytes = events.Tensors(f"{name}/text_summary")[-1].tensor_proto.string_val[0]
    return content.decode()


def charts_of(events: EventAccumulator) -> dict[str, list[str]]:
    """The metrics in each chart of the page of custom scalars."""
    content: Any = events.Tensors("custom_scalars__config__")[-1].tensor_proto.string_val[0]
    charts = [chart for category in layout_pb2.Layout.FromString(content).category for chart in category.chart]
    scalars = events.Tags()["scalars"]
    return {
        chart.title: [name for name in scalars if any(re.match(tag, name) for tag in chart.multiline.tag)]
        for chart in charts
    }


def test_workspace_has_the_same_charts(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Needs ``pip install 'wandb[workspaces]'``, which is no dependency of colorgan."""
    pytest.importorskip("wandb_workspaces")
    monkeypatch.setattr(sys, "argv", ["wandb_workspace.py", "me", "colors", "--print"])
    runpy.run_path(str(REPOSITORY / "examples" / "wandb_workspace.py"), run_name="__main__")
    printed = capsys.readouterr().out
    assert "entity='me', project='colors'" in printed
    for charts in CHARTS.values():
        for title, pattern in charts.items():
            assert f"title={title!r}" in printed
            assert repr(pattern) in printed
    assert "'val/samples'" in printed
    assert "'val/photos'" in printed
