from collections.abc import Callable
from pathlib import Path

import pytest

from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.plan import read_grid, select

WriteGrid = Callable[..., Path]


def test_axes_are_multiplied_with_the_last_varying_fastest(write_grid: WriteGrid) -> None:
    grid = read_grid(write_grid())
    assert [variant.name for variant in grid.variants] == [
        "alone",
        "pairs-patch-rgb",
        "pairs-patch-lab",
        "pairs-unet-rgb",
        "pairs-unet-lab",
    ]
    assert grid.variants[2].parts == {"judge": "patch", "color": "lab"}
    assert [overlay.content for overlay in grid.variants[2].overlays] == [{"epochs": 2}, {"level": 50.0}, {"epochs": 3}]


def test_first_seeds_come_first(write_grid: WriteGrid) -> None:
    names = [run.name for run in read_grid(write_grid()).runs()]
    assert len(names) == len(set(names)) == 10
    assert names[0] == "alone-seed1"
    assert [name.rpartition("-")[2] for name in names] == ["seed1"] * 5 + ["seed2"] * 5


def test_a_group_may_have_its_own_seeds(write_grid: WriteGrid) -> None:
    grid = read_grid(write_grid(groups={"a": {"seeds": [7]}, "b": {"runs": {"one": None, "two": {"epochs": 1}}}}))
    assert [run.name for run in grid.runs()] == ["a-seed7", "b-one-seed1", "b-two-seed1", "b-one-seed2", "b-two-seed2"]


def test_published_figures_stand_with_their_runs(write_grid: WriteGrid) -> None:
    grid = read_grid(write_grid())
    assert {v.name: v.published for v in grid.variants if v.published} == {"alone": 87.99, "pairs-patch-rgb": 55.38}
    assert grid.published.protocol == "another protocol: 164 photos"


def test_overlay_files_are_relative_to_the_grid_and_kept_as_written(write_grid: WriteGrid, tmp_path: Path) -> None:
    (tmp_path / "color").mkdir()
    (tmp_path / "color" / "lab.yaml").write_text("# why\nmodel:\n  color_space: Lab\n")
    grid = read_grid(write_grid(base=["color/lab.yaml", {"data": {"size": 64}}]))
    first, second = grid.variants[0].overlays[:2]
    assert first.name == "lab"
    assert first.text.startswith("# why")
    assert second.content == {"data": {"size": 64}}


def test_the_digest_is_of_what_decides(write_grid: WriteGrid, tmp_path: Path) -> None:
    overlay = tmp_path / "overlay.yaml"

    def digest(text: str, *options: str) -> str:
        overlay.write_text(text)
        return read_grid(write_grid(base=["overlay.yaml"])).runs(options)[0].digest

    plain = digest("a: 1\nb: 2\n")
    assert digest("# a comment\nb: 2\na: 1\n") == plain
    assert digest("a: 1\nb: 3\n") != plain
    assert digest("a: 1\nb: 2\n", "--data.root=x") != plain


def test_the_seed_goes_where_the_grid_says(write_grid: WriteGrid) -> None:
    run = read_grid(write_grid(also_seeded=["data.seed"])).runs()[-1]
    assert run.arguments[:2] == ["--seed_everything=2", "--data.seed=2"]
    assert run.digest != read_grid(write_grid()).runs()[-1].digest


def test_arguments_carry_the_seed_and_end_with_the_options(write_grid: WriteGrid) -> None:
    run = read_grid(write_grid()).runs(["--data.root=photos"])[0]
    assert run.arguments == ["--seed_everything=1", "--trainer.enable_progress_bar=false", "--data.root=photos"]


@pytest.mark.parametrize(
    ("patterns", "count"), [([], 10), (["pairs-*"], 8), (["*-seed1"], 5), (["alone"], 2), (["alone", "*-lab-seed2"], 4)]
)
def test_selection(write_grid: WriteGrid, patterns: list[str], count: int) -> None:
    assert len(select(read_grid(write_grid()).runs(), patterns)) == count


def test_a_pattern_without_a_run_is_refused_with_the_nearest_name(write_grid: WriteGrid) -> None:
    with pytest.raises(ColorganError, match="did you mean 'pairs-unet-rgb'"):
        select(read_grid(write_grid()).runs(), ["pairs-unet-rbg"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"grups": {}}, "grups is not expected; did you mean 'groups'"),
        ({"groups": {}}, "groups is empty"),
        ({"groups": {"a": {"axis": {}}}}, r"groups\.a\.axis is not expected; did you mean 'axes'"),
        ({"groups": {"a b": {}}}, "'a b' is no name for a folder"),
        ({"groups": {"a": {"axes": {"x": {"../y": None}}}}}, "no name for a folder"),
        ({"groups": {"a": {"axes": {"x": {"y": None}}, "runs": {"z": None}}}}, "both axes and runs"),
        ({"groups": {"a": {"runs": {"b": "missing.yaml"}}}}, r"groups\.a\.runs\.b.*missing\.yaml cannot be read"),
        ({"groups": {"a": {"runs": {"b": 3}}}}, r"groups\.a\.runs\.b is 3; an overlay is"),
        ({"groups": {"a": {"runs": {"b": None}, "published": {"c": 1.0}}}}, "names 'c', which is no run of the group"),
        ({"groups": {"a": {"published": "low"}}}, "must be a number, received 'low'"),
        ({"groups": {"a": {"runs": {"b-c": None}}, "a-b": {"runs": {"c": None}}}}, "two runs are called 'a-b-c'"),
        ({"seeds": [1, 1]}, "seeds must be different integers"),
        ({"seeds": []}, "seeds must be different integers"),
        ({"seeds": ["x"]}, "seeds must be different integers"),
        ({"also_seeded": "data.seed"}, "must be a list of arguments such as data.seed"),
        ({"metrics": {}}, "metrics is empty"),
        ({"metrics": {"val/fid": {"better": "less"}}}, "better must be lower, higher or neither, received 'less'"),
        ({"published": {"protcol": "x"}}, "did you mean 'protocol'"),
        ({"base": [["x.yaml"], 4]}, "x.yaml cannot be read"),
    ],
)
def test_bad_grids_are_refused_in_one_sentence(write_grid: WriteGrid, changes: dict[str, object], message: str) -> None:
    file = write_grid(**changes)
    with pytest.raises(ColorganError, match=message) as caught:
        read_grid(file)
    assert str(file.parent) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_not_yaml_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "grid.yaml"
    file.write_text("title: [unclosed\n")
    with pytest.raises(ColorganError, match="grid.yaml is not YAML") as caught:
        read_grid(file)
    assert "\n" not in str(caught.value)
    file.write_text("- a list\n")
    with pytest.raises(ColorganError, match="must be a mapping"):
        read_grid(file)
    with pytest.raises(ColorganError, match="cannot be read"):
        read_grid(tmp_path / "none.yaml")
    with pytest.raises(ColorganError, match="cannot be read"):
        read_grid(tmp_path)
