"""A metric that is added to the registry appears in the training log, both reports and the model card."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.records import GridRunFolder
from colorgan.metrics.metric import Metric
from colorgan.metrics.registry import METRICS
from colorgan.training import MetricsFile, PixelMetrics
from colorgan.training.checkpoints import CheckpointFiles
from tests.helpers import FAKE_FIT, run_command

RED_ERROR = Metric(
    "red_error",
    "red error",
    "mean absolute error of red, of 255",
    digits=1,
    unit="of 255",
    function=lambda predicted, target: (predicted[:, 0].float() - target[:, 0].float()).abs().mean(dim=(1, 2)),
)
CARD = {
    "name": "tiny",
    "summary": "Colorizes photos.",
    "license": "MIT",
    "data": ["noise"],
    "training": "None.",
    "evaluation": "On eight photos.",
    "metrics": {},
}
Make = Callable[..., Any]


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Adds the metric to the table for the duration of a test, as an entry of the file would."""
    monkeypatch.setitem(METRICS, RED_ERROR.key, RED_ERROR)


@pytest.fixture
def checkpoint(tmp_path: Path, tiny_model: Make) -> Path:
    model = tiny_model()
    contents = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    CheckpointFiles().save_checkpoint(contents, tmp_path / "model.ckpt")
    return tmp_path / "model.ckpt"


@pytest.fixture
def report(
    checkpoint: Path, reference_folder: Path, offline_cache: Path, tiny_features: str, monkeypatch: pytest.MonkeyPatch
) -> Path:
    monkeypatch.setattr("colorgan.evaluation.report.evaluation.JUDGE", tiny_features)
    folder = checkpoint.parent / "report"
    arguments = [f"mine={checkpoint}", "--data.root", str(reference_folder), "--out", str(folder), "--images", "none"]
    assert run_command("evaluate", arguments) == 0
    return folder


def test_training_log(tiny_model: Make, fit: Make, tmp_path: Path) -> None:
    logger = MetricsFile(str(tmp_path))
    fit(tiny_model(), callbacks=[PixelMetrics()], logger=logger)
    with Path(logger.log_dir, "metrics.csv").open() as stream:
        logged = {name: value for row in csv.DictReader(stream) for name, value in row.items() if value}
    assert 0 < float(logged["val/red_error"]) < 255
    assert 0 < float(logged["val/red_error_gray"]) < 255
    assert "val/tint" in logged


def test_evaluation_report(report: Path) -> None:
    document = json.loads((report / "metrics.json").read_text())
    assert document["metrics"]["red_error"]["title"] == "red error"
    results = {name: system["results"].get("red_error") for name, system in document["systems"].items()}
    assert results["reference"]["value"] == 0
    assert results["mine"]["value"] > 0
    assert results["mine"]["rank"] == 1
    assert results["reference halves"] is None
    assert (report / "per_photo.csv").read_text().partition("\n")[0].split(",")[-1] == "red_error"
    for name in ("report.md", "report.html"):
        page = (report / name).read_text()
        assert "red error ↓" in page
        assert RED_ERROR.description in page
        assert f"{results['gray']['value']:.1f}" in page


@pytest.mark.parametrize(
    "metrics", [["val/red_error", "val/psnr"], {"val/red_error": None, "val/psnr": {"label": "PSNR"}}]
)
def test_benchmark_report(
    write_grid: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, metrics: object
) -> None:
    monkeypatch.setattr("colorgan.cli.benchmark.FIT", FAKE_FIT)
    grid, out = write_grid(metrics=metrics, groups={"a": {"overlays": [{"level": 50.0}]}}, seeds=[1]), tmp_path / "out"
    assert run_command("benchmark", [grid, "--out", out]) == 0
    logged = GridRunFolder(out, "a-seed1").metrics
    logged.write_text(logged.read_text().replace("val/fd", "val/red_error"))
    assert run_command("benchmark", [grid, "--out", out]) == 0
    results = json.loads((out / "results.json").read_text())
    assert results["headline"] == "val/red_error"
    for name in ("report.md", "report.html"):
        page = (out / name).read_text()
        assert "Ours: red error, of 255" in page
        assert "lower is better" in page


@pytest.mark.usefixtures("no_onnx_export")
def test_model_card(checkpoint: Path, report: Path) -> None:
    folder, source = checkpoint.parent / "released", checkpoint.parent / "card.yaml"
    source.write_text(yaml.safe_dump(CARD))
    arguments = [str(checkpoint), "-o", str(folder), "--card", str(source), "--report", str(report)]
    assert run_command("release", arguments) == 0
    systems = json.loads((report / "metrics.json").read_text())["systems"]
    values = [systems[name]["results"]["red_error"]["value"] for name in ("mine", "gray", "mean color")]
    row = f"| red error, of 255 ↓ | {' | '.join(f'{round(value, 1):g}' for value in values)} |"
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert row in card
    assert "| | this model | gray | mean color |" in card
    written = yaml.safe_load((folder / "card.yaml").read_text(encoding="utf-8"))
    assert written["metrics"]["red error, of 255 ↓"]["this model"] == round(values[0], 1)
    assert {**written, "metrics": {}, "limits": None} == {**CARD, "limits": None}


@pytest.mark.usefixtures("no_onnx_export")
def test_model_card_from_a_report_of_the_released_model(
    checkpoint: Path, report: Path, reference_folder: Path, tmp_path: Path
) -> None:
    folder, source, other = tmp_path / "released", tmp_path / "card.yaml", tmp_path / "of_the_released"
    source.write_text(yaml.safe_dump(CARD))
    arguments = [str(checkpoint), "-o", str(folder), "--card", str(source)]
    assert run_command("release", arguments) == 0
    evaluated = [f"mine={folder}", "--data.root", str(reference_folder), "--out", str(other), "--images", "none"]
    assert run_command("evaluate", evaluated) == 0
    with pytest.raises(ColorganError, match="already contains a model"):
        run_command("release", [*arguments, "--report", str(other)])
    in_place = [*arguments[:-1], str(folder / "card.yaml"), "--report", str(other), "--overwrite"]
    for _ in range(2):  # the released file is the same each time, and so the report stays valid
        assert run_command("release", in_place) == 0
        assert "| red error, of 255 ↓ |" in (folder / "README.md").read_text(encoding="utf-8")


def test_report_of_another_model_and_report_without_a_card_are_refused(
    checkpoint: Path, report: Path, tiny_model: Make, tmp_path: Path
) -> None:
    model = tiny_model(ema_decay=0.5)
    contents = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    CheckpointFiles().save_checkpoint(contents, tmp_path / "other.ckpt")
    (tmp_path / "card.yaml").write_text(yaml.safe_dump(CARD))
    arguments = [str(tmp_path / "other.ckpt"), "-o", str(tmp_path / "out"), "--report", str(report)]
    with pytest.raises(ColorganError, match=r"has not measured this model \(it has measured mine, gray"):
        run_command("release", [*arguments, "--card", str(tmp_path / "card.yaml")])
    with pytest.raises(ColorganError, match="give the rest of the card with --card FILE"):
        run_command("release", arguments)
    assert not (tmp_path / "out").exists()
