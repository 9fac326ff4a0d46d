import math
from xml.etree import ElementTree

from colorgan.evaluation.benchmark.charts import Dots, Line, dot_chart, line_chart
from colorgan.evaluation.benchmark.intervals import Interval

SVG = "{http://www.w3.org/2000/svg}"


def texts(chart: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(chart).iter(f"{SVG}text")]


def paths(chart: str) -> list[list[tuple[float, float]]]:
    lines = ElementTree.fromstring(chart).iter(f"{SVG}polyline")
    return [
        [(float(x), float(y)) for x, _, y in (p.partition(",") for p in line.get("points", "").split())]
        for line in lines
    ]


def test_lower_values_lie_lower_and_later_epochs_to_the_right() -> None:
    ((first, second),) = paths(line_chart([Line("a", [(0, 10.0), (1, 5.0)])], "epoch", "FID"))
    assert first[0] < second[0]
    assert first[1] < second[1]  # the y axis of SVG points down


def test_seeds_of_a_configuration_share_a_color_and_a_legend_entry() -> None:
    chart = line_chart([Line("a", [(0, 1)]), Line("a", [(0, 2)]), Line("<b>", [(0, 3)])], "epoch", "FID", floor=3.0)
    assert [text for text in texts(chart) if text in ("a", "<b>")] == ["a", "<b>"]
    strokes = [line.get("stroke") for line in ElementTree.fromstring(chart).iter(f"{SVG}polyline")]
    assert strokes[0] == strokes[1] != strokes[2]


def test_a_run_that_diverges_does_not_flatten_the_others() -> None:
    calm, wild = [(0, 60.0), (1, 50.0)], [(0, 60.0), (1, 5000.0)]
    lines = paths(line_chart([Line("calm", calm), Line("wild", wild)], "epoch", "FID", floor=100.0))
    assert abs(lines[0][0][1] - lines[0][1][1]) > 20  # pixels
    assert lines[1][1][1] < 0  # out of the picture


def test_nan_is_left_out_and_nothing_is_still_a_chart() -> None:
    assert paths(line_chart([Line("a", [(0, math.nan), (1, 2.0)])], "x", "y"))[0][0][0] > 0
    assert "x" in texts(line_chart([], "x", "y"))
    assert "x" in texts(dot_chart([], "x"))


def test_dots_lie_in_their_interval() -> None:
    chart = dot_chart([Dots("a", [4.0, 6.0], 5.0, Interval(3.0, 7.0)), Dots("b", [9.0], 9.0)], "FID", floor=12.0)
    root = ElementTree.fromstring(chart)
    xs = [float(circle.get("cx", "nan")) for circle in root.iter(f"{SVG}circle")]
    bar = next(line for line in root.iter(f"{SVG}line") if line.get("stroke-width") == "7")
    assert float(bar.get("x1", "nan")) < xs[0] < xs[1] < float(bar.get("x2", "nan")) < xs[2]
