from collections.abc import Callable
from pathlib import Path

import pytest

from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.grid import select_runs
from colorgan.evaluation.benchmark.grid_file import read_grid

WriteGrid = Callable[..., Path]


def test_last_axis_varies_fastest(write_grid: WriteGrid) -> None:
    grid = read_grid(write_grid())
    assert [variant.name for variant in grid.variants] == [
        "alone",
        "pairs-patch-rgb",
        "pairs-patch-lab",
        "pairs-unet-rgb",
        "pairs-unet-lab",
    ]
    assert grid.variants[2].parts == {"discriminator": "patch", "color": "lab"}
    assert [overlay.content for overlay in grid.variants[2].overlays] == [{"epochs": 2}, {"level": 50.0}, {"epochs": 3}]


def test_first_seeds_of_all_variants_come_first(write_grid: WriteGrid) -> None:
    names = [run.name for run in read_grid(write_grid()).runs()]
    assert len(names) == len(set(names)) == 10
    assert names[0] == "alone-seed1"
    assert [name.rpartition("-")[2] for name in names] == ["seed1"] * 5 + ["seed2"] * 5


def test_group_can_override_seeds(write_grid: WriteGrid) -> None:
    grid = read_grid(write_grid(groups={"a": {"seeds": [7]}, "b": {"runs": {"one": None, "two": {"epochs": 1}}}}))
    assert [run.name for run in grid.runs()] == ["a-seed7", "b-one-seed1", "b-two-seed1", "b-one-seed2", "b-two-seed2"]


def test_group_can_override_the_seeds_of_some_runs(write_grid: WriteGrid) -> None:
    runs = {"one": None, "two": {"epochs": 1}}
    grid = read_grid(write_grid(groups={"b": {"runs": runs, "seeds": {"two": [3, 4, 5]}}}))
    assert [(variant.name, variant.seeds) for variant in grid.variants] == [("b-one", (1, 2)), ("b-two", (3, 4, 5))]


def test_published_results_belong_to_their_variants(write_grid: WriteGrid) -> None:
    grid = read_grid(write_grid())
    assert {v.name: v.published for v in grid.variants if v.published} == {"alone": 87.99, "pairs-patch-rgb": 55.38}
    assert grid.published.protocol == "another protocol: 164 photos"


def test_overlay_files_are_relative_to_the_grid_and_keep_comments(write_grid: WriteGrid, tmp_path: Path) -> None:
    (tmp_path / "color").mkdir()
    (tmp_path / "color" / "lab.yaml").write_text("# why\nmodel:\n  color_space: Lab\n")
    grid = read_grid(write_grid(base=["color/lab.yaml", {"data": {"size": 64}}]))
    first, second = grid.variants[0].overlays[:2]
    assert first.name == "lab"
    assert first.text.startswith("# why")
    assert second.content == {"data": {"size": 64}}


