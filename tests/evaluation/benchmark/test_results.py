import csv
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.stats

from colorgan.evaluation.benchmark.document import as_json
from colorgan.evaluation.benchmark.grid import Grid
from colorgan.evaluation.benchmark.grid_file import read_grid
from colorgan.evaluation.benchmark.records import GridRunFolder, Record
from colorgan.evaluation.benchmark.results import (
    BenchmarkResults,
    Summary,
    VariantResult,
    collect_results,
    epochs_needed,
)
from colorgan.evaluation.benchmark.tables import comparison_table
from colorgan.evaluation.statistics import Agreement

WriteGrid = Callable[..., Path]


@pytest.fixture
def grid(write_grid: WriteGrid) -> Grid:
    """The configurations alone and pairs-{patch,unet}-{rgb,lab}, each with the seeds 1 and 2."""
    return read_grid(write_grid())


def finish(grid: Grid, folder: Path, curves: dict[str, Sequence[float]], status: str = "finished") -> None:
    """Writes what runs leave: the curve of val/fd, that of val/psnr, the gray baseline, a sheet per epoch, a record."""
    for run in grid.runs():
        if run.name not in curves:
            continue
        place = GridRunFolder(folder, run.name)
        place.begin_attempt(run.digest)
        with place.metrics.open("w", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(["epoch", "train/l1", "val/fd", "val/psnr", "val/fd_gray"])
            for epoch, value in enumerate(curves[run.name]):
                writer.writerow([epoch, 0.5, value, 20 + epoch, 100 + run.seed if epoch == 0 else ""])
        (place.path / "samples").mkdir()
        for epoch in range(len(curves[run.name])):
            (place.path / "samples" / f"epoch_{epoch + 8}.png").touch()
        seconds = place.end_attempt(10.0 * run.seed)
        place.write_record(Record(status, run.digest, seconds=seconds))  # type: ignore[arg-type]


def by_name(results: BenchmarkResults) -> dict[str, VariantResult]:
    return {result.variant.name: result for result in results.variants}


def summary(result: VariantResult, key: str = "val/fd") -> Summary:
    return result.summaries[key]


CURVES = {
    "alone-seed1": [90.0, 80.0, 70.0],
    "alone-seed2": [90.0, 60.0, 72.0],
    "pairs-patch-rgb-seed1": [60.0, 40.0, 30.0],
    "pairs-patch-rgb-seed2": [60.0, 42.0, 32.0],
    "pairs-unet-rgb-seed1": [90.0, 60.0, 50.0],
    "pairs-unet-rgb-seed2": [90.0, 58.0, 52.0],
    "pairs-patch-lab-seed1": [61.0, 41.0, 31.0],
}


def test_last_and_best_epochs_are_averaged_over_seeds(grid: Grid, tmp_path: Path) -> None:
    finish(grid, tmp_path, CURVES)
    results = collect_results(grid, grid.runs(), tmp_path)
    alone = summary(by_name(results)["alone"])
    assert (dict(alone.values), alone.mean, alone.best) == ({1: 70.0, 2: 72.0}, 71.0, 65.0)
    assert summary(by_name(results)["pairs-patch-rgb"], "val/psnr").best == 22.0
    assert by_name(results)["alone"].seconds == 15.0
    waiting = summary(by_name(results)["pairs-unet-lab"])
    assert (dict(waiting.values), waiting.mean, waiting.interval, waiting.best) == ({}, None, None, None)
    assert (results.count("finished"), results.count("waiting")) == (7, 3)


def test_metrics_that_no_run_logged_are_left_out(grid: Grid, tmp_path: Path) -> None:
    finish(grid, tmp_path, CURVES)
    results = collect_results(grid, grid.runs(), tmp_path)
    assert [metric.key for metric in grid.metrics] == ["val/fid", "val/fd", "val/psnr"]
    assert [metric.key for metric in results.metrics] == ["val/fd", "val/psnr"]
    assert results.headline.key == "val/fd"


def test_interval_has_the_spread_that_all_seeds_share(grid: Grid, tmp_path: Path) -> None:
    """Three configurations with two seeds: three degrees of freedom, and deviations relative to their means."""
    finish(grid, tmp_path, CURVES)
    results = collect_results(grid, grid.runs(), tmp_path)
    pairs = [(70, 72), (30, 32), (50, 52)]
    relative = [abs(a - b) / math.sqrt(2) / ((a + b) / 2) for a, b in pairs]
    pooled = math.sqrt(sum(value**2 for value in relative) / 3)
    assert results.spread.degrees_of_freedom == 3
    assert results.spread.relative_std == pytest.approx(pooled)
    interval = summary(by_name(results)["pairs-patch-lab"]).interval  # of one seed
    assert interval is not None
    assert interval.high - 31 == pytest.approx(scipy.stats.t.ppf(0.975, 3) * pooled * 31, rel=1e-3)


def test_ranks_and_correlation(grid: Grid, tmp_path: Path) -> None:
    finish(grid, tmp_path, CURVES)
    results = collect_results(grid, grid.runs(), tmp_path)
    found = by_name(results)
    ranks = {name.removeprefix("pairs-"): result.rank_range for name, result in found.items()}
    assert ranks == {"alone": None, "patch-rgb": (1, 2), "patch-lab": (1, 2), "unet-rgb": (3, 3), "unet-lab": None}
    assert results.published_agreement == Agreement(2)  # two pairs are too few for a correlation


def test_baseline_is_the_median_of_the_runs(grid: Grid, tmp_path: Path) -> None:
    finish(grid, tmp_path, CURVES)
    assert dict(collect_results(grid, grid.runs(), tmp_path).baselines) == {"val/fd": 101.0}


def test_unfinished_and_diverged_runs_have_no_value(grid: Grid, tmp_path: Path) -> None:
    finish(grid, tmp_path, {"alone-seed1": [50.0, math.nan], "alone-seed2": [50.0, math.inf]})
    finish(grid, tmp_path, {"pairs-patch-rgb-seed1": [50.0, 40.0]}, status="failed")
    found = by_name(collect_results(grid, grid.runs(), tmp_path))
    assert summary(found["alone"]).mean is None
    assert summary(found["alone"]).best == 50.0
    assert summary(found["pairs-patch-rgb"]).best is None
    assert found["pairs-patch-rgb"].seconds is None
    json.dumps(as_json(collect_results(grid, grid.runs(), tmp_path)), allow_nan=False)


def test_latest_sheet_is_that_of_the_highest_number(grid: Grid, tmp_path: Path) -> None:
    finish(grid, tmp_path, CURVES)  # epochs 8 to 10, which sort differently as text
    run = by_name(collect_results(grid, grid.runs(), tmp_path))["alone"].runs[0]
    assert run.sheet is not None
    assert run.sheet.name == "epoch_10.png"
    assert run.epochs == run.last_epoch == 3


def test_charts_may_show_training_and_do_not_count_as_validation(write_grid: WriteGrid, tmp_path: Path) -> None:
    grid = read_grid(write_grid(charts={"Losses": ["train/l1", "val/fd"]}))
    finish(grid, tmp_path, CURVES)
    run = by_name(collect_results(grid, grid.runs(), tmp_path))["alone"].runs[0]
    assert run.curves["train/l1"] == [(0, 0.5), (1, 0.5), (2, 0.5)]
    without = by_name(collect_results(replace(grid, charts={}), grid.runs(), tmp_path))["alone"].runs[0]
    assert "train/l1" not in without.curves
    with GridRunFolder(tmp_path, "alone-seed1").metrics.open("a") as stream:
        stream.write("3,0.4,,,\n")  # an epoch without validation
    results = collect_results(grid, grid.runs(), tmp_path)
    run = by_name(results)["alone"].runs[0]
    assert (run.last_epoch, run.last(results.headline)) == (3, 70.0)


def test_epochs_needed_for_a_level_that_all_reach(grid: Grid, tmp_path: Path) -> None:
    finish(grid, tmp_path, CURVES)
    results = collect_results(grid, grid.runs(), tmp_path)
    found = by_name(results)
    variants = [found[name] for name in ("pairs-patch-rgb", "pairs-unet-rgb", "pairs-unet-lab")]
    assert epochs_needed(variants, results.headline) == (51.0, {"pairs-patch-rgb": 2, "pairs-unet-rgb": 3})
    psnr = results.metrics[1]
    assert epochs_needed(variants, psnr) == (22.0, {"pairs-patch-rgb": 3, "pairs-unet-rgb": 3})
    assert epochs_needed(variants[:1], results.headline) is None


def test_training_metrics_of_the_grid_are_reported(write_grid: WriteGrid, tmp_path: Path) -> None:
    grid = read_grid(write_grid(metrics={"val/fd": {"better": "lower"}, "train/l1": {"better": "lower"}}))
    finish(grid, tmp_path, CURVES)
    found = by_name(collect_results(grid, grid.runs(), tmp_path))
    assert summary(found["alone"], "train/l1").mean == 0.5
    assert found["alone"].runs[0].epochs == 3


def test_changes_against_a_baseline(write_grid: WriteGrid, tmp_path: Path) -> None:
    groups = {
        "alone": {"baseline": "alone"},
        "pairs": {"runs": {"one": None, "two": None, "three": None}, "baseline": {"one": "alone", "two": "pairs-one"}},
    }
    grid = read_grid(write_grid(groups=groups))
    curves = {"alone-seed1": [100.0, 80.0], "alone-seed2": [100.0, 84.0], "pairs-one-seed1": [90.0, 41.0, 41.0]}
    finish(grid, tmp_path, curves)
    results = collect_results(grid, grid.runs(), tmp_path)
    found = by_name(results)
    assert found["pairs-one"].changes.keys() == {"val/fd", "val/psnr"}
    assert [found[name].changes for name in ("alone", "pairs-two", "pairs-three")] == [{}, {}, {}]
    distance = found["pairs-one"].changes["val/fd"].estimate
    std = np.std([80 / 82, 84 / 82], ddof=1)
    width = std * scipy.stats.t.ppf(0.975, 1) * math.sqrt(1 / 1 + 1 / 2)
    assert distance.value == pytest.approx(-0.5)
    assert distance.interval is not None
    expected = math.exp(math.log(0.5) - width) - 1, math.exp(math.log(0.5) + width) - 1
    assert (distance.interval.low, distance.interval.high) == pytest.approx(expected)
    assert found["pairs-one"].changes["val/psnr"].kind == "difference"
    assert found["pairs-one"].changes["val/psnr"].estimate.value == pytest.approx(1)
    (_, pairs) = as_json(results)["groups"]
    assert pairs["configurations"][0]["baseline"] == "alone"
    assert pairs["configurations"][0]["changes"]["val/fd"]["value"] == pytest.approx(-0.5)
    comparison = comparison_table(results)
    assert comparison is not None
    header, (row,) = comparison
    assert [cell.text for cell in header] == ["Configuration", "Baseline", "distance", "PSNR"]
    assert [cell.text for cell in row] == ["pairs-one", "alone", "-50.0%", "+1.00 dB"]
