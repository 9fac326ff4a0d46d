"""Every YAML that ships is found, parsed and run for a batch of each kind."""

import itertools
from pathlib import Path

import pytest
import torch
import yaml

from colorgan.cli import main
from colorgan.cli.trainer import train
from tests.helpers import CONFIGS

WHOLE = [CONFIGS / "base.yaml", CONFIGS / "quickstart.yaml"]
RECIPES = sorted((CONFIGS / "recipes").glob("*.yaml"))
OVERLAYS = sorted(
    file
    for folder in CONFIGS.iterdir()
    if folder.name not in ("recipes", "benchmarks")
    for file in folder.glob("*.yaml")
)
SMALL = ["--data.size=32", "--data.batch_size=2", "--data.num_workers=0", "--trainer.accelerator=cpu"]
"""What makes a run small without touching what the file is about."""
NEEDS_GPUS = ("laptop_8gb", "multi_gpu", "slurm")


def name_of(file: Path) -> str:
    return str(file.relative_to(CONFIGS).with_suffix(""))


def run(tmp_path: Path, *files: Path, extra: tuple[str, ...] = ()) -> int:
    layers = [word for file in files for word in ("-c", str(file))]
    return main(["fit", *layers, *SMALL, "--trainer.fast_dev_run=1", f"--runs={tmp_path}", *extra])


@pytest.mark.parametrize("file", WHOLE, ids=name_of)
def test_whole_configurations_run(file: Path, tmp_path: Path) -> None:
    assert run(tmp_path, file) == 0
    assert not list(tmp_path.rglob("*.*"))  # fast_dev_run leaves nothing


def offline(file: Path) -> list[str]:
    """What a test must not fetch, and the run that a second stage begins from."""
    contents = yaml.safe_load(file.read_text())
    model, photos = contents.get("model", {}), contents.get("data", {}).get("class_path", "Photos")
    words = [] if photos == "Photos" else ["--data=Photos", "--data.root=sample"]
    if model.get("init_from"):
        words.append("--model.init_from=null")
    generator = model.get("generator") if isinstance(model.get("generator"), dict) else {}
    if generator.get("init_args", {}).get("weights") == "timm":
        words.append("--model.generator.weights=null")
    if generator.get("init_args", {}).get("regressor"):
        words.append("--model.generator.regressor=null")
    if generator.get("class_path") == "EncoderDecoder":
        words.append("--data.size=64")  # which it halves six times
    if (model.get("discriminator") or {}).get("init_args", {}).get("size"):
        words.append("--model.discriminator.size=32")
    return words


@pytest.mark.parametrize("file", RECIPES, ids=name_of)
def test_recipes_run_over_the_base(file: Path, tmp_path: Path) -> None:
    size = ["--data.size=256"] if file.stem == "pix2pix" else []
    narrow = ["--model.generator.width=8"] if file.stem == "pix2pix" else []
    assert run(tmp_path, CONFIGS / "base.yaml", file, extra=(*offline(file), *size, *narrow)) == 0


@pytest.mark.parametrize("file", OVERLAYS, ids=name_of)
def test_overlays_run_over_the_base(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_MODE", "disabled")
    extra: list[str] = ["--model.generator.width=4", *offline(file)]
    if file.stem == "conv_linear":
        extra.append("--model.discriminator.size=32")
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


def test_no_configuration_states_a_channel_count() -> None:
    for file in CONFIGS.rglob("*.yaml"):
        assert "channels:" not in file.read_text(), file


def test_the_wasserstein_penalty_goes_over_every_discriminator(tmp_path: Path) -> None:
    for name in ("conv_linear", "patch", "pix2pix_patch", "unet"):
        files = [
            CONFIGS / "base.yaml",
            CONFIGS / "discriminator" / f"{name}.yaml",
            CONFIGS / "loss" / "wasserstein_gp.yaml",
        ]
        extra = ["--model.generator.width=4", "--model.discriminator.width=4"]
        if name == "conv_linear":
            extra.append("--model.discriminator.size=32")
        assert run(tmp_path, *files, extra=tuple(extra)) == 0


def combinations() -> list[tuple[Path, Path, Path]]:
    folders = [sorted((CONFIGS / name).glob("*.yaml")) for name in ("color", "discriminator", "loss")]
    return list(itertools.product(*folders))


def trains_two_batches(tmp_path: Path, files: tuple[Path, Path, Path]) -> None:
    color, discriminator, loss = files
    # the penalty's overlay speaks of a discriminator, so that where there is none it goes first
    layered = [color, loss, discriminator] if discriminator.stem == "none" else [color, discriminator, loss]
    words = [word for file in (CONFIGS / "base.yaml", *layered) for word in ("-c", str(file))]
    extra = ["--model.generator.width=4", f"--runs={tmp_path}", "--trainer.enable_model_summary=false"]
    if discriminator.stem == "conv_linear":
        extra.append("--model.discriminator.size=32")
    command = train(["fit", *words, *SMALL, "--trainer.fast_dev_run=2", *extra])
    metrics = command.trainer.callback_metrics
    assert ("train/discriminator" in metrics) == (discriminator.stem != "none")
    assert all(torch.isfinite(value) for value in metrics.values()), (files, metrics)


def test_colors_discriminators_and_losses_from_yaml_alone(tmp_path: Path) -> None:
    """Each overlay with some of the others; tests/test_gan.py trains all combinations built in Python."""
    for files in combinations()[::21]:
        trains_two_batches(tmp_path, files)


@pytest.mark.slow
@pytest.mark.parametrize("files", combinations(), ids=lambda files: "-".join(file.stem for file in files))
def test_every_combination_from_yaml_alone(files: tuple[Path, Path, Path], tmp_path: Path) -> None:
    trains_two_batches(tmp_path, files)
