import csv
import json
import re

import pytest

from colorgan.evaluation.report import evaluate
from colorgan.evaluation.report.formatting import NO_VALUE
from colorgan.evaluation.report.systems import ImageFolderSystem
from colorgan.inference.run_folder import RunFolder
from tests.evaluation.pages import Page, check_self_contained, check_width
from tests.helpers import photos, recolored, write

HOSTILE = "<script>alert(1)</script>&$x$|"
OTHER = "other" * 20  # a word that does not fit a phone
TITLE = f"<title> & $report$ {OTHER}"


@pytest.fixture
def report(reference_folder, image_folder, tmp_path, tiny_features, monkeypatch):
    """Compares two folders of images, one of which has training curves, and returns the folder of the report."""
    monkeypatch.setattr("colorgan.evaluation.report.evaluation.JUDGE", tiny_features)
    run = RunFolder(tmp_path / "run")
    run.path.mkdir()
    with run.metrics.open("w", newline="") as stream:
        csv.writer(stream).writerows(
            [
                ["epoch", "val/fid", "val/fid_gray", "train/l1", "train/l1_epoch"],
                [0, 90, 120, 0.5, 0.6],
                [1, 60, "", "", 0.2],
            ]
        )
    monkeypatch.setattr(ImageFolderSystem, "run_folder", run)
    other = write(recolored(photos(8, seed=4, size=32), 150), tmp_path / "other" / "roses").parent
    for folder in (reference_folder / "test", image_folder, other):
        file = folder / "roses" / "0003.png"
        file.rename(file.with_name('"><img src=x onerror=alert(2)>.png'))
    evaluate(
        [f"{HOSTILE}={image_folder}", f"{OTHER}={other}"],
        root=reference_folder,
        out=tmp_path / "report",
        title=TITLE,
    )
    return tmp_path / "report"


def test_page_is_well_formed_and_self_contained(report):
    html = (report / "report.html").read_text(encoding="utf-8")
    page = Page(html)
    check_self_contained(html, page)
    headings = re.findall(r"<h2>(.*?)</h2>", html)
    assert headings == [
        "Results",
        "Differences between systems",
        "Side by side",
        "The same photos from every system",
        "Best and worst",
        "Distribution of colors",
        "Training",
        "How it was measured",
    ]
    assert (
        page.charts == 2 + 2
    )  # the headline in two layouts, and a distance with its gray level, and the means of a loss


@pytest.mark.parametrize("width", [1200, 390])
def test_page_fits_a_screen_and_a_phone(report, browser, width):
    check_width(browser, report / "report.html", width)


def test_hostile_names_are_text(report):
    html = (report / "report.html").read_text(encoding="utf-8")
    page = Page(html)
    assert HOSTILE in page.text
    assert '"><img src=x onerror=alert(2)>.png' in page.text
    assert "<title> & $report$" in page.text
    assert len(page.scripts) == 1
    assert "alert" not in page.scripts[0]


def test_both_documents_contain_the_values_of_metrics_json(report):
    document = json.loads((report / "metrics.json").read_text(encoding="utf-8"))
    page = Page((report / "report.html").read_text(encoding="utf-8"))
    text = (report / "report.md").read_text(encoding="utf-8")
    psnr = document["systems"][OTHER]["results"]["psnr"]
    value, interval = f"{psnr['value']:.2f}", f"{psnr['low']:.2f} to {psnr['high']:.2f}"
    assert value in page.text
    assert interval in page.text
    assert f"{value} ({interval})" in text.replace("**", "")
    rows = {cells[0]: cells[1:] for line in text.splitlines() if len(cells := line.strip("| ").split(" | ")) > 1}
    header = rows["system"]  # of the last table
    assert header[0] == "PSNR ↑"
    assert rows[OTHER][0].replace("**", "") == f"{value} ({interval})"
    escaped = HOSTILE.replace("|", "\\|")
    assert len(rows[escaped]) == len(header)
    assert rows["reference"][0] == "∞"
    halves = [line for line in text.splitlines() if line.startswith("| reference halves")]
    assert halves[0].split(" | ")[1] == NO_VALUE
    assert len(halves) == 1  # they have distances only


def test_markdown_describes_the_measurement(report):
    lines = (report / "report.md").read_text(encoding="utf-8").splitlines()
    assert lines[0] == f"# {TITLE}"
    position = lines.index("- **photos**:")
    assert lines[position + 1 : position + 4] == [
        "  - **folder**: test",
        "  - **count**: 8",
        "  - **order**: by name",
    ]
    assert "- **features**:" in lines  # a list of mappings
    assert lines.index("### Systems") < lines.index(f"- **{HOSTILE}**:") < lines.index("### Metrics")
    assert "![contact sheet](sheet.png)" in lines
    assert not any(line.startswith("- **lpips**") for line in lines)  # not measured
    assert "\n\n\n" not in "\n".join(lines)
