import dataclasses
from typing import Any

import pytest

from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.grid import Grid, Group, Overlay, Published, Run, Variant, select_runs


def overlay(name: str = "a", text: str = "", **content: Any) -> Overlay:
    return Overlay(name, text, content)


def variant(name: str, seeds: tuple[int, ...] = (1, 2), *overlays: Overlay, command: str = "") -> Variant:
    return Variant(name, "group", {}, overlays, seeds, command=command)


def grid_of(*variants: Variant) -> Grid:
    return Grid("grid", "", "", (), Published(), ("data.seed",), (Group("group", "", "", variants),))


def test_first_seeds_come_before_second_ones() -> None:
    runs = grid_of(variant("a", (1, 2, 3)), variant("b", (1,)), variant("c", (5, 6))).runs(["--data.root=photos"])
    assert [run.name for run in runs] == ["a-seed1", "b-seed1", "c-seed5", "a-seed2", "c-seed6", "a-seed3"]
    assert runs[2].arguments == [
        "--seed_everything=5",
        "--data.seed=5",
        "--trainer.enable_progress_bar=false",
        "--data.root=photos",
    ]


def test_digest_depends_on_what_affects_the_outcome_only() -> None:
    base = Run(variant("a", (1,), overlay(width=4, depth=2)), 1)
    same = [
        Run(variant("b", (1, 2), overlay("other name", "# a comment", depth=2, width=4)), 1),
        dataclasses.replace(base),
    ]
    others = [
        dataclasses.replace(base, seed=2),
        dataclasses.replace(base, options=("--data.size=64",)),
        dataclasses.replace(base, seed_arguments=("data.seed",)),
        Run(variant("a", (1,), overlay(width=4, depth=3)), 1),
        Run(variant("a", (1,), overlay(width=4), overlay(depth=2)), 1),
        Run(variant("a", (1,), overlay(width=4, depth=2), command="chroma"), 1),
    ]
    assert {run.digest for run in same} == {base.digest}
    assert len({base.digest, *(run.digest for run in others)}) == 1 + len(others)


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        ([], ["bce-rgb-seed1", "bce-lab-seed1", "hinge-seed1", "bce-rgb-seed2", "bce-lab-seed2", "hinge-seed2"]),
        (["bce-*-seed2"], ["bce-rgb-seed2", "bce-lab-seed2"]),
        (["hinge"], ["hinge-seed1", "hinge-seed2"]),
        (["*-seed1", "hinge"], ["bce-rgb-seed1", "bce-lab-seed1", "hinge-seed1", "hinge-seed2"]),
        (["bce-[rx]gb-seed1"], ["bce-rgb-seed1"]),
    ],
)
def test_selected_runs(patterns: list[str], names: list[str]) -> None:
    runs = grid_of(variant("bce-rgb"), variant("bce-lab"), variant("hinge")).runs()
    assert [run.name for run in select_runs(runs, patterns)] == names


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("hing", "--only 'hing' matches no run of the grid; did you mean 'hinge'"),
        ("HINGE", "matches no run"),
        ("xyz*", "matches no run of the grid; valid names are bce, hinge"),
    ],
)
def test_pattern_without_a_match_is_refused(pattern: str, message: str) -> None:
    runs = grid_of(variant("bce"), variant("hinge")).runs()
    with pytest.raises(ColorganError, match=message.replace("*", r"\*")):
        select_runs(runs, ["bce", pattern])


def using(text: str) -> Overlay:
    return overlay(text=f"source: ${{runs}}/{text}/checkpoints/best.ckpt\n")


def test_runs_whose_files_others_use_come_first() -> None:
    runs = grid_of(variant("informed", (1, 2), using("regressor-seed${seed}")), variant("regressor")).runs()
    assert [run.name for run in runs] == ["regressor-seed1", "informed-seed1", "regressor-seed2", "informed-seed2"]
    assert [run.name for run in select_runs(runs, ["informed-seed2"])] == ["regressor-seed2", "informed-seed2"]
    text = runs[3].text_of(runs[3].variant.overlays[0], "/out/runs")
    assert text == "source: /out/runs/regressor-seed2/checkpoints/best.ckpt\n"


def test_runs_that_cannot_be_ordered_are_refused() -> None:
    with pytest.raises(ColorganError, match="a-seed1 uses files of b-seed1, which is not a run of the grid"):
        grid_of(variant("a", (1,), using("b-seed1"))).runs()
    with pytest.raises(ColorganError, match="a-seed1 needs b-seed1 needs a-seed1, and none of them"):
        grid_of(variant("a", (1,), using("b-seed1")), variant("b", (1,), using("a-seed1"))).runs()
