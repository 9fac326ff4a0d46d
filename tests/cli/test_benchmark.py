"""`colorgan benchmark` end to end, with a fake `fit`."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from PIL import Image

from colorgan.cli.benchmark import FIT
from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.differences import differences
from colorgan.evaluation.benchmark.grid_file import read_grid
from colorgan.evaluation.benchmark.records import GridRunFolder
from colorgan.evaluation.benchmark.results import collect_results
from tests.evaluation.latex import check_latex
from tests.helpers import FAKE_FIT, run_command

WriteGrid = Callable[..., Path]


@pytest.fixture(autouse=True)
def fake_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colorgan.cli.benchmark.FIT", FAKE_FIT)


def run(grid: Path, out: Path, *arguments: str) -> int:
    return run_command("benchmark", [grid, "--out", out, *arguments])


def test_grid_writes_report(write_grid: WriteGrid, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    grid, out = write_grid(), tmp_path / "out"
    assert run(grid, out) == 0
    printed = capsys.readouterr().out
    assert re.search(r"^\[1/10\] alone-seed1: finished after \d+ s; about \d+ min left$", printed, re.M)
    assert re.search(r"^\[10/10\] pairs-unet-lab-seed2: finished after \d+ s$", printed, re.M)
    assert "10 finished; report:" in printed

    results = json.loads((out / "results.json").read_text())
    assert results["headline"] == "val/fd"  # val/fid, named first, was not logged by any run
    assert results["gray_photos"] == {"val/fd": 120.0}
    alone = results["groups"][0]["configurations"][0]
    assert alone["rank"] is None  # nothing to compare with
    assert alone["published"] == 87.99
    assert alone["metrics"]["val/fd"]["by_seed"] == {"1": 86.0, "2": 87.0}  # level 80 + seed + 10 / 2
    assert alone["metrics"]["val/fd"]["mean"] == 86.5
    low, high = alone["metrics"]["val/fd"]["interval"]
    assert low < 86.5 < high
    assert alone["metrics"]["val/psnr"]["mean"] == 21.0
    pairs = {c["name"]: c for c in results["groups"][1]["configurations"]}
    assert pairs["pairs-patch-lab"]["runs"][0]["curves"]["val/fd"] == [
        [0, 61.0],
        [1, 56.0],
        [2, pytest.approx(54.333, abs=1e-3)],
    ]
    assert pairs["pairs-patch-rgb"]["rank"] == [1, 2]  # the intervals of 56.5 and 54.8 overlap
    assert pairs["pairs-unet-rgb"]["rank"] == [3, 4]

    page, text = (out / "report.html").read_text(), (out / "report.md").read_text()
    for document in (page, text):
        assert "A small grid" in document
        assert "another protocol: 164 photos" in document
        assert "87.99" in document
        assert "86.5" in document
        assert "not ranked against each other" in document
    assert not re.search(r"(src|href)=\"(?!data:|#)", page)  # one file, readable offline
    assert "![" in text
    for image in re.findall(r"\]\((images/[^)]+)\)", text):
        ElementTree.parse(out / image)

    again = (out / "results.json").read_bytes()
    assert run(grid, out) == 0
    assert (out / "results.json").read_bytes() == again


def test_failed_run_is_reported_with_its_error(write_grid: WriteGrid, tmp_path: Path) -> None:
    groups = {"a": {"runs": {"bad": {"fail": "<b>data.root</b> is missing"}, "good": None}}}
    grid, out = write_grid(groups=groups, seeds=[1]), tmp_path / "out"
    assert run(grid, out) == 1
    assert "&lt;b&gt;data.root&lt;/b&gt; is missing" in (out / "report.html").read_text()
    text = (out / "report.md").read_text()
    assert "**a-bad-seed1 failed:** <b>data.root</b> is missing" in text
    assert "1 finished" in text
    statuses = [
        c["runs"][0]["status"] for c in json.loads((out / "results.json").read_text())["groups"][0]["configurations"]
    ]
    assert statuses == ["failed", "finished"]


def test_only_selects_runs_of_the_same_report(
    write_grid: WriteGrid, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid, out = write_grid(), tmp_path / "out"
    assert run(grid, out, "--only", "alone", "--only", "pairs-unet-*-seed1") == 0
    assert (out / "results.json").read_text().count('"finished"') == 4
    assert "6 waiting" in (out / "report.md").read_text()
    capsys.readouterr()
    assert run(grid, out, "--list") == 0
    assert re.search(r"pairs-unet-lab-seed1 +finished\b", listed := capsys.readouterr().out)
    assert listed.count("waiting") == 6
    assert run(grid, out) == 0
    assert (out / "results.json").read_text().count('"finished"') == 10


def test_overlays_and_fit_options_apply_to_all_runs(write_grid: WriteGrid, tmp_path: Path) -> None:
    overlay = tmp_path / "cpu.yaml"
    overlay.write_text("epochs: 1\n")
    out = tmp_path / "out"
    assert (
        run(write_grid(), out, "-c", str(overlay), "--only", "alone-seed1", "--data=Photos", "--data.root=photos") == 0
    )
    folder = GridRunFolder(out, "alone-seed1")
    assert sorted(file.name for file in (folder.path / "overlays").iterdir())[-1] == "02_cpu.yaml"
    assert folder.last_checkpoint.read_text() == "1"
    with pytest.raises(ColorganError, match="another configuration"):
        run(write_grid(), out)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--jobs=3", "there is no option '--jobs'"),
        ("--onyl", "there is no option '--onyl'; did you mean '--only'?"),
        ("extra", "there is no place for the argument 'extra'"),
        ("--data.root", "--data.root: options that are passed on take the form --data.root=FOLDER"),
        ("--dta.root=x", "there is no option '--dta.root'"),
    ],
)
def test_unknown_options_are_rejected(
    write_grid: WriteGrid, tmp_path: Path, capsys: pytest.CaptureFixture[str], argument: str, message: str
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(write_grid(), tmp_path / "out", argument)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_list_shows_what_distinguishes_the_runs(
    write_grid: WriteGrid, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(write_grid(seeds=[1]), tmp_path / "out", "--list") == 0
    rows = {line.split()[0]: line.split()[1:] for line in capsys.readouterr().out.splitlines()}
    assert rows["alone-seed1"] == ["waiting", "level=80.0"]
    assert rows["pairs-patch-rgb-seed1"] == ["waiting", "level=50.0"]  # like most, it has two epochs
    assert rows["pairs-unet-lab-seed1"] == ["waiting", "epochs=3", "level=60.0"]
    assert not (tmp_path / "out").exists()


def test_settings_of_classes_are_named_as_on_the_command_line(write_grid: WriteGrid) -> None:
    def generator(width: int) -> dict[str, object]:
        return {"model": {"generator": {"class_path": "colorgan.models.UNet", "init_args": {"width": width}}}}

    callbacks = {"callbacks+": [{"class_path": "MetricEMA"}]}
    plain = {"model": {"generator": {"class_path": "PlainCNN"}}, "trainer": callbacks}
    runs = {"a": {"runs": {"narrow": generator(4), "wide": generator(8), "plain": plain}}}
    assert differences(read_grid(write_grid(groups=runs)).variants) == {
        "a-narrow": "model.generator.width=4",
        "a-wide": "model.generator.width=8",
        "a-plain": "model.generator=PlainCNN  trainer.callbacks+=[MetricEMA]",
    }


def test_print_shows_a_whole_configuration(
    write_grid: WriteGrid, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = {"model": {"init_from": "${runs}/a-first-seed${seed}/checkpoints/last.ckpt"}}
    grid = write_grid(base=None, seeds=[3], groups={"a": {"runs": {"second": source, "first": None}}})
    assert run(grid, tmp_path / "out", "--print=a-second") == 0
    printed = yaml.safe_load(capsys.readouterr().out)
    assert printed["model"]["init_from"] == f"{tmp_path}/out/runs/a-first-seed3/checkpoints/last.ckpt"
    assert (printed["seed_everything"], printed["model"]["accumulate"]) == (3, 1)
    with pytest.raises(ColorganError, match="--print 'a-secnd' is no run of the grid; did you mean 'a-second'"):
        run(grid, tmp_path / "out", "--print=a-secnd")
    with pytest.raises(SystemExit, match="2"):
        run(grid, tmp_path / "out", "--print=a-second", "--data.rot=photos")
    assert "Photos has no argument 'rot'; did you mean 'root'?" in capsys.readouterr().err


def test_report_does_not_train(write_grid: WriteGrid, tmp_path: Path) -> None:
    assert run(write_grid(), tmp_path / "out", "--report", "--latex") == 1
    assert "10 waiting" in (tmp_path / "out" / "report.md").read_text()
    assert len(check_latex((tmp_path / "out" / "report.tex").read_text())) == 2
    assert not (tmp_path / "out" / "runs").exists()
    assert run(write_grid(), tmp_path / "out", "--report", "--only", "pairs-*-seed1") == 1
    assert "runs: 4 waiting" in (tmp_path / "out" / "report.md").read_text()


def test_sweep_trains_the_same_runs(write_grid: WriteGrid, tmp_path: Path) -> None:
    grid, file = write_grid(), tmp_path / "sweeps" / "sweep.yaml"
    assert run(grid, tmp_path / "out", "--only", "pairs-*-seed1", "--wandb-sweep", str(file), "--data.root=photos") == 0
    sweep = yaml.safe_load(file.read_text())
    assert sweep["method"] == "grid"
    assert sweep["metric"] == {"name": "val/fid", "goal": "minimize"}
    names = sweep["parameters"]["only"]["values"]
    assert len(names) == 4
    command = sweep["command"]
    assert command[:3] == ["${env}", "colorgan", "benchmark"]
    assert command[-1] == "${args}"
    # an agent replaces ${args} by --only=NAME
    assert run_command("benchmark", [*command[3:-1], f"--only={names[0]}"]) == 0
    assert GridRunFolder(tmp_path / "out", names[0]).status() == "finished"
    assert not file.with_name("runs").exists()


def test_last_value_of_a_repeated_epoch_counts(write_grid: WriteGrid, tmp_path: Path) -> None:
    file, out = write_grid(seeds=[1], groups={"a": {}}), tmp_path / "out"
    run(file, out)
    with (GridRunFolder(out, "a-seed1").path / "metrics.csv").open("a") as metrics:
        metrics.write("1,12,0.3,,,\n1,19,,54.0,,22.0\n2,3")  # resumed, then truncated by a crash
    grid = read_grid(file)
    (result,) = collect_results(grid, grid.runs(), out).variants
    assert result.runs[0].curves["val/fd"] == [(0, 61.0), (1, 54.0)]
    assert "train/l1" not in result.runs[0].curves


def test_run_that_ended_in_nan_has_no_value(write_grid: WriteGrid, tmp_path: Path) -> None:
    grid, out = read_grid(write_grid(seeds=[1], groups={"a": {}})), tmp_path / "out"
    assert run(write_grid(seeds=[1], groups={"a": {}}), out) == 0
    with (GridRunFolder(out, "a-seed1").path / "metrics.csv").open("a") as file:
        file.write("2,29,,nan,,20.0\n")
    result = collect_results(grid, grid.runs(), out).variants[0]
    assert result.summaries["val/fd"].mean is None
    assert result.runs[0].best(grid.metrics[1]) == 56.0
    assert run(write_grid(seeds=[1], groups={"a": {}}), out, "--report") == 0


def test_latest_sample_sheet_is_downscaled(write_grid: WriteGrid, tmp_path: Path) -> None:
    grid, out = write_grid(seeds=[1], groups={"a": {}}), tmp_path / "out"
    run(grid, out)
    samples = GridRunFolder(out, "a-seed1").path / "samples"
    samples.mkdir()
    for epoch, size in ((9, 300), (10, 2000)):
        Image.fromarray(np.full((size // 2, size, 3), epoch, dtype=np.uint8)).save(samples / f"epoch_{epoch:04d}.png")
    (samples / "epoch_0011.unfinished").write_text("incomplete")
    run(grid, out, "--report")
    with Image.open(out / "images" / "a-seed1.webp") as image:
        assert image.size == (960, 480)
    assert "data:image/webp;base64," in (out / "report.html").read_text()
    assert "images/a-seed1.webp" in (out / "report.md").read_text()


def test_fit_command_reaches_the_command_line() -> None:
    misspelled = subprocess.run([*FIT[:-1], "fti"], capture_output=True, text=True, check=False)
    assert (FIT[-1], misspelled.returncode) == ("fit", 2)
    assert "did you mean 'fit'?" in misspelled.stderr
