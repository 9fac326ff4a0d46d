"""Searches with a fake `fit` that takes milliseconds, and real studies of Optuna."""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from optuna.trial import TrialState

from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.grid_file import read_grid
from colorgan.evaluation.curves import read_curves
from colorgan.evaluation.tuning.page import write_report
from colorgan.evaluation.tuning.plan import metric_of
from colorgan.evaluation.tuning.results import collect_results
from colorgan.evaluation.tuning.search import search
from colorgan.evaluation.tuning.space import NumberRange
from colorgan.evaluation.tuning.study import Study
from tests.evaluation.pages import Page, check_self_contained
from tests.evaluation.tuning.small_search import FAKE_FIT, WEIGHT, plan

LEVEL = NumberRange("level", ("level",), 0.0, 100.0)


def run(study: Study, count: int) -> list[str]:
    lines: list[str] = []
    search(study, count, FAKE_FIT, time.time() + 300, lines.append, lambda: None)
    return lines


def starts(study: Study, number: int) -> list[str]:
    return (study.run_folder(study.trials()[number]).path / "starts.txt").read_text().splitlines()


def claim_and_end(study: Study, count: int) -> list[dict[str, Any]]:
    """The values of trials that are not trained; the best weight is 100."""
    for _ in range(count - len(study.trials())):
        with study.claim(count) as trial:
            assert trial is not None
            study.complete(trial, abs(trial.params["weight"] - 100))
    with study.claim(count) as trial:
        assert trial is None
    return [trial.params for trial in study.trials()]


