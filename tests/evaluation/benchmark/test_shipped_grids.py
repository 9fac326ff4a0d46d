"""The shipped grids: their contents, and whether `fit` accepts every configuration."""

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

from colorgan.evaluation.benchmark.grid import Grid, Variant, select_runs
from colorgan.evaluation.benchmark.grid_file import read_grid
from colorgan.evaluation.benchmark.records import GridRunFolder
from colorgan.evaluation.benchmark.worker import Job
from colorgan.inference import checkpoint
from colorgan.inference.run_folder import VARIABLE
from tests.helpers import CONFIGS

GRIDS = {file.stem: read_grid(file) for file in sorted((CONFIGS / "benchmarks").glob("*.yaml"))}
VARIANTS = [(name, variant) for name, grid in GRIDS.items() for variant in grid.variants]


def published(grid: Grid, group: str) -> dict[str, float | None]:
    return {variant.name: variant.published for variant in grid.variants if variant.group == group}


def test_flowers_grid_has_all_published_results() -> None:
    grid = GRIDS["flowers"]
    assert published(grid, "no-gan") == {"no-gan": 87.99}
    assert list(published(grid, "bce").values()) == [68.78, 55.38, 59.8, 64.45, 68.42, 92.19, 62.7, 59.67, 54.73]
    assert list(published(grid, "wasserstein").values()) == [71.78, 75.19, 66.23, 52.77]
    assert published(grid, "l1-weight")["l1-weight-512"] == 54.2
    assert published(grid, "final") == {"final": 39.51}
    assert grid.published.protocol.startswith("another protocol")


def test_l1_weights_are_half_the_published_ones() -> None:
    weights = [variant.parts["run"] for variant in GRIDS["flowers"].variants if variant.group == "l1-weight"]
    assert weights == [str(2**power) for power in range(11)]  # 1 to 1024
    for variant in GRIDS["flowers"].variants:
        if variant.group == "l1-weight":
            assert variant.overlays[-1].content["model"]["reconstruction_weight"] == float(variant.parts["run"]) / 2


def test_small_flowers_grid_has_the_sixteen_published_configurations() -> None:
    results = {variant.published for variant in GRIDS["flowers_small"].variants}
    large = [variant for variant in GRIDS["flowers"].variants if variant.published is not None]
    assert results == {variant.published for variant in large}
    assert len(results) == len(GRIDS["flowers_small"].variants) == 16


def command_of(variant: Variant, folder: Path) -> list[str]:
    arguments = [*filter(None, [variant.command]), "fit"]
    for number, overlay in enumerate(variant.overlays):
        file = folder / f"{number}.yaml"
        file.write_text(overlay.text)
        arguments += ["--config", str(file)]
    return arguments


