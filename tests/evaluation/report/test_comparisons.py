"""Differences between systems in the report: in words, in tables, in JSON and in LaTeX."""

import json
from dataclasses import replace

import numpy as np
import pytest

from colorgan.errors import ColorganError
from colorgan.evaluation.differences import Difference, wild_cluster_bootstrap
from colorgan.evaluation.report.comparisons import Comparison, compare_means, contenders_of, corrected, ranks_of
from colorgan.evaluation.report.hints import compare_hinted
from colorgan.evaluation.report.results import EvaluationResults
from colorgan.evaluation.report.tables import comparison_table
from colorgan.evaluation.report.verdicts import compared_pairs, sentence, shown_comparisons
from colorgan.evaluation.statistics import Estimate, Interval
from colorgan.metrics.metric import Metric
from tests.evaluation.latex import check_latex, compile_latex
from tests.evaluation.pages import Page
from tests.helpers import photos, recolored, run_command, write

PSNR = Metric("psnr", "PSNR", better="higher", unit="dB")
LOWER = Metric("tint", "tint")


@pytest.fixture
def folders(tmp_path):
    """Three systems: two runs that are alike, and one that is far off."""
    images = photos(8, seed=4, size=32)
    shifts = {"one": 40, "two": 44, "far": 150}
    return [
        f"{name}={write(recolored(images, shift), tmp_path / name / 'roses').parent}" for name, shift in shifts.items()
    ]


@pytest.fixture
def report(reference_folder, tmp_path, tiny_features, monkeypatch, folders):
    """Writes a report of the three systems."""
    monkeypatch.setattr("colorgan.evaluation.report.evaluation.JUDGE", tiny_features)

    def run(*options):
        folder = tmp_path / "report"
        arguments = [*folders, "--data.root", reference_folder, "--out", folder, "--images", "none", *options]
        assert run_command("evaluate", arguments) == 0
        return folder, json.loads((folder / "metrics.json").read_text(encoding="utf-8"))

    return run


def test_report_says_what_differs(report, tmp_path):
    folder, document = report("--latex")
    entries = {(entry["metric"], entry["first"], entry["second"]): entry for entry in document["comparisons"]}
    assert {"psnr", "ssim", "fd_tiny_test", "tint", "ab_error", "ciede2000", "delta_cf_paired"} <= {
        key[0] for key in entries
    }
    assert not {"colorfulness", "kd_tiny_test", "delta_cf"} & {key[0] for key in entries}
    clear = entries["psnr", "one", "far"]
    values = {name: document["systems"][name]["results"]["psnr"]["value"] for name in ("one", "far")}
    assert clear["difference"] == pytest.approx(values["one"] - values["far"], abs=1e-4)
    assert clear["low"] < clear["difference"] < clear["high"]
    assert clear["better"] == "one"
    assert clear["p"] <= clear["p_corrected"] < 0.05
    text = (folder / "report.md").read_text(encoding="utf-8")
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    interval = f"{clear['low']:.2f} to {clear['high']:.2f}"
    said = f"one is better than far by {clear['difference']:.2f} dB in PSNR, 95% interval {interval}"
    for content in (text, page.text):
        assert said in content
        assert "(Holm)" in content
    assert f"| one − far | " in text  # noqa: F541, RUF001
    latex = (folder / "report.tex").read_text(encoding="utf-8")
    captions = check_latex(latex)
    assert len(captions) == 4  # distances, colorfulness, image by image, differences
    assert all("8 photos of test, default protocol" in caption for caption in captions)
    assert rf"\textbf{{+{clear['difference']:.2f}}}" in latex
    assert f"{values['one']:.2f}" in latex
    compile_latex(latex, tmp_path)


