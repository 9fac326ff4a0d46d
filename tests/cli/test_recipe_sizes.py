"""The networks of every recipe have the published sizes, whatever the files below a recipe set.

An overlay that names another class must not inherit arguments of the class before it, such as a width.
"""

from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from torch import nn

from colorgan.cli import main
from colorgan.evaluation.benchmark.grid_file import read_grid
from colorgan.models.encoders import without_pretrained_weights
from colorgan.training.gan import ColorGAN
from tests.helpers import CONFIGS

RECIPES = CONFIGS / "recipes"

SIZES: dict[str, tuple[int, int | None]] = {
    # published, see docs/published-systems.md and the recipes' comments
    "flowers_unet": (14_639_267, 14_640_001),
    "landscapes_lab": (1_164_456, 1_081_937),
    # published for three channels in and out and six into the discriminator: 54,413,955 and 2,768,705. Gray instead of
    # three channels in is 2 * 64 * 16 weights less, two channels out instead of three 128 * 16 and a bias; three
    # channels into the discriminator 3 * 64 * 16. test_pix2pix_sizes_follow_from_the_published_ones adds them up.
    "pix2pix": (54_409_858, 2_765_633),
    # not published: our own counts
    "cnn_study": (407, None),
    "faces_encoder_decoder": (5_575_554, None),
    "transfer_fruit": (5_575_554, None),
    "fine_tuning_lite0": (796_274, None),
    "photos": (3_539_795, None),  # the generator of the shipped model
    "photos_adversarial": (3_539_795, 649_252),
    "multi_resolution": (14_639_202, 5_855_041),
    "hints_resnet34": (24_485_028, None),
    "hints_resnet34_gan": (24_485_028, 5_856_769),
    "hints_resnet50": (41_018_340, None),
    "hints_resnet50_gan": (41_018_340, 5_856_769),
    "hints_resnet101": (60_010_468, None),
    "hints_rgb": (41_022_501, None),
    "hints_256": (24_485_028, None),
    "nogan_resnet34": (24_473_955, 5_855_041),
    "progressive_64": (24_473_955, None),
    "progressive_128": (24_473_955, None),
    "progressive_192": (24_473_955, None),
}
"""Parameters of the generator and of the discriminator."""

BELOW = {"transfer_fruit": "faces_encoder_decoder", "hints_256": "hints_resnet34", "hints_rgb": "hints_resnet50"}
"""Recipes that are added to another one."""

FLAT_UNET = {16: 58_064, 24: 130_104, 30: 202_950, 38: 325_166, 46: 476_054, 52: 608_036, 72: 1_164_456}
FLAT_DISCRIMINATOR = {4: 264_341, 16: 1_081_937}
"""Published sizes by width, at 256 px."""


def sizes(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, int | None]:
    """The sizes of the networks that ``fit`` builds, on the meta device and without pretrained weights."""
    with pytest.raises(SystemExit) as stopped:
        main([*arguments, "--print_config"])
    captured = capsys.readouterr()
    assert stopped.value.code == 0, captured.err
    config: dict[str, Any] = yaml.safe_load(captured.out)
    model = {**config["model"], "image_size": config["data"]["init_args"]["size"]}
    with torch.device("meta"), without_pretrained_weights():
        gan = ColorGAN(**ColorGAN.arguments_from_config(model))
    return count(gan.colorizer.generator), None if gan.discriminator is None else count(gan.discriminator)


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def files(*paths: Path) -> list[str]:
    return ["fit", *(argument for path in paths for argument in ("-c", str(path)))]


def test_every_recipe_is_listed() -> None:
    assert set(SIZES) == {file.stem for file in RECIPES.glob("*.yaml")}


@pytest.mark.parametrize("recipe", SIZES)
def test_sizes_of_recipes(recipe: str, capsys: pytest.CaptureFixture[str]) -> None:
    below = [RECIPES / f"{BELOW[recipe]}.yaml"] if recipe in BELOW else []
    layers = [CONFIGS / "base.yaml", *below, RECIPES / f"{recipe}.yaml"]
    assert sizes(files(*layers), capsys) == SIZES[recipe]


def test_pix2pix_sizes_follow_from_the_published_ones() -> None:
    generator, discriminator = SIZES["pix2pix"]
    assert generator + 2 * 64 * 16 + (2 * 64 * 16 + 1) == 54_413_955
    assert discriminator is not None
    assert discriminator + 3 * 64 * 16 == 2_768_705


@pytest.mark.parametrize("recipe", ["flowers_unet", "pix2pix", "landscapes_lab"])
def test_sizes_do_not_depend_on_the_recipe_before(recipe: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every class of networks differs from the one before, and some arguments have the same name."""
    for before in ("photos", "faces_encoder_decoder"):
        layers = (CONFIGS / "base.yaml", RECIPES / f"{before}.yaml", RECIPES / f"{recipe}.yaml")
        extra = ["--model.hints=NoHints", "--model.discriminator_sees_hints=false"]
        assert sizes([*files(*layers), *extra], capsys) == SIZES[recipe]


@pytest.mark.parametrize("generator", FLAT_UNET)
@pytest.mark.parametrize("discriminator", FLAT_DISCRIMINATOR)
def test_sizes_of_the_landscapes_study(
    generator: int, discriminator: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grid = read_grid(CONFIGS / "benchmarks" / "landscapes_complexity.yaml")
    group = "complexity" if discriminator == 4 else "beyond"
    (variant,) = (each for each in grid.variants if each.name == f"{group}-{generator}-d{discriminator}")
    overlays = []
    for number, overlay in enumerate(variant.overlays):
        overlays.append(tmp_path / f"{number}.yaml")
        overlays[-1].write_text(overlay.text)
    expected = FLAT_UNET[generator], FLAT_DISCRIMINATOR[discriminator]
    assert sizes(files(*overlays), capsys) == expected
