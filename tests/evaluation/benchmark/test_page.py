import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from PIL import Image

from colorgan.evaluation.benchmark.grid_file import read_grid
from colorgan.evaluation.benchmark.page import write_latex, write_report
from colorgan.evaluation.benchmark.records import GridRunFolder, Record
from colorgan.evaluation.benchmark.results import collect_results
from tests.evaluation.benchmark.fake_fit import log
from tests.evaluation.latex import check_latex, compile_latex
from tests.evaluation.pages import Page, check_self_contained, check_width

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOSTILE = "</p><script>alert(1)</script>& $x$"
LONG = "configuration" * 8  # a word that does not fit a phone


def test_page_is_self_contained_and_shows_hostile_text(write_grid: Callable[..., Path], tmp_path: Path) -> None:
    groups = {"a": {"title": HOSTILE, "description": HOSTILE, "runs": {"one": None, "two": None, "three": None}}}
    metrics = {"val/fd": {"label": HOSTILE}, "val/psnr": {"label": "PSNR", "better": "higher", "chart": True}}
    grid = read_grid(write_grid(title=HOSTILE, description=HOSTILE, groups=groups, metrics=metrics))
    out = tmp_path / "out"
    for number, run in enumerate(grid.runs()):
        folder = GridRunFolder(out, run.name)
        folder.path.mkdir(parents=True)
        is_last = run.name == "a-three-seed2"
        folder.write_record(Record("failed" if is_last else "finished", run.digest, HOSTILE if is_last else ""))
        for epoch in range(3):
            log(folder.path, epoch, 50.0 + number - epoch)
    file = write_report(collect_results(grid, grid.runs(), out), out)

    html = file.read_text(encoding="utf-8")
    page = Page(html)
    check_self_contained(html, page)
    assert page.scripts == []
    assert page.text.count(HOSTILE) >= 5  # titles, descriptions and the error
    assert page.charts == 3 * 2  # overview and two metrics, in two layouts
    assert re.findall(r"(\d+) (finished|failed)", page.text)[:2] == [("5", "finished"), ("1", "failed")]
    mean = json.loads((out / "results.json").read_text())["groups"][0]["configurations"][0]["metrics"]["val/fd"]["mean"]
    assert f"{mean:.4g}" in page.text

    text = (out / "report.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + 3
    assert len({line.count("|") for line in rows}) == 1
    assert "\n\n\n" not in text
    images = re.findall(r"\]\((images/[^)]+)\)", text)
    assert images == ["images/overview.svg", "images/a.svg", "images/a_val_psnr.svg"]
    for image in images:
        root = ElementTree.parse(out / image).getroot()
        assert root.get("viewBox", "").split()[2] == "760"
        assert "alert" not in [element.tag for element in root.iter()]


def test_tables_for_papers(write_grid: Callable[..., Path], tmp_path: Path) -> None:
    groups = {"a": {"title": HOSTILE, "runs": {"good": None, "bad_one": None}}}
    metrics = {"val/fd": {"label": "FD"}, "val/psnr": {"label": "PSNR", "better": "higher"}}
    grid = read_grid(write_grid(title=HOSTILE, groups=groups, metrics=metrics))
    for number, run in enumerate(grid.runs()):
        folder = GridRunFolder(tmp_path, run.name)
        folder.path.mkdir(parents=True)
        folder.write_record(Record("finished", run.digest, ""))
        log(folder.path, 0, (90.0 if "bad" in run.name else 40.0) + 0.1 * number)
    results = collect_results(grid, grid.runs(), tmp_path)
    write_latex(results, tmp_path / "report.tex")
    text = (tmp_path / "report.tex").read_text(encoding="utf-8")
    (caption,) = check_latex(text)
    assert r"\textless{}script\textgreater{}" in caption
    assert r"\shortstack[r]{Ours: FD\\$\downarrow$}" in text or r"Ours: FD $\downarrow$" in text
    good, bad = (results.variants[index].summaries["val/fd"].mean for index in (0, 1))
    assert good is not None
    assert bad is not None
    assert rf"a-good & \textbf{{{good:.4g}}} &" in text
    assert rf"a-bad\_one & {bad:.4g} &" in text
    compile_latex(text, tmp_path)


def test_report_of_a_grid_without_results(write_grid: Callable[..., Path], tmp_path: Path) -> None:
    grid = read_grid(write_grid())
    page = Page(write_report(collect_results(grid, grid.runs(), tmp_path), tmp_path).read_text(encoding="utf-8"))
    assert page.charts == 0
    assert "10 waiting" in page.text


def test_page_fits_a_screen_and_a_phone(browser: "Browser", write_grid: Callable[..., Path], tmp_path: Path) -> None:
    runs = {LONG: None, "two": {"level": 1e6}}
    groups = {"a": {"title": LONG, "description": LONG, "runs": runs, "baseline": "a-two"}}
    metrics = {f"val/metric_{number}": {"label": f"Metric {number} of many", "chart": True} for number in range(12)}
    grid = read_grid(write_grid(title=LONG, description=LONG, groups=groups, metrics=metrics, seeds=[1]))
    for run in grid.runs():
        folder = GridRunFolder(tmp_path, run.name)
        folder.path.mkdir(parents=True)
        is_long = LONG in run.name
        folder.write_record(Record("failed" if is_long else "finished", run.digest, LONG if is_long else ""))
        rows = [",".join([str(epoch), *(f"{epoch + 0.123456}" for _ in metrics)]) for epoch in range(3)]
        folder.metrics.write_text("\n".join([",".join(["epoch", *metrics]), *rows]) + "\n")
        (folder.path / "samples").mkdir()
        Image.new("RGB", (1500, 300)).save(folder.path / "samples" / "epoch_0002.png")
    file = write_report(collect_results(grid, grid.runs(), tmp_path), tmp_path)
    for width in (1200, 390):
        assert max(check_width(browser, file, width)) > 100  # a table of 12 metrics scrolls in its box


def test_a_chart_of_curves_without_a_finite_value_is_left_out(write_grid: Callable[..., Path], tmp_path: Path) -> None:
    grid = read_grid(write_grid(groups={"a": {"runs": {"one": None}}}, seeds=[1], metrics=["val/fd"]))
    folder = GridRunFolder(tmp_path, grid.runs()[0].name)
    folder.path.mkdir(parents=True)
    folder.metrics.write_text("epoch,val/fd\n0,inf\n1,inf\n")
    page = Page(write_report(collect_results(grid, grid.runs(), tmp_path), tmp_path).read_text(encoding="utf-8"))
    assert page.charts == 0


def test_report_says_which_networks_taught_and_warns_of_a_judge_that_teaches(
    write_grid: Callable[..., Path], tmp_path: Path
) -> None:
    groups = {"a": {"runs": {"plain": None, "taught": None}}}
    metrics = ["val/fd_efficientnet_lite2", "val/fd_efficientnet_lite0"]
    grid = read_grid(write_grid(groups=groups, metrics=metrics))
    for run in grid.runs():
        folder = GridRunFolder(tmp_path, run.name)
        folder.path.mkdir(parents=True)
        folder.write_record(Record("finished", run.digest))
        losses = [{"class_path": "colorgan.models.Perceptual"}] if "taught" in run.name else []
        (folder.path / "config.yaml").write_text(json.dumps({"model": {"losses": losses}}))
        rows = [f"{epoch},{50 - epoch},{60 - epoch}" for epoch in range(2)]
        (folder.path / "metrics.csv").write_text("\n".join([f"epoch,{','.join(metrics)}", *rows]) + "\n")
    text = Page(write_report(collect_results(grid, grid.runs(), tmp_path), tmp_path).read_text("utf-8")).text
    assert "Networks that judged: efficientnet-lite2, efficientnet-lite0." in text
    assert "Pretrained networks that taught: tf_efficientnet_lite0: a-taught." in text
    assert "Warning: efficientnet-lite0 judges in FD efficientnet-lite0 and taught a-taught" in text
    assert text.count("Warning") == 1
    assert json.loads((tmp_path / "results.json").read_text())["taught_by"] == {"tf_efficientnet_lite0": ["a-taught"]}


def test_published_order_is_beside_ours_and_charts_show_training(
    write_grid: Callable[..., Path], tmp_path: Path
) -> None:
    """Published 1 to 4 are found as 1, 2, 4, 3: 0.8 is reached by 4 of 24 orders. The last run stops an epoch early."""
    published = {"one": 30.0, "two": 40.0, "three": 50.0, "four": 60.0}
    groups = {"a": {"runs": dict.fromkeys(["three", "one", "four", "two", "own"]), "published": published}}
    charts = {"Losses": ["train/l1", "val/fd"]}
    grid = read_grid(
        write_grid(groups=groups, seeds=[1], metrics=["val/fd"], charts=charts, published={"metric": "FID"})
    )
    finals = {"a-one": 3.0, "a-two": 4.0, "a-four": 5.0, "a-three": 6.0, "a-own": 1.0}
    for run in grid.runs():
        folder = GridRunFolder(tmp_path, run.name)
        folder.path.mkdir(parents=True)
        folder.write_record(Record("finished", run.digest))
        epochs = 3 if run.variant.name == "a-four" else 4
        rows = [f"{epoch},0.5,{finals[run.variant.name] + epochs - 1 - epoch}" for epoch in range(epochs)]
        folder.metrics.write_text("\n".join(["epoch,train/l1,val/fd", *rows]) + "\n")
    write_report(collect_results(grid, grid.runs(), tmp_path), tmp_path)
    text = (tmp_path / "report.md").read_text("utf-8")
    order = text[text.index("## The published order and ours") : text.index("\n## a")]
    assert re.findall(r"^\| a-(\w+) \| (\d+) \| (\d) \| (\d) \| (\d)", order, re.M) == [
        ("one", "30", "1", "1", "3"),
        ("two", "40", "2", "2", "4"),
        ("three", "50", "3", "4", "6"),
        ("four", "60", "4", "3", "5"),
    ]
    assert "rank correlation between the published results and ours is 0.80" in text
    assert "agrees at least as well in 16.7% of cases, so these runs neither confirm the published order" in text
    assert "| Epochs (trained) |" in text
    assert re.search(r"^\| a-four .*\| 3 \| 0 s \|$", text, re.M)
    assert "![a: Losses](images/a_chart_1.svg)" in text
    assert "a-four" in (tmp_path / "images" / "a_chart_1.svg").read_text()
