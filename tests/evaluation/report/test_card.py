"""Metrics of a model card, read from a report."""

import json
from pathlib import Path

import pytest

from colorgan.errors import ColorganError
from colorgan.evaluation.report.card import card_metrics

DOCUMENT = {
    "metrics": dict.fromkeys(
        ["fd_tiny", "fd_tiny_disjoint", "kd_tiny", "psnr", "ssim", "colorfulness", "of_the_future"]
    ),
    "systems": {
        "mine": {
            "kind": "checkpoint",
            "sha256": "aa",
            "results": {
                "fd_tiny": {"value": 43.7612},
                "fd_tiny_disjoint": {"value": 50.0},
                "psnr": {"value": 22.2849},
                "ssim": {"value": 0.90771},
                "kd_tiny": {"value": None},
                "colorfulness": {"value": 30.0},
                "of_the_future": {"value": 1.0},
            },
        },
        "other": {"kind": "checkpoint", "sha256": "bb", "results": {"psnr": {"value": 10.0}}},
        "gray": {"kind": "baseline", "results": {"fd_tiny": {"value": 86.333}, "psnr": {"value": "inf"}}},
        "reference": {"kind": "baseline", "results": {"fd_tiny": {"value": 0.0}}},
    },
}


def write(folder: Path, document: object) -> Path:
    (folder / "metrics.json").write_text(json.dumps(document))
    return folder


def test_rows_have_title_unit_direction_and_digits_of_the_metric(tmp_path: Path) -> None:
    expected = {
        "FD tiny ↓": {"this model": 43.76, "gray": 86.33},
        "PSNR, dB ↑": {"this model": 22.28},
        "SSIM ↑": {"this model": 0.9077},
    }
    folder = write(tmp_path, DOCUMENT)
    for report in (folder, folder / "metrics.json"):
        assert card_metrics(report, {"aa", "cc"}) == expected
    assert card_metrics(folder, ["bb"])["PSNR, dB ↑"] == {"this model": 10.0}


def test_report_of_another_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ColorganError, match=r"has not measured this model \(it has measured mine, other, gray,"):
        card_metrics(write(tmp_path, DOCUMENT), {"cc"})


def test_unreadable_reports_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ColorganError, match=r"cannot read .*metrics\.json, a report of `colorgan evaluate`"):
        card_metrics(tmp_path, {"aa"})
    for document in ([], {"systems": {"mine": {}}}, {"systems": []}):
        with pytest.raises(ColorganError, match=r"metrics\.json is not the metrics\.json of a report"):
            card_metrics(write(tmp_path, document), {"aa"})
    (tmp_path / "metrics.json").write_text("{")
    with pytest.raises(ColorganError, match="cannot read"):
        card_metrics(tmp_path, {"aa"})