def parsed(variant: Variant, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    from colorgan.cli import main

    with pytest.raises(SystemExit) as stopped:
        main([*command_of(variant, folder), "--print_config"])
    captured = capsys.readouterr()
    assert stopped.value.code == 0, captured.err
    return captured.out


@pytest.mark.slow
@pytest.mark.parametrize(("grid", "variant"), VARIANTS, ids=[f"{name}/{variant.name}" for name, variant in VARIANTS])
def test_fit_accepts_every_configuration(
    grid: str, variant: Variant, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "class_path: colorgan.training.gan" not in parsed(variant, tmp_path, capsys)


def test_fit_accepts_the_last_configuration_of_each_group(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    last = {variant.group: variant for variant in GRIDS["flowers_small"].variants}
    for variant in last.values():
        text = parsed(variant, tmp_path, capsys)
        assert f"max_epochs: { {'no-gan': 40, 'final': 60}.get(variant.group, 20) }" in text
        assert "resize: squeeze" in text


def last_of_each_group() -> list[Any]:
    """The last variant of each group, which differs most from the base, in the grids that need a folder of photos."""
    names = (
        "landscapes_complexity",
        "landscapes_small",
        "cnn_study",
        "cnn_study_small",
        "hints_study",
        "transfer",
        "faces",
    )
    last = {(name, variant.group): variant for name in names for variant in GRIDS[name].variants}
    return [pytest.param(variant, id=f"{name}/{variant.name}") for (name, _), variant in last.items()]


def small(variant: Variant) -> list[str]:
    """Arguments that make a run small, offline, and independent of earlier runs."""
    models = [overlay.content.get("model", {}) for overlay in variant.overlays]
    generators = [model["generator"] for model in models if isinstance(model.get("generator"), dict)]
    classes = [generator["class_path"] for generator in generators if "class_path" in generator]
    arguments = ["--data.root=sample", "--data.batch_size=2", "--data.num_workers=0", "--trainer.accelerator=cpu"]
    arguments.append(f"--data.size={64 if classes[-1:] == ['EncoderDecoder'] else 32}")
    arguments += ["--model.init_from=null"] if any(model.get("init_from") for model in models) else []
    if any(generator.get("init_args", {}).get("weights") == "timm" for generator in generators):
        arguments.append("--model.generator.weights=null")
    has_regressor = any(generator.get("init_args", {}).get("regressor") for generator in generators)
    return [*arguments, *(["--model.generator.regressor=null"] if has_regressor else []), "--trainer.fast_dev_run=1"]


@pytest.mark.parametrize("variant", last_of_each_group())
def test_last_configuration_of_each_group_trains(variant: Variant, tmp_path: Path) -> None:
    from colorgan.cli import main

    assert main([*command_of(variant, tmp_path), *small(variant), f"--runs={tmp_path / 'runs'}"]) == 0


@pytest.mark.slow
@pytest.mark.parametrize(("grid", "variant"), VARIANTS, ids=[f"{name}/{variant.name}" for name, variant in VARIANTS])
def test_every_configuration_trains(grid: str, variant: Variant, tmp_path: Path) -> None:
    from colorgan.cli import main

    if grid.startswith("flowers"):
        pytest.skip("needs a download, or is tested elsewhere")
    assert main([*command_of(variant, tmp_path), *small(variant), f"--runs={tmp_path / 'runs'}"]) == 0


def test_regressor_of_the_faces_grid_is_trained_first_and_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As ``--only models-informed`` does it, in this process."""
    from colorgan.cli import main

    options = ["--data.root=sample", "--data.size=64", "--data.batch_size=2", "--data.num_workers=0"]
    options += ["--trainer.accelerator=cpu", "--trainer.max_epochs=1", "--trainer.limit_train_batches=1"]
    chosen = select_runs(GRIDS["faces"].runs([*options, "--trainer.limit_val_batches=1"]), ["models-informed"])
    assert [run.name for run in chosen] == ["regressor-seed1", "models-informed-seed1"]
    weights = []
    for run in chosen:
        job, folder = Job.of(run, tmp_path, ["colorgan", "fit"]), GridRunFolder(tmp_path, run.name)
        arguments = [*job.command[1:]]
        for name, text in job.overlays:
            (tmp_path / f"{name}.yaml").write_text(text)
            arguments += ["--config", str(tmp_path / f"{name}.yaml")]
        monkeypatch.setenv(VARIABLE, str(folder.path))
        assert main([*arguments, *job.arguments]) == 0
        weights.append(checkpoint.read(folder.last_checkpoint)["state_dict"])
    regressor, informed = weights
    assert len(regressor) > 10
    for name, tensor in regressor.items():
        assert torch.equal(informed[f"colorizer.generator.chroma.{name}"], tensor), name


def test_cnn_study_has_all_published_results() -> None:
    for name in ("cnn_study", "cnn_study_small"):
        grid = GRIDS[name]
        results = published(grid, "one-factor")
        assert list(results.values()) == [0.712, 0.71619, 0.70657, 0.72307, 0.755, None, None, None, None, None]
        assert list(results)[5:] == [f"one-factor-{row}" for row in ("lr-0.0007", "lr-0.0001", *CNN_LAYERS)]
        assert list(published(grid, "combined").values()) == [0.756, 0.640, 0.75830, 0.76582, 0.76142]


CNN_LAYERS = ("batch-norm", "tanh", "batch-norm-tanh")


def test_hints_study_has_the_published_losses_and_trains_the_smaller_size_first() -> None:
    grid = GRIDS["hints_study"]
    results = {name: loss for group in grid.groups for name, loss in published(grid, group.name).items() if loss}
    assert results == {"rgb-128-resnet50": 0.0602, "lab-256-resnet34": 0.0430, "lab-256-resnet50": 0.0417}
    names = [run.name for run in grid.runs()]
    for run in grid.runs():
        if run.variant.group == "lab-256":
            (first,) = run.needs
            assert first == run.name.replace("256", "128")
            assert names.index(first) < names.index(run.name)


def test_landscapes_grid_has_all_configurations() -> None:
    names = [variant.name for variant in GRIDS["landscapes_complexity"].variants]
    widths = (16, 24, 30, 38, 46, 52, 72)
    assert {f"complexity-{width}-d4" for width in widths} | {f"beyond-{width}-d16" for width in widths} < {*names}
    assert {"factor-0", "factor-0.1", "factor-0.9", "selected"} < {*names}
    for name in ("landscapes_complexity", "landscapes_small"):
        for variant in GRIDS[name].variants:
            if variant.group == "factor":
                model = variant.overlays[-1].content["model"]
                factor = float(variant.parts["run"])
                weights = (model["reconstruction_weight"], model["adversarial_weight"])
                assert weights == pytest.approx((1 - factor, factor))


def test_the_study_of_landscapes_trains_as_published(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    variants = {variant.name: variant for variant in GRIDS["landscapes_complexity"].variants}
    rows = {"complexity-16-d4": (7e-6, 14, 16, 4), "factor-0.9": (7e-6, 14, 46, 16), "selected": (7e-5, 60, 72, 16)}
    for name, (rate, epochs, generator, discriminator) in rows.items():
        config = yaml.safe_load(parsed(variants[name], tmp_path, capsys))
        model = config["model"]
        assert model["generator"]["init_args"]["width"] == generator
        assert model["discriminator"]["init_args"]["width"] == discriminator
        rates = [model[f"{network}_optimizer"]["init_args"]["lr"] for network in ("generator", "discriminator")]
        assert [*rates, config["trainer"]["max_epochs"]] == [rate, rate, epochs]
        assert config["data"]["init_args"]["resize"] == "squeeze"


def test_adversaries_are_compared_at_equal_time() -> None:
    grid = GRIDS["adversary"]
    for variant in grid.variants:
        trainers = [overlay.content["trainer"] for overlay in variant.overlays if "trainer" in overlay.content]
        assert [trainer["max_epochs"] for trainer in trainers][1:] == [-1]  # after base.yaml
        (budget,) = [part for part in trainers[-1]["callbacks"] if part["class_path"] == "TimeBudget"]
        assert budget["init_args"]["clock"] == "processor"
    assert {v.name for v in grid.variants if v.group == "published"} == {
        "published-conv-linear",
        "published-patch",
        "published-unet",
    }
    assert {variant.baseline for variant in grid.variants} == {"", "none", "query-none", "quantized-none"}
    assert len(grid.variants[0].seeds) == 3
    assert grid.sheet is not None
