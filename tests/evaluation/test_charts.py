import io
import math
import re
import subprocess
import sys
import threading
from xml.etree import ElementTree

import matplotlib.font_manager
import numpy as np
import pytest
from PIL import Image, ImageFont

from colorgan.evaluation.charts import (
    Dots,
    Line,
    Points,
    ResponsiveChart,
    dot_chart,
    learning_rate_chart,
    line_chart,
    scatter_chart,
)
from colorgan.evaluation.charts.figure import COLORS
from colorgan.evaluation.charts.limits import fitted_limits
from colorgan.evaluation.statistics import Interval
from colorgan.training.lr_finder import LRCurve
from tests.training.test_lr_finder import synthetic_curve

SVG = "{http://www.w3.org/2000/svg}"
STABLE, DIVERGING = [(0, 60.0), (1, 50.0)], [(0, 60.0), (1, 5000.0)]


def parse(chart: str) -> ElementTree.Element:
    root = ElementTree.fromstring(chart)
    assert root.tag == f"{SVG}svg"
    return root


def texts(chart: str) -> list[str]:
    return [element.text or "" for element in parse(chart).iter(f"{SVG}text")]


def points(path: ElementTree.Element) -> list[tuple[float, float]]:
    numbers = [float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", path.get("d", ""))]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def style(element: ElementTree.Element) -> dict[str, str]:
    declarations = (part.partition(":") for part in element.get("style", "").split(";") if part.strip())
    return {name.strip(): value.strip() for name, _, value in declarations}


def curves(chart: str, label: str) -> list[ElementTree.Element]:
    """The paths with this tooltip."""
    groups = [group for group in parse(chart).iter(f"{SVG}g") if group.findtext(f"{SVG}title") == label]
    return [path for group in groups if (path := group.find(f"{SVG}path")) is not None]


def levels(chart: str) -> list[ElementTree.Element]:
    """The dashed lines."""
    return [path for path in parse(chart).iter(f"{SVG}path") if "stroke-dasharray" in style(path)]


def clip(chart: str) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of the clipped area."""
    (rectangle,) = parse(chart).iter(f"{SVG}rect")
    x, y, width, height = (float(rectangle.get(name, "nan")) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def arrows(chart: str) -> dict[str, tuple[float, float]]:
    """Where the arrows of marks are, by their tooltips."""
    groups = [group for group in parse(chart).iter(f"{SVG}g") if ": " in (group.findtext(f"{SVG}title") or "")]
    uses = {group.findtext(f"{SVG}title") or "": group.find(f".//{SVG}use") for group in groups}
    return {
        text: (float(use.get("x", "nan")), float(use.get("y", "nan"))) for text, use in uses.items() if use is not None
    }


def ids(chart: str) -> list[str]:
    return [name for element in parse(chart).iter() if (name := element.get("id"))]


def test_line_chart_orients_both_axes() -> None:
    (path,) = curves(line_chart([Line("a", [(0, 10.0), (1, 5.0)])], "epoch", "FID"), "a")
    (first, last) = points(path)
    assert first[0] < last[0]
    assert first[1] < last[1]  # the y axis of SVG points down


def test_lines_with_the_same_label_share_color_and_legend_entry() -> None:
    lines = [Line("a", [(0, 1), (1, 1)], faint=True), Line("a", [(0, 2), (1, 2)]), Line("b", [(0, 3), (1, 3)])]
    chart = line_chart(lines, "epoch", "FID", baseline=3.0)
    assert [text for text in texts(chart) if text in ("a", "b")] == ["a", "b"]
    faint, mean = map(style, curves(chart, "a"))
    (other,) = map(style, curves(chart, "b"))
    assert faint["stroke"] == mean["stroke"] != other["stroke"]
    assert float(faint["stroke-opacity"]) < 1
    assert "stroke-opacity" not in mean
    assert float(faint.get("stroke-width", 1)) < float(mean["stroke-width"])


def test_colors_repeat_with_other_dashes() -> None:
    lines = [Line(f"run {number}", [(0, 1.0 + number), (1, 2.0)]) for number in range(20)]
    chart = line_chart(lines, "epoch", "FID")
    styles = [style(path) for line in lines for path in curves(chart, line.label)]
    assert len({(own["stroke"], own.get("stroke-dasharray")) for own in styles}) == 20


@pytest.mark.parametrize("size", ["wide", "narrow", "small"])
def test_diverging_curve_does_not_flatten_the_others_and_is_marked(size) -> None:
    lines = [Line("stable", STABLE), Line("diverging", DIVERGING)]
    chart = line_chart(lines, "epoch", "FID", baseline=100.0, size=size)
    (stable,), (diverging,) = curves(chart, "stable"), curves(chart, "diverging")
    (_, first), (_, last) = points(stable)
    assert last - first > 10  # pixels
    assert min(y for _, y in points(diverging)) < clip(chart)[1]
    (clip_path,) = (name for name in ids(chart) if f"url(#{name})" in chart)
    assert diverging.get("clip-path") == f"url(#{clip_path})"
    assert {"gray photos", "5000"} <= set(texts(chart))
    (x, y) = arrows(chart)["diverging: 5000"]
    assert (x, y) == pytest.approx((points(stable)[1][0], clip(chart)[1]), abs=0.2)


def test_curves_above_the_baseline_are_visible() -> None:
    """Gray photos have a low margin accuracy, and every curve is above."""
    lines = [Line("a", [(0, 0.60), (1, 0.75)]), Line("b", [(0, 0.62), (1, 0.71)])]
    chart = line_chart(lines, "epoch", "accuracy", baseline=0.3)
    heights = [y for line in lines for path in curves(chart, line.label) for _, y in points(path)]
    assert clip(chart)[1] < min(heights) < max(heights) < clip(chart)[3]
    assert max(heights) - min(heights) > 40
    assert arrows(chart) == {}
    assert "gray photos" in texts(chart)


@pytest.mark.parametrize("size", ["wide", "small"])
def test_far_baselines_do_not_flatten_curves_and_are_marked(size) -> None:
    near = [(0, 0.100), (1, 0.101), (2, 0.102)]
    chart = line_chart([Line("a", near)], "epoch", "L1", baseline=0.9, size=size)
    heights = [y for _, y in points(curves(chart, "a")[0])]
    assert max(heights) - min(heights) > 100
    assert "gray photos 0.9" in texts(chart)
    assert levels(chart) == []
    chart = line_chart([Line("a", near, baseline=0.9, color="#123456")], "epoch", "L1", size=size)
    assert "gray photos: 0.9" in arrows(chart)


def test_values_of_marks_do_not_overlap() -> None:
    lines = [Line("stable", [(epoch, 1.0 + 0.1 * epoch) for epoch in range(40)])]
    lines += [Line(f"run {number}", [(1, 1.0), (2, 1e6 * number)]) for number in range(1, 6)]
    chart = line_chart(lines, "epoch", "FID")
    assert len(arrows(chart)) == 5
    assert [text for text in texts(chart) if "e+06" in text] == ["5e+06"]  # the farthest


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_dots_outside_are_marked_with_their_values(size) -> None:
    rows = [Dots(f"run {number}", [10.0 + number], 10.0 + number) for number in range(7)]
    rows += [Dots("diverged", [1e5, 12.0], 50006.0), Dots("wide", [11.0], 11.0, Interval(-900.0, 12.0))]
    chart = dot_chart(rows, "FID", baseline=12.0, size=size)
    dots = [float(dot.get("x", "nan")) for dot in parse(chart).iter(f"{SVG}use")]
    left, _, right, _ = clip(chart)
    inside = [x for x in dots if left - 1 < x < right + 1]
    assert max(inside) - min(inside) > 100
    assert {"1e+05, 5.001e+04", "interval to -900"} <= set(texts(chart))
    assert arrows(chart)["diverged: 1e+05, 5.001e+04"][0] == pytest.approx(right, abs=0.2)
    assert arrows(chart)["wide: interval to -900"][0] == pytest.approx(left, abs=0.2)


def test_a_far_baseline_of_dots_is_marked() -> None:
    rows = [Dots(name, [value], value) for name, value in (("a", 0.70), ("b", 0.71), ("c", 0.72))]
    chart = dot_chart(rows, "accuracy", baseline=0.3)
    assert "← gray photos 0.3" in texts(chart)
    dots = [float(dot.get("x", "nan")) for dot in parse(chart).iter(f"{SVG}use")]
    assert max(dots) - min(dots) > 200


def test_no_chart_is_empty_whatever_the_values() -> None:
    """Most values are inside, of any distribution, and the axis has a length."""
    generator = np.random.default_rng(0)
    for number in range(300):
        count = int(generator.integers(1, 30))
        values = generator.standard_cauchy(count) * 10.0 ** generator.integers(-6, 6)
        if number % 3 == 0:
            values = np.round(values, 2)
        baseline = [float(generator.normal())] if number % 2 else []
        limits = fitted_limits(values.tolist(), baseline)
        assert limits.low < limits.high
        outside = sum(limits.side(value) != 0 for value in values)
        assert outside <= max(1, count // 4) * (count > 1)
    assert fitted_limits([]).low < 0 < fitted_limits([]).high
    assert fitted_limits([math.nan, math.inf, 2.0]) == fitted_limits([2.0])


def test_ticks_of_epochs_are_integers() -> None:
    for epochs in ([3], [0, 1], range(4), range(100)):
        chart = line_chart([Line("a", [(epoch, 0.5) for epoch in epochs])], "epoch", "FID")
        left, _, right, bottom = clip(chart)
        ticks = [e for e in parse(chart).iter(f"{SVG}text") if re.fullmatch(r"\S*\d", e.text or "")]
        below = [e.text for e in ticks if float(e.get("y", 0)) > bottom and left <= float(e.get("x", 0)) <= right]
        assert 1 <= len(below) <= 12
        assert all(text.isdigit() for text in below)
        assert set(map(int, below)) <= set(epochs)


def test_charts_skip_values_that_are_not_finite_and_accept_empty_input() -> None:
    chart = line_chart([Line("a", [(0, math.nan), (1, 2.0), (2, math.inf), (3, 4.0)])], "x", "y")
    assert len(points(curves(chart, "a")[0])) == 2
    assert {"x", "y"} <= set(texts(line_chart([], "x", "y")))
    assert "x" in texts(dot_chart([], "x"))


def test_line_chart_draws_a_baseline_per_curve_in_its_color() -> None:
    lines = [Line("a", [(0, 1.0), (1, 2.0)], color="var(--c0)", baseline=4.0), Line("b", [(0, 3.0)], color="#123456")]
    chart = line_chart(lines, "epoch", "val/fid", size="small")
    (baseline,) = levels(chart)
    assert style(baseline)["stroke"] == "var(--c0)"
    (curve,), (single,) = curves(chart, "a"), curves(chart, "b")
    assert style(curve)["stroke"] == "var(--c0)"
    assert points(baseline)[0][1] < points(curve)[1][1]  # above the curve
    assert style(single)["stroke"] == "#123456"
    assert not {"a", "b"} & set(texts(chart))  # small charts have no legend
    assert len(list(parse(chart).iter(f"{SVG}use"))) == 1  # a curve with a single point is visible


@pytest.mark.parametrize("size", ["wide", "narrow"])
def test_dot_chart_draws_values_within_their_interval(size) -> None:
    rows = [Dots("a", [4.0, 6.0], 5.0, Interval(3.0, 7.0)), Dots("b", [9.0], 9.0)]
    chart = dot_chart(rows, "FID", baseline=12.0, size=size)
    xs = [float(dot.get("x", "nan")) for dot in parse(chart).iter(f"{SVG}use")]
    (bar,) = [path for path in parse(chart).iter(f"{SVG}path") if style(path).get("stroke-width") == "7"]
    (low, y), (high, _) = points(bar)
    assert low < xs[0] < xs[1] < high < xs[2] < points(levels(chart)[0])[0][0]
    assert (xs[0] - low) == pytest.approx((xs[1] - xs[0]) / 2, abs=0.2)  # one unit each, to a tenth of a pixel
    dots = [float(dot.get("y", "nan")) for dot in parse(chart).iter(f"{SVG}use")]
    assert dots[0] == dots[1] == pytest.approx(y, abs=0.1) != dots[2]
    assert dots[2] > dots[0]


def test_dot_chart_starts_at_zero_and_shows_notes() -> None:
    chart = dot_chart([Dots("a", [4.0], 4.0, note="4.00"), Dots("b", [8.0], 8.0)], "FID", from_zero=True)
    assert {"0", "4.00"} <= set(texts(chart))


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "$x_1$ costs $5", 'a "b" & c', "x" * 150, "照片-" * 30])
def test_names_are_shown_as_they_are_and_in_full(name: str) -> None:
    charts = [line_chart([Line(name, STABLE)], name, name, size=size) for size in ("wide", "narrow", "small")]
    charts += [dot_chart([Dots(name, [1.0], 1.0, note="1.00")], name, size=size) for size in ("wide", "narrow")]
    for chart in charts:
        assert "<script" not in chart
        assert name.replace(" ", "") in "".join(texts(chart)).replace(" ", "")
        assert name in (parse(chart).get("aria-label") or "")
    assert curves(charts[0], name)


def test_text_lies_within_the_chart() -> None:
    font = ImageFont.truetype(matplotlib.font_manager.findfont("DejaVu Sans"), 12)  # wider than those of browsers
    for size in ("wide", "narrow"):
        rows = [Dots("configuration-" + "long-" * n, [1.0 + n], 1.0 + n, note="12.34") for n in range(9)]
        chart = dot_chart(rows, "Fréchet distance, lower is better; bars are 95% intervals", 3.0, size=size)
        _, _, width, height = map(float, parse(chart).get("viewBox", "").split())
        for element in parse(chart).iter(f"{SVG}text"):
            moved = re.fullmatch(r"translate\((\S+) (\S+)\)", element.get("transform", ""))
            x, y = map(float, moved.groups() if moved else (element.get("x", "nan"), element.get("y", "nan")))
            length = font.getlength(element.text or "")
            left = {"start": x, "middle": x - length / 2, "end": x - length}[style(element).get("text-anchor", "start")]
            assert left > -1, element.text
            assert left + length < width + 1, element.text
            assert 10 < y < height


def test_charts_follow_the_colors_of_the_page() -> None:
    chart = line_chart([Line("a", STABLE)], "epoch", "FID", baseline=60.0)
    root = parse(chart)
    assert {style(text)["fill"] for text in root.iter(f"{SVG}text")} == {"currentColor"}
    assert "#1c1c1e" not in re.sub(r"<style.*</style>", "", chart)
    assert "prefers-color-scheme:dark" in root.findtext(f".//{SVG}style", "")
    selectors = re.findall(r"([^{}]+)\{color", root.findtext(f".//{SVG}style", ""))
    assert set(selectors) == {"svg:root"}  # only in a file of its own, never in a page
    assert root.get("role") == "img"
    assert "width" not in root.attrib  # as wide as its place in the page
    assert "font-family" not in chart.partition(">")[2]


def test_ids_are_unique_in_a_page_and_referenced() -> None:
    charts = [line_chart([Line("a", STABLE)], "epoch", title) for title in ("FID", "KID")]
    charts += [line_chart([Line("a", STABLE)], "epoch", "FID", size="narrow"), dot_chart([Dots("a", [1.0], 1.0)], "x")]
    found = [name for chart in charts for name in ids(chart)]
    assert len(found) == len(set(found)) >= len(charts)
    for chart in charts:
        assert set(ids(chart)) == set(re.findall(r'(?:url\(|href=")#(\w+)', chart))


def test_charts_are_deterministic_in_any_thread_and_keep_the_settings_of_matplotlib() -> None:
    def draw() -> str:
        rows = [Dots("a", [4.0], 4.0, Interval(3.0, 5.0))]
        return (
            line_chart([Line("$a$", STABLE)], "epoch", "FID") + dot_chart(rows, "FID") + str(learning_rate_chart(curve))
        )

    curve = synthetic_curve(0.01)
    expected, results = draw(), []
    with matplotlib.rc_context({"font.size": 30, "axes.grid": False, "lines.linewidth": 9, "svg.fonttype": "path"}):
        before = dict(matplotlib.rcParams)
        threads = [threading.Thread(target=lambda: results.append(draw())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert dict(matplotlib.rcParams) == before
    assert results == [expected] * 4


def dot(chart: str, label: str) -> ElementTree.Element:
    """The dot with this tooltip."""
    (group,) = (group for group in parse(chart).iter(f"{SVG}g") if group.findtext(f"{SVG}title") == label)
    (found,) = group.iter(f"{SVG}use")
    return found


def places(chart: str, label: str) -> tuple[float, float]:
    found = dot(chart, label)
    return float(found.get("x", "nan")), float(found.get("y", "nan"))


def test_scatter_chart_places_numbers_on_a_logarithmic_axis() -> None:
    points = [(10.0, 1.0), (100.0, 2.0), (1000.0, 3.0)]
    tooltips = [f"trial {number}" for number in range(3)]
    chart = scatter_chart([Points("finished", points, COLORS[0], tooltips=tooltips)], "weight", "PSNR", log=True)
    (x0, y0), (x1, y1), (x2, y2) = (places(chart, label) for label in tooltips)
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.1) != 0
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.1)
    assert y2 < y0  # higher values are further up
    assert {"10", "100", "1000", "weight", "PSNR"} <= set(texts(chart))


def test_scatter_chart_places_categories_in_their_order_and_draws_rings() -> None:
    dots = Points("finished", [("patch", 2.0), ("none", 1.0)], COLORS[0], tooltips=["a", "b"])
    rings = Points("ended early", [("patch", 3.0)], COLORS[1], hollow=True, tooltips=["c"])
    chart = scatter_chart([rings, dots], "discriminator", "distance", categories=["none", "patch"])
    assert places(chart, "b")[0] < places(chart, "a")[0] == places(chart, "c")[0]
    assert {"none", "patch", "finished", "ended early"} <= set(texts(chart))
    assert style(dot(chart, "c"))["fill-opacity"] == "0"
    assert style(dot(chart, "a")).get("fill-opacity", "1") == "1"
    small = scatter_chart([rings, dots], "discriminator", "distance", categories=["none", "patch"], size="small")
    assert "finished" not in texts(small)  # no legend


def test_scatter_chart_says_how_many_points_are_beyond_it() -> None:
    points = [(float(number), 1.0 + 0.1 * number) for number in range(8)]
    chart = scatter_chart([Points("finished", [*points, (8.0, 1e6)], COLORS[0])], "trial", "FD", steps=points)
    assert "trial (1 of the points is beyond the chart)" in texts(chart)
    assert "beyond" not in " ".join(texts(scatter_chart([Points("finished", points, COLORS[0])], "trial", "FD")))
    assert texts(scatter_chart([], "trial", "FD"))


def test_responsive_chart_has_two_layouts() -> None:
    chart = ResponsiveChart.draw(lambda size: dot_chart([Dots("a", [1.0], 1.0)], "FID", size=size))
    widths = [float(parse(layout).get("viewBox", "").split()[2]) for layout in (chart.wide, chart.narrow)]
    assert widths == [760, 360]


@pytest.mark.parametrize(
    "curve", [synthetic_curve(0.01), LRCurve((1e-3, 1e-2), (1.0, 1.0), (1.0, 1.0))], ids=["typical", "flat"]
)
def test_learning_rate_chart_marks_the_suggestion(curve: LRCurve) -> None:
    content = learning_rate_chart(curve, "a $run$")
    image = np.array(Image.open(io.BytesIO(content)).convert("RGB"))
    assert image.shape == (540, 900, 3)
    mark = np.abs(image.astype(int) - (0xD9, 0x62, 0x2B)).sum(axis=2) < 40
    columns = np.flatnonzero(mark.sum(axis=0) > 300)
    assert 1 <= len(columns) <= 4
    dark = (image < 250).all(axis=2)
    row = np.flatnonzero(dark[dark.sum(axis=1).argmax()])  # a line of the grid, with its label at the left
    left, right = row[np.flatnonzero(np.diff(row) > 1).max(initial=-1) + 1], row[-1]
    fraction = math.log(curve.suggestion / curve.lrs[0]) / math.log(curve.lrs[-1] / curve.lrs[0])
    assert columns.mean() == pytest.approx(left + fraction * (right - left), abs=3)


@pytest.mark.parametrize(
    "command", [["--help"], ["colorize", "--help"], ["colorize", "missing.jpg", "--out", "out.png"]]
)
def test_commands_that_draw_nothing_do_not_import_matplotlib(command: list[str]) -> None:
    script = (
        "import sys; from colorgan.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "sys.exit('matplotlib' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", script, *command], capture_output=True, check=False, cwd="/")
    assert result.returncode == 0, result.stderr.decode()