def test_digest_ignores_comments_and_order_of_keys(write_grid: WriteGrid, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.yaml"

    def digest(text: str, *options: str) -> str:
        overlay.write_text(text)
        return read_grid(write_grid(base=["overlay.yaml"])).runs(options)[0].digest

    plain = digest("a: 1\nb: 2\n")
    assert digest("# a comment\nb: 2\na: 1\n") == plain
    assert digest("a: 1\nb: 3\n") != plain
    assert digest("a: 1\nb: 2\n", "--data.root=x") != plain


def test_seed_arguments_receive_the_seed(write_grid: WriteGrid) -> None:
    run = read_grid(write_grid(seed_arguments=["data.seed"])).runs()[-1]
    assert run.arguments[:2] == ["--seed_everything=2", "--data.seed=2"]
    assert run.digest != read_grid(write_grid()).runs()[-1].digest


def test_options_follow_the_seed(write_grid: WriteGrid) -> None:
    run = read_grid(write_grid()).runs(["--data.root=photos"])[0]
    assert run.arguments == ["--seed_everything=1", "--trainer.enable_progress_bar=false", "--data.root=photos"]


def test_charts_are_lists_of_metrics(write_grid: WriteGrid) -> None:
    grid = read_grid(write_grid(charts={"Loss": ["train/l1", "val/l1"], "One": "val/psnr"}))
    assert grid.charts == {"Loss": ("train/l1", "val/l1"), "One": ("val/psnr",)}
    assert read_grid(write_grid()).charts == {}
    for wrong in ([], ["l1"], 3):
        with pytest.raises(ColorganError, match=r"small.yaml: charts.Loss must be a list of metrics such as train/l1"):
            read_grid(write_grid(charts={"Loss": wrong}))


@pytest.mark.parametrize(
    ("patterns", "count"), [([], 10), (["pairs-*"], 8), (["*-seed1"], 5), (["alone"], 2), (["alone", "*-lab-seed2"], 4)]
)
def test_select_runs(write_grid: WriteGrid, patterns: list[str], count: int) -> None:
    assert len(select_runs(read_grid(write_grid()).runs(), patterns)) == count


def test_unknown_pattern_suggests_the_closest_name(write_grid: WriteGrid) -> None:
    with pytest.raises(ColorganError, match="did you mean 'pairs-unet-rgb'"):
        select_runs(read_grid(write_grid()).runs(), ["pairs-unet-rbg"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"grups": {}}, "grups is not a known key; did you mean 'groups'"),
        ({"groups": {}}, "groups is empty"),
        ({"groups": {"a": {"axis": {}}}}, r"groups\.a\.axis is not a known key; did you mean 'axes'"),
        ({"groups": {"a b": {}}}, "'a b' cannot be the name of a folder"),
        ({"groups": {"a": {"axes": {"x": {"../y": None}}}}}, "cannot be the name of a folder"),
        ({"groups": {"a": {"axes": {"x": {"y": None}}, "runs": {"z": None}}}}, "both axes and runs"),
        ({"groups": {"a": {"runs": {"b": "missing.yaml"}}}}, r"groups\.a\.runs\.b.*missing\.yaml cannot be read"),
        ({"groups": {"a": {"runs": {"b": 3}}}}, r"groups\.a\.runs\.b is 3; an overlay is"),
        (
            {"groups": {"a": {"runs": {"b": None}, "published": {"c": 1.0}}}},
            "names 'c', which is not a run",
        ),
        ({"groups": {"a": {"published": "low"}}}, "must be a number; received 'low'"),
        ({"groups": {"a": {"runs": {"b-c": None}}, "a-b": {"runs": {"c": None}}}}, "two runs have the name 'a-b-c'"),
        ({"groups": {"a": {"seeds": {"c": [1]}, "runs": {"b": None}}}}, "names 'c', which is not a run of the group"),
        ({"groups": {"a": {"seeds": {"b": "x"}, "runs": {"b": None}}}}, r"seeds\.b must be different integers"),
        ({"groups": {"a": {"baseline": "nobody"}}}, "names 'nobody', which is not a configuration of the grid"),
        ({"groups": {"a": {"baseline": 3}}}, r"groups\.a\.baseline must be the name of a configuration; received 3"),
        ({"groups": {"a": {"baseline": {"b": "a"}, "runs": {"c": None}}}}, "names 'b', which is not a run"),
        ({"sheet": {"cells": ["alnoe"]}}, r"sheet\.cells names 'alnoe'.*did you mean 'alone'"),
        ({"sheet": {"cells": []}}, r"sheet\.cells is empty"),
        ({"sheet": {"cells": {"alone": "gray"}}}, "different titles, none of them gray or reference"),
        ({"sheet": {"photos": 0, "cells": ["alone"]}}, r"sheet\.photos must be an integer from 1 to 100; received 0"),
        ({"sheet": {"rows": 1, "cells": ["alone"]}}, r"sheet\.rows is not a known key"),
        ({"seeds": [1, 1]}, "seeds must be different integers"),
        ({"seeds": []}, "seeds must be different integers"),
        ({"seeds": ["x"]}, "seeds must be different integers"),
        ({"seed_arguments": "data.seed"}, "must be a list of arguments such as data.seed"),
        ({"metrics": {}}, "metrics is empty"),
        ({"metrics": {"val/fid": {"better": "less"}}}, "better must be lower, higher or neither; received 'less'"),
        ({"metrics": {"val/fid": {"better": ["lower"]}}}, "better must be lower, higher or neither"),
        ({"metrics": {"val/size": {"better": "neither"}}}, "first metric, by which runs are compared"),
        ({"groups": {"a": {"command": "fit"}}}, "command must be chroma or be left out; received 'fit'"),
        ({"published": {"protcol": "x"}}, "did you mean 'protocol'"),
        ({"base": [["x.yaml"], 4]}, "x.yaml cannot be read"),
    ],
)
def test_invalid_grids_are_rejected(write_grid: WriteGrid, changes: dict[str, object], message: str) -> None:
    file = write_grid(**changes)
    with pytest.raises(ColorganError, match=message) as caught:
        read_grid(file)
    assert str(file.parent) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_metrics_take_names_and_directions_from_the_registry(write_grid: WriteGrid) -> None:
    keys = ["val/psnr", "val/fd_efficientnet_lite0", "val/colorfulness", "val/psnr_2x2_at_64_hints_5", "val/score"]
    listed, mapped = (read_grid(write_grid(metrics=metrics)).metrics for metrics in (keys, dict.fromkeys(keys)))
    assert listed == mapped
    assert [(metric.key, metric.title, metric.better) for metric in listed] == [
        ("val/psnr", "PSNR, dB", "higher"),
        ("val/fd_efficientnet_lite0", "FD efficientnet-lite0", "lower"),
        ("val/colorfulness", "CF", None),
        ("val/psnr_2x2_at_64_hints_5", "PSNR, 5 hints, dB", "higher"),
        ("val/score", "val/score", "lower"),  # unknown
    ]
    (named,) = read_grid(write_grid(metrics={"val/psnr": {"label": "mine", "better": "lower", "chart": True}})).metrics
    assert (named.title, named.better, named.chart) == ("mine", "lower", True)
    with pytest.raises(ColorganError, match=r"val/colorfulness is the first metric, .* must be lower or higher"):
        read_grid(write_grid(metrics=["val/colorfulness"]))
    with pytest.raises(ColorganError, match="metrics must be a mapping"):
        read_grid(write_grid(metrics=[["val/psnr"]]))


