import math
from xml.etree import ElementTree

from colorgan.evaluation.charts import Dots, Line, dot_chart, line_chart
from colorgan.evaluation.statistics import Interval

SVG = "{http://www.w3.org/2000/svg}"


def texts(chart: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(chart).iter(f"{SVG}text")]


def paths(chart: str) -> list[list[tuple[float, float]]]:
    lines = ElementTree.fromstring(chart).iter(f"{SVG}polyline")
    return [
        [(float(x), float(y)) for x, _, y in (p.partition(",") for p in line.get("points", "").split())]
        for line in lines
    ]


def test_line_chart_orients_both_axes() -> None:
    ((first, second),) = paths(line_chart([Line("a", [(0, 10.0), (1, 5.0)])], "epoch", "FID"))
    assert first[0] < second[0]
    assert first[1] < second[1]  # the y axis of SVG points down


def test_lines_with_the_same_label_share_color_and_legend_entry() -> None:
    chart = line_chart([Line("a", [(0, 1)]), Line("a", [(0, 2)]), Line("<b>", [(0, 3)])], "epoch", "FID", baseline=3.0)
    assert [text for text in texts(chart) if text in ("a", "<b>")] == ["a", "<b>"]
    strokes = [line.get("stroke") for line in ElementTree.fromstring(chart).iter(f"{SVG}polyline")]
    assert strokes[0] == strokes[1] != strokes[2]


def test_diverging_curve_does_not_flatten_the_others() -> None:
    stable, diverging = [(0, 60.0), (1, 50.0)], [(0, 60.0), (1, 5000.0)]
    lines = paths(line_chart([Line("stable", stable), Line("diverging", diverging)], "epoch", "FID", baseline=100.0))
    assert abs(lines[0][0][1] - lines[0][1][1]) > 20  # pixels
    assert lines[1][1][1] < 0  # clipped


def test_charts_skip_nan_and_accept_empty_input() -> None:
    assert paths(line_chart([Line("a", [(0, math.nan), (1, 2.0)])], "x", "y"))[0][0][0] > 0
    assert "x" in texts(line_chart([], "x", "y"))
    assert "x" in texts(dot_chart([], "x"))


def test_dot_chart_draws_values_within_their_interval() -> None:
    chart = dot_chart([Dots("a", [4.0, 6.0], 5.0, Interval(3.0, 7.0)), Dots("b", [9.0], 9.0)], "FID", baseline=12.0)
    root = ElementTree.fromstring(chart)
    xs = [float(circle.get("cx", "nan")) for circle in root.iter(f"{SVG}circle")]
    bar = next(line for line in root.iter(f"{SVG}line") if line.get("stroke-width") == "7")
    assert float(bar.get("x1", "nan")) < xs[0] < xs[1] < float(bar.get("x2", "nan")) < xs[2]


def test_line_chart_draws_a_baseline_per_curve_in_its_color() -> None:
    lines = [Line("a", [(0, 1.0), (1, 2.0)], color="var(--c0)", baseline=4.0), Line("b", [(0, 3.0)], color="#123456")]
    chart = line_chart(lines, "epoch", "val/fid", small=True)
    root = ElementTree.fromstring(chart)
    dashed = [line for line in root.iter(f"{SVG}line") if line.get("stroke-dasharray")]
    assert [line.get("stroke") for line in dashed] == ["var(--c0)"]
    assert float(dashed[0].get("y1", "nan")) < paths(chart)[0][1][1]  # above the curve
    assert "a" not in texts(chart)  # small charts have no legend
    assert len(list(root.iter(f"{SVG}circle"))) == 1  # a curve with a single point is visible


def test_dot_chart_starts_at_zero_and_shows_notes() -> None:
    chart = dot_chart([Dots("a", [4.0], 4.0, note="4.00"), Dots("b", [8.0], 8.0)], "FID", from_zero=True)
    assert {"0", "4.00"} <= set(texts(chart))