def test_search_trains_the_configuration_first_and_records_the_last_epoch(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("epochs: 2\n")
    study = Study(plan(files=(str(tmp_path / "base.yaml"),)), tmp_path / "out")
    lines = run(study, 3)
    first, *others = study.trials()
    assert first.params == {"weight": 100.0}
    assert [trial.state for trial in (first, *others)] == [TrialState.COMPLETE] * 3
    assert first.value == 0.5  # |log10(100) - 2| + 1 / 2 epochs, the best possible
    for trial in others:
        curve = read_curves(study.run_folder(trial).metrics)["val/l1"]
        assert trial.intermediate_values == {0: curve[0][1], 1: curve[1][1]}
        assert trial.value == curve[1][1] > 0.5
        assert yaml.safe_load((study.run_folder(trial).path / "overlays" / "01_trial.yaml").read_text()) == {
            "model": {"reconstruction_weight": trial.params["weight"]}
        }
    assert lines[0] == "trial 0: the configuration itself"
    assert lines[1].startswith("[1/3] trial 0: val/l1 0.5 after ")
    assert run(study, 3) == []  # nothing is left to do

    results = collect_results(study)
    page = write_report(results, tmp_path / "out").read_text()
    check_self_contained(page, Page(page))
    assert "None of 3 finished trials is better than the configuration itself" in page
    assert "there are 3." in page  # too few for importances
    grid = read_grid(tmp_path / "out" / "confirm.yaml")
    assert [variant.name for variant in grid.variants] == ["confirm-own", "confirm-best"]
    assert [overlay.name for overlay in grid.variants[1].overlays] == ["base", "best"]
    assert len(grid.runs()) == 6


def test_values_are_the_same_whether_or_not_a_search_was_interrupted(tmp_path: Path) -> None:
    at_once = claim_and_end(Study(plan(), tmp_path / "one"), 5)
    assert claim_and_end(Study(plan(), tmp_path / "two"), 2) == at_once[:2]
    assert claim_and_end(Study(plan(), tmp_path / "two"), 5) == at_once
    assert len({values["weight"] for values in at_once}) == 5
    assert all(1 <= values["weight"] <= 10000 for values in at_once)


def test_trial_of_a_dead_process_is_repeated_and_that_of_a_living_one_is_not(tmp_path: Path) -> None:
    with Study(plan(), tmp_path / "out").claim(2) as dead:
        assert dead is not None
    study = Study(plan(), tmp_path / "out")
    with study.claim(2) as again:
        assert again is not None
        assert (again.number, again.params) == (dead.number, dead.params)
        with Study(plan(), tmp_path / "out").claim(2) as other:
            assert other is not None
            assert other.number == 1
            with study.claim(2) as third:
                assert third is None  # all have begun, and others train them
            assert [result.state for result in collect_results(study).trials] == ["running"] * 2
    assert [result.state for result in collect_results(study).trials] == ["interrupted"] * 2
    with study.run_folder(again).lock(), study.claim(2) as other:  # the training of a dead process still saves
        assert other is not None
        assert other.number == 1


def start(folder: Path, seconds: float, count: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.evaluation.tuning.small_search", str(folder), str(seconds), str(count)]
    return subprocess.Popen(command, cwd=Path(__file__).parents[3])


def test_killed_search_goes_on_where_it_was(tmp_path: Path) -> None:
    process = start(tmp_path, 0.3, 1)
    metrics = tmp_path / "runs" / "trial-0000-seed1" / "metrics.csv"
    while not metrics.is_file():
        time.sleep(0.02)
        assert process.poll() is None
    process.kill()
    process.wait()
    study = Study(plan(base={"seconds": 0.3, "epochs": 4}), tmp_path)
    while study.run_folder(study.trials()[0]).is_locked():  # its training saves and stops
        time.sleep(0.02)
    assert study.trials()[0].state == TrialState.RUNNING
    run(study, 1)
    (trial,) = study.trials()
    assert (trial.state, sorted(trial.intermediate_values)) == (TrialState.COMPLETE, [0, 1, 2, 3])
    assert len(starts(study, 0)) == 2
    assert int(starts(study, 0)[1].split()[1]) > 0  # from a checkpoint


def test_two_processes_share_a_search(tmp_path: Path) -> None:
    processes = [start(tmp_path, 0.1, 4) for _ in range(2)]
    assert [process.wait(timeout=120) for process in processes] == [0, 0]
    study = Study(plan(base={"seconds": 0.1, "epochs": 4}), tmp_path)
    trials = study.trials()
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 4
    assert [len(starts(study, trial.number)) for trial in trials] == [1] * 4
    assert len({trial.params["weight"] for trial in trials}) == 4


def test_bad_trials_end_early(tmp_path: Path) -> None:
    bad = NumberRange("weight", ("model.reconstruction_weight",), 1e8, 1e9)
    study = Study(
        plan(bad, own={}, outside=("weight",), pruner="median", base={"seconds": 0.5, "epochs": 60}), tmp_path
    )
    for _ in range(5):
        with study.claim(5) as trial:
            assert trial is not None
            study.report(trial, [(0, 1.0), (1, 0.5)])
            study.complete(trial, 0.5)
    lines = run(study, 6)
    trial = study.trials()[5]
    assert trial.state == TrialState.PRUNED
    assert trial.value == trial.intermediate_values[max(trial.intermediate_values)]
    assert max(trial.intermediate_values) < 59
    assert "ended after epoch" in lines[-1]
    assert not list(study.run_folder(trial).path.glob("checkpoints/*"))
    assert run(study, 6) == []
    best = collect_results(study).best
    assert best is not None
    assert best.number < 5


@pytest.mark.parametrize(("kills", "state"), [(1, TrialState.COMPLETE), (9, TrialState.FAIL)])
def test_killed_training_is_repeated_once(tmp_path: Path, kills: int, state: TrialState) -> None:
    study = Study(plan(base={"kill": kills}), tmp_path)
    lines = run(study, 1)
    assert study.trials()[0].state == state
    record = study.run_folder(study.trials()[0]).record()
    assert record is not None
    assert record.attempts == 2
    assert "killed by SIGKILL" in lines[1]
    assert "it is trained once more" in lines[1]


def test_search_stops_if_nothing_but_failures_come(tmp_path: Path) -> None:
    study = Study(plan(base={"fail": "there is no folder <b>x</b>"}), tmp_path)
    with pytest.raises(ColorganError, match=r"3 trials have failed, and none has ended well.*no folder <b>x</b>"):
        run(study, 9)
    results = collect_results(study)
    assert results.counts == {"failed": 3}
    page = write_report(results, tmp_path).read_text()
    assert "there is no folder &lt;b&gt;x&lt;/b&gt;" in page
    assert json.loads((tmp_path / "results.json").read_text())["best"] is None
    assert not (tmp_path / "best.yaml").exists()


def test_trial_without_the_metric_fails(tmp_path: Path) -> None:
    study = Study(plan(metric=metric_of("val/ssim")), tmp_path)
    assert "failed: it has no val/ssim of its last epoch; it has logged val/fd, " in run(study, 1)[-1]


def test_folder_of_another_search_is_refused(tmp_path: Path) -> None:
    Study(plan(), tmp_path)
    Study(plan(pruner="hyperband", sampler="random"), tmp_path)  # these may change
    for other in (plan(seed=2), plan(LEVEL), plan(metric=metric_of("val/psnr")), plan(base={"epochs": 3})):
        with pytest.raises(ColorganError, match="has a search with another configuration, space, metric or seed"):
            Study(other, tmp_path)
    (tmp_path / "study.db").write_text("no database")
    with pytest.raises(ColorganError, match="study.db is not a study of Optuna"):
        Study(plan(), tmp_path)


def test_own_values_outside_of_the_space_are_trained_all_the_same(tmp_path: Path) -> None:
    study = Study(plan(own={}, outside=("weight",)), tmp_path)
    run(study, 2)
    baseline, other = study.trials()
    assert (baseline.params, baseline.value) == ({}, 0.5)
    assert "weight" in other.params
    write_report(collect_results(study), tmp_path)
    assert "Its own values of weight are not in the space" in (tmp_path / "report.md").read_text()


def test_importances_find_what_matters(tmp_path: Path) -> None:
    nothing = NumberRange("nothing", ("other",), 0.0, 1.0)
    study = Study(plan(WEIGHT, nothing, own={"weight": 100.0, "nothing": 0.5}, sampler="random"), tmp_path)
    for _ in range(14):
        with study.claim(14) as trial:
            assert trial is not None
            study.complete(trial, abs(trial.params["weight"] - 100))
    results = collect_results(study)
    first, second = results.importances
    assert first.parameter is WEIGHT
    assert first.share > 2 * second.share
    assert first.share + second.share == pytest.approx(1)
    assert first.interval.low <= first.share <= first.interval.high
    page = write_report(results, tmp_path).read_text()
    assert Page(page).charts == 2 + 2 + 2  # history and importances in two layouts, and two parameters
    text = (tmp_path / "report.md").read_text()
    assert "PED-ANOVA" in text
    assert "They rest on 14 finished trials" in text