def test_invalid_yaml_is_rejected(tmp_path: Path) -> None:
    file = tmp_path / "grid.yaml"
    file.write_text("title: [unclosed\n")
    with pytest.raises(ColorganError, match="grid.yaml, line 2: a bracket is not closed") as caught:
        read_grid(file)
    assert "\n" not in str(caught.value)
    file.write_text("- a list\n")
    with pytest.raises(ColorganError, match="must be a mapping"):
        read_grid(file)
    with pytest.raises(ColorganError, match="cannot be read"):
        read_grid(tmp_path / "none.yaml")
    with pytest.raises(ColorganError, match=r"cannot be read \(it is a folder\); give a YAML file"):
        read_grid(tmp_path)


def test_without_metrics_a_network_that_teaches_nothing_judges(write_grid: WriteGrid) -> None:
    grid = read_grid(write_grid(metrics=None))
    assert [metric.key for metric in grid.metrics] == ["val/fd_efficientnet_lite2", "val/psnr"]
    judge = {"class_path": "FrechetDistance", "init_args": {"features": "efficientnet-lite2"}}
    for variant, named in zip(grid.variants, read_grid(write_grid()).variants, strict=True):
        assert {"trainer": {"callbacks+": [judge]}} in [overlay.content for overlay in variant.overlays]
        assert len(named.overlays) == len(variant.overlays) - 1