def test_runs_of_a_group_are_compared_as_one(report):
    _, document = report("--group", "ours=one,two")
    entries = {entry["metric"]: entry for entry in document["comparisons"]}
    assert {(entry["first"], entry["second"]) for entry in document["comparisons"]} == {("ours", "far")}
    values = {name: document["systems"][name]["results"]["psnr"]["value"] for name in ("one", "two", "far")}
    assert entries["psnr"]["difference"] == pytest.approx((values["one"] + values["two"]) / 2 - values["far"], abs=1e-4)
    assert entries["psnr"]["method"] == "wild cluster bootstrap by photo"
    assert document["systems"]["far"]["results"]["psnr"]["rank"] == 3  # systems are ranked one by one


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["ours"], "--group takes NAME=SYSTEM,SYSTEM"),
        (["ours=a"], "with two or more names"),
        (["ours=a,x"], "no system has the name 'x'"),
        (["ours=a,b", "mine=b,c"], "'b' is in another group"),
        (["c=a,b"], "another group or system has this name"),
    ],
)
def test_invalid_groups_are_refused(groups, message):
    with pytest.raises(ColorganError, match=message):
        contenders_of(["a", "b", "c"], groups)


def test_equal_infinite_values_do_not_differ():
    perfect = np.r_[np.inf, np.inf, np.random.default_rng(0).normal(30, 1, size=10)]
    values = {name: {"psnr": perfect + shift} for name, shift in (("a", 0.0), ("b", 0.0))}
    (comparison,) = compare_means({"a": ["a"], "b": ["b"]}, [PSNR], values)
    assert comparison.difference == Difference(Estimate(0.0, Interval(0.0, 0.0)), 1.0)
    assert comparison.better is None


def test_correction_is_for_the_pairs_of_a_metric():
    entries = [
        Comparison(metric, first, second, Difference(Estimate(1.0, Interval(0.1, 1.9)), p_value))
        for metric, first, second, p_value in [
            (PSNR, "a", "b", 0.01),
            (PSNR, "a", "c", 0.04),
            (PSNR, "b", "c", 0.03),
            (LOWER, "a", "b", 0.04),
        ]
    ]
    found = corrected(entries)
    assert [entry.corrected for entry in found] == pytest.approx([0.03, 0.06, 0.06, 0.04])
    assert [entry.pairs for entry in found] == [3, 3, 3, 1]
    assert [entry.better for entry in found] == ["a", None, None, "b"]
    assert ranks_of(["a", "b", "c"], found[:3]) == {"a": 1, "b": 2, "c": 1}
    assert sentence(found[3]).startswith("b is better than a by 1.00 in tint, 95% interval 0.10 to 1.90 (p = 0.04).")


def test_unknown_differences_are_said_to_be_unknown():
    unknown = Comparison(PSNR, "a", "b", Difference(Estimate(float("nan"))))
    assert sentence(unknown).startswith("a and b cannot be compared by PSNR")
    assert ranks_of(["a", "b"], [unknown]) is None


def test_of_many_systems_pairs_with_the_best_are_shown():
    random = np.random.default_rng(0)
    levels = {"a": 5, "b": 4, "c": 1, "d": 3, "e": 2}
    values = {name: {"fid": random.normal(level, 1, size=20)} for name, level in levels.items()}
    metric = replace(LOWER, key="fid", headline=True)
    comparisons = compare_means({name: [name] for name in values}, [metric], values)
    results = EvaluationResults({}, [metric], {}, {}, {}, [], {}, comparisons)
    assert len(comparisons) == 10
    assert compared_pairs(results) == [("a", "c"), ("b", "c"), ("c", "d"), ("c", "e")]
    table = comparison_table(results)
    assert [row.system for row in table.rows] == ["a − c", "b − c", "c − d", "c − e"]  # noqa: RUF001
    assert "metrics.json has all" in table.note
    assert len(shown_comparisons(results, [metric])) == 4


def test_hints_of_a_photo_count_once():
    """Two systems at six numbers of hints, of which those without hints are not compared."""
    random = np.random.default_rng(1)
    base = random.normal(25, 3, size=(12, 1)) + np.arange(6)
    gain = random.normal(0.5, 0.2, size=(12, 1)) + random.normal(0, 0.01, size=(12, 6))
    gain[:, 0] = 100.0
    (comparison,) = compare_hinted({"a": base + gain, "b": base})
    assert comparison.difference.estimate.value == pytest.approx(gain[:, 1:].mean())
    expected = wild_cluster_bootstrap(gain[:, 1:])
    assert comparison.difference.p_value == pytest.approx(expected.p_value)
    assert "PSNR with 1 to 100 hints" in sentence(comparison)
