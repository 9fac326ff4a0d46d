"""The grids that ship: what they hold, and that `fit` understands every configuration in them."""

from pathlib import Path

import pytest

from colorgan.benchmark.plan import Grid, Variant, read_grid

CONFIGS = Path(__file__).parents[2] / "configs"
GRIDS = {file.stem: read_grid(file) for file in sorted((CONFIGS / "benchmarks").glob("*.yaml"))}
VARIANTS = [(name, variant) for name, grid in GRIDS.items() for variant in grid.variants]


def published(grid: Grid, group: str) -> dict[str, float | None]:
    return {variant.name: variant.published for variant in grid.variants if variant.group == group}


def test_the_published_comparison_is_whole() -> None:
    grid = GRIDS["flowers"]
    assert published(grid, "no-gan") == {"no-gan": 87.99}
    assert list(published(grid, "bce").values()) == [68.78, 55.38, 59.8, 64.45, 68.42, 92.19, 62.7, 59.67, 54.73]
    assert list(published(grid, "wasserstein").values()) == [71.78, 75.19, 66.23, 52.77]
    assert published(grid, "l1-weight")["l1-weight-512"] == 54.2
    assert published(grid, "final") == {"final": 39.51}
    assert grid.published.protocol.startswith("another protocol")


def test_published_weights_are_halved() -> None:
    for variant in GRIDS["flowers"].variants:
        if variant.group == "l1-weight":
            assert variant.overlays[-1].content["model"]["reconstruction_weight"] == float(variant.parts["run"]) / 2


def test_the_small_grid_has_at_least_eight_runs() -> None:
    assert len(GRIDS["flowers_small"].runs()) >= 8


def parsed(variant: Variant, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    from colorgan.cli import main

    words = []
    for number, overlay in enumerate(variant.overlays):
        file = folder / f"{number}.yaml"
        file.write_text(overlay.text)
        words += ["--config", str(file)]
    with pytest.raises(SystemExit) as stopped:
        main(["fit", *words, "--print_config"])
    captured = capsys.readouterr()
    assert stopped.value.code == 0, captured.err
    return captured.out


@pytest.mark.slow
@pytest.mark.parametrize(("grid", "variant"), VARIANTS, ids=[f"{name}/{variant.name}" for name, variant in VARIANTS])
def test_fit_understands_every_configuration(
    grid: str, variant: Variant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "class_path: colorgan.gan" not in parsed(variant, tmp_path, capsys)


def test_fit_understands_the_last_of_each_group(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    last = {variant.group: variant for variant in GRIDS["flowers_small"].variants}
    for variant in last.values():
        text = parsed(variant, tmp_path, capsys)
        assert "max_epochs: 8" in text
        assert "width: 8" in text
