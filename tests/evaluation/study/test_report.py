"""The report of a study, from the files of its participants."""

import csv
import json
import re

import numpy as np
import pytest

from colorgan.evaluation.study.answers import parse_answers
from colorgan.evaluation.study.key import read_key
from colorgan.evaluation.study.results import compute_results
from tests.evaluation.latex import check_latex, compile_latex
from tests.evaluation.pages import Page, check_self_contained
from tests.evaluation.study.people import answers_of, write_answers
from tests.helpers import photos, recolored, run_command, write

RATES = {"pale": 0.15, "<b>&$vivid$": 0.5}


@pytest.fixture
def study(tmp_path):
    """A study of 14 photos and two systems, made on the command line."""
    images = photos(20, seed=4, size=24)
    write(images, tmp_path / "real")
    systems = [f"{name}={write(recolored(images, 60), tmp_path / str(number))}" for number, name in enumerate(RATES)]
    options = ["--reference", tmp_path / "real", "-o", tmp_path / "study", "--photos", 14, "--vigilance", 4]
    assert run_command("study", [*systems, *options]) == 0
    return tmp_path / "study"


def test_report_from_the_command_line(study, tmp_path, capsys):
    key = read_key(study)
    write_answers(study / "answers", key, 10, RATES)
    lazy = answers_of(key, "lazy", dict.fromkeys(RATES, 0.5), seed=0, attention=0.0)
    (study / "answers" / "lazy.json").write_text(json.dumps(lazy))
    (study / "answers" / "<script>.json").write_text("{}")
    assert run_command("study_report", [study, "--latex"]) == 0
    printed = capsys.readouterr()
    assert "left out <script>.json: these are no answers to a study" in printed.err
    results = json.loads((study / "report" / "results.json").read_text(encoding="utf-8"))
    assert results["participants"] == [f"p{number:02d}" for number in range(10)]
    assert results["excluded"] == {"lazy": 0.0}
    assert results["vigilance"] == 1.0
    assert results["practice_answers"] == 20
    with (study / "report" / "answers.csv").open(newline="", encoding="utf-8") as stream:
        rows = [row for row in csv.DictReader(stream) if row["kind"] == "test"]
    assert len(rows) == 10 * 14
    for name, result in results["systems"].items():
        fooled = [int(row["fooled"]) for row in rows if row["system"] == name]
        assert result["fooling_rate"] == pytest.approx(100 * np.mean(fooled))
        assert (result["answers"], result["fooled"]) == (len(fooled), sum(fooled))
        assert result["low"] < result["fooling_rate"] < result["high"]
    (comparison,) = results["comparisons"]
    rates = [results["systems"][name]["fooling_rate"] for name in RATES]
    assert comparison["difference"] == pytest.approx(rates[0] - rates[1])
    assert comparison["better"] == "<b>&$vivid$"
    said = (
        f"<b>&$vivid$ is better than pale by {rates[1] - rates[0]:.1f} percentage points in fooling rate, 95% interval"
    )
    assert said in printed.out
    text = (study / "report" / "report.html").read_text(encoding="utf-8")
    page = Page(text)
    check_self_contained(text, page)
    for content in (page.text, (study / "report" / "report.md").read_text(encoding="utf-8")):
        assert said in content
        assert "10 participants; 1 excluded; 20 practice answers not counted" in content
        assert "<script>.json: these are no answers" in content
        assert "lazy (0%)" in content
    latex = (study / "report" / "report.tex").read_text(encoding="utf-8")
    assert len(check_latex(latex)) == 2
    assert r"\textless{}b\textgreater{}\&\$vivid\$" in latex
    compile_latex(latex, tmp_path)


def test_first_photo_is_chosen_half_of_the_time_by_those_who_look(study):
    key = read_key(study)
    people = [parse_answers(answers_of(key, f"p{seed}", RATES, seed), key) for seed in range(12)]
    results = compute_results(key, people)
    assert 0.35 < results.first_chosen < 0.65
    assert all(0.8 <= result.median_seconds <= 5 for result in results.systems.values())


def test_one_participant_gets_no_interval(study, capsys):
    write_answers(study / "mine", read_key(study), 1, RATES)
    assert run_command("study_report", [study, "--answers", study / "mine" / "p00.json", "-o", study / "r"]) == 0
    assert "95% interval" not in capsys.readouterr().out
    text = (study / "r" / "report.md").read_text(encoding="utf-8")
    assert "There is one participant only" in text
    assert json.loads((study / "r" / "results.json").read_text())["comparisons"][0]["p"] is None


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("study-report {study}", "there are no answers at .*answers"),
        ("study-report {study} --answers {study}/key.json", "none of the files has answers to the study"),
        ("study-report {study}/nowhere", "key.json is missing; give the folder that `colorgan study` has written"),
        ("study-serve {study}/nowhere", "key.json is missing; give the folder that `colorgan study` has written"),
        ("study {study} --reference {study} -o x", "there are no photos|no photos"),
        ("study {study}/nowhere --reference sample -o x", "there is no checkpoint and no folder of images at"),
    ],
)
def test_mistakes_end_in_one_sentence(study, capsys, command, message):
    from colorgan.cli import main

    capsys.readouterr()
    assert main(command.format(study=study).split()) == 1
    printed = capsys.readouterr().err.strip().splitlines()
    assert re.search(message, printed[-1])
    assert printed[-1].startswith("error: ")
