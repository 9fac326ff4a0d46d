"""Parses and runs every configuration file in configs/."""

import itertools
from pathlib import Path

import pytest
import torch
import yaml

from colorgan.cli import main
from colorgan.cli.trainer import train
from tests.helpers import CONFIGS

COMPLETE = [CONFIGS / "base.yaml", CONFIGS / "quickstart.yaml", CONFIGS / "small.yaml"]
RECIPES = sorted((CONFIGS / "recipes").glob("*.yaml"))
OVERLAYS = sorted(
    file
    for folder in CONFIGS.iterdir()
    if folder.name not in ("recipes", "benchmarks", "spaces", "sweeps")
    for file in folder.glob("*.yaml")
)
SMALL = ["--data.size=32", "--data.batch_size=2", "--data.num_workers=0", "--trainer.accelerator=cpu"]
"""Options that make a run fast without changing what the configuration is about."""
NEEDS_GPUS = ("gpu", "gpu_8gb_512px", "laptop_8gb", "mps", "multi_gpu", "slurm")


def name_of(file: Path) -> str:
    return str(file.relative_to(CONFIGS).with_suffix(""))


def run(tmp_path: Path, *files: Path, extra: tuple[str, ...] = ()) -> int:
    configs = [arg for file in files for arg in ("-c", str(file))]
    return main(["fit", *configs, *SMALL, "--trainer.fast_dev_run=1", f"--runs={tmp_path}", *extra])


@pytest.mark.parametrize("file", COMPLETE, ids=name_of)
def test_complete_configurations_run(file: Path, tmp_path: Path) -> None:
    assert run(tmp_path, file) == 0
    assert not list(tmp_path.rglob("*.*"))  # fast_dev_run writes nothing


def offline_options(file: Path) -> list[str]:
    """Options that replace downloads, checkpoints of earlier runs, and weights of other folders."""
    contents = yaml.safe_load(file.read_text())
    model, photos = contents.get("model", {}), contents.get("data", {}).get("class_path", "Photos")
    options = [] if photos == "Photos" else ["--data=Photos", "--data.root=sample"]
    if contents.get("data", {}).get("weights"):
        options.append("--data.weights=null")
    if model.get("init_from"):
        options.append("--model.init_from=null")
    generator = model.get("generator") if isinstance(model.get("generator"), dict) else {}
    if generator.get("init_args", {}).get("weights") == "timm":
        options.append("--model.generator.weights=null")
    if generator.get("init_args", {}).get("regressor"):
        options.append("--model.generator.regressor=null")
    if generator.get("class_path") == "EncoderDecoder":
        options.append("--data.size=64")  # downsampled six times
    return options


@pytest.mark.parametrize("file", RECIPES, ids=name_of)
def test_recipes_run_on_the_base_configuration(file: Path, tmp_path: Path) -> None:
    size = ["--data.size=256"] if file.stem in ("pix2pix", "multi_resolution") else []
    width = ["--model.generator.width=8"] if size else []
    if file.stem == "flowers_unet":
        width = ["--model.generator.width=8", "--model.discriminator.width=8"]
    assert run(tmp_path, CONFIGS / "base.yaml", file, extra=(*offline_options(file), *size, *width)) == 0


@pytest.mark.parametrize("file", OVERLAYS, ids=name_of)
def test_overlays_run_on_the_base_configuration(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    extra: list[str] = ["--model.generator.width=4", *offline_options(file)]
    if file == CONFIGS / "generator" / "pix2pix.yaml":
        extra.append("--data.size=256")
    if file.stem in NEEDS_GPUS:
        extra += ["--trainer.devices=1", "--trainer.strategy=auto"]
        if file.stem == "slurm":
            extra.append("--trainer.num_nodes=1")
    assert run(tmp_path, CONFIGS / "base.yaml", file, extra=tuple(extra)) == 0


@pytest.mark.parametrize("file", OVERLAYS, ids=name_of)
def test_overlays_are_short(file: Path) -> None:
    lines = [line for line in file.read_text().splitlines() if line.strip() and not line.strip().startswith("#")]
    assert len(lines) <= 20
    assert set(yaml.safe_load(file.read_text())) <= {"model", "trainer", "data"}


def test_configurations_contain_no_channel_counts() -> None:
    for file in CONFIGS.rglob("*.yaml"):
        assert "channels:" not in file.read_text(), file


def test_gradient_penalty_runs_with_every_discriminator(tmp_path: Path) -> None:
    for name in ("conv_linear", "multi_scale", "patch", "pix2pix_patch", "unet"):
        files = [
            CONFIGS / "base.yaml",
            CONFIGS / "discriminator" / f"{name}.yaml",
            CONFIGS / "loss" / "wasserstein_gp.yaml",
        ]
        width = "discriminator.discriminator" if name == "multi_scale" else "discriminator"
        extra = ["--model.generator.width=4", f"--model.{width}.width=4"]
        assert run(tmp_path, *files, extra=tuple(extra)) == 0


AXES = [sorted((CONFIGS / name).glob("*.yaml")) for name in ("color", "discriminator", "loss")]


def is_possible(files: tuple[Path, ...]) -> bool:
    """Some losses need a discriminator."""
    _, discriminator, loss = files
    return discriminator.stem != "none" or loss.stem not in ("feature_matching", "r1", "relativistic")


COMBINATIONS = [files for files in itertools.product(*AXES) if is_possible(files)]
SAMPLE = [files for _, *files in zip(range(14), *map(itertools.cycle, AXES), strict=False) if is_possible(files)]
"""A few in which every file occurs; tests/training/test_gan.py trains all combinations built in Python."""


def check_two_batches(tmp_path: Path, files: tuple[Path, ...]) -> None:
    color, discriminator, loss = files
    # The overlay of the penalty sets a discriminator argument, so it comes before an overlay without discriminator.
    overlays = [color, loss, discriminator] if discriminator.stem == "none" else [color, discriminator, loss]
    configs = [arg for file in (CONFIGS / "base.yaml", *overlays) for arg in ("-c", str(file))]
    extra = ["--model.generator.width=4", f"--runs={tmp_path}", "--trainer.enable_model_summary=false"]
    if discriminator.stem == "projected" and loss.stem in ("r1", "relativistic", "wasserstein_gp"):
        extra.append("--model.discriminator.norm=none")
    command = train(["fit", *configs, *SMALL, "--trainer.fast_dev_run=2", *extra])
    metrics = command.trainer.callback_metrics
    assert ("train/discriminator" in metrics) == (discriminator.stem != "none")
    assert all(torch.isfinite(value) for value in metrics.values()), (files, metrics)


def test_sample_has_every_file() -> None:
    assert set(itertools.chain(*SAMPLE)) == set(itertools.chain(*AXES))


@pytest.mark.parametrize("files", SAMPLE, ids=lambda files: "-".join(file.stem for file in files))
def test_sample_of_color_discriminator_and_loss_combinations(files: tuple[Path, ...], tmp_path: Path) -> None:
    check_two_batches(tmp_path, files)


@pytest.mark.slow
@pytest.mark.parametrize("files", COMBINATIONS, ids=lambda files: "-".join(file.stem for file in files))
def test_all_color_discriminator_and_loss_combinations(files: tuple[Path, ...], tmp_path: Path) -> None:
    check_two_batches(tmp_path, files)
