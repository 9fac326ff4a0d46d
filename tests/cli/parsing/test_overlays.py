"""Configuration files that override each other."""

import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonargparse import Namespace, dict_to_namespace

from colorgan.cli import main
from colorgan.cli.parsing.overlays import classes_as_overlays, replaced_arguments
from colorgan.cli.trainer.command import config_files
from tests.helpers import CONFIGS

BASE = CONFIGS / "base.yaml"
NETWORKS = [
    file for name in ("generator", "discriminator", "recipes") for file in sorted((CONFIGS / name).glob("*.yaml"))
]


def parse(capsys: pytest.CaptureFixture[str], *args: str | Path) -> dict[str, Any]:
    with pytest.raises(SystemExit):
        main(["fit", *map(str, args), "--print_config"])
    model: dict[str, Any] = yaml.safe_load(capsys.readouterr().out)["model"]
    return model


def read_part(file: Path, part: str) -> dict[str, Any]:
    """The configuration of a part of the model in a file; empty if the file does not set it."""
    content = (yaml.safe_load(file.read_text()).get("model") or {}).get(part)
    return content if isinstance(content, dict) else {}


@pytest.mark.parametrize("file", NETWORKS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_networks_have_their_own_defaults_unless_overridden(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = parse(capsys, "-c", BASE, "-c", file)
    for part in ("generator", "discriminator"):
        if model[part] is None:
            continue
        module, _, name = model[part]["class_path"].rpartition(".")
        signature = inspect.signature(getattr(importlib.import_module(module), name)).parameters
        base, overlay = read_part(BASE, part), read_part(file, part)
        expected = dict(overlay.get("init_args", {}))
        if name == base["class_path"]:
            expected = {**base["init_args"], **expected}
        for argument, value in model[part]["init_args"].items():
            given = expected.get(argument, signature[argument].default)
            if isinstance(given, dict):  # a part inside the part, whose other arguments are its defaults
                assert value["class_path"].rpartition(".")[2] == given["class_path"]
                assert value["init_args"].items() >= given["init_args"].items()
            else:
                assert value == given, (part, argument)


def test_pix2pix_recipe_has_the_published_architecture(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = parse(capsys, "-c", BASE, "-c", CONFIGS / "recipes" / "pix2pix.yaml")["generator"]["init_args"]
    assert (arguments["width"], arguments["depth"], arguments["dropout"]) == (64, 8, 0.5)


def test_overlay_of_the_same_class_keeps_its_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = [{"class_path": "UNet", "init_args": {"width": 7}}]
    layers += [
        {"class_path": "colorgan.models.UNet", "init_args": {"depth": 3}},
        {"init_args": {"dropout": 0.25}},
    ]
    args: list[str | Path] = ["-c", BASE]
    for number, layer in enumerate(layers):
        (tmp_path / f"{number}.yaml").write_text(yaml.safe_dump({"model": {"generator": layer}}))
        args += ["-c", tmp_path / f"{number}.yaml"]
    arguments = parse(capsys, *args)["generator"]["init_args"]
    assert (arguments["width"], arguments["depth"], arguments["dropout"]) == (7, 3, 0.25)


def test_class_on_the_command_line_resets_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    args = ["--model.generator=EncoderUNet", "--model.generator.weights=null", "--model.generator.width=8"]
    arguments = parse(capsys, "-c", BASE, *args)["generator"]["init_args"]
    assert (arguments["width"], arguments["depth"]) == (8, 5)


def test_class_after_a_space_resets_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = parse(capsys, "-c", BASE, "--model.generator", "EncoderUNet", "--model.generator.weights", "null")
    assert arguments["generator"]["init_args"]["depth"] == 5


def test_class_inside_a_class_or_a_list_resets_its_arguments() -> None:
    layers = [
        {"generator": {"class_path": "Outer", "init_args": {"inner": {"class_path": "A", "init_args": {"x": 1}}}}},
        {"callbacks": [{"class_path": "A", "init_args": {"x": 2}}, {"class_path": "A", "init_args": {"x": 3}}]},
    ]
    previous = dict_to_namespace({**layers[0], **layers[1]})
    overlay = {
        "generator": {"init_args": {"inner": "package.B"}},
        "callbacks": [{"class_path": "package.A"}, {"class_path": "B"}],
    }
    assert [arguments.x for arguments in replaced_arguments(previous, overlay)] == [1, 3]


def test_options_that_name_no_class_are_unchanged() -> None:
    args = ["fit", "--model.generator.width=3", "--model.generator", "null", "--model.generator={class_path: UNet}"]
    expected = [*args[:2], "--model.generator=null", args[-1]]
    assert classes_as_overlays(args, {"model.generator"}) == expected


def test_class_after_a_checkpoint_keeps_its_other_arguments() -> None:
    """A class given as an option is not a configuration file, in place of which a checkpoint's arguments are used."""
    assert config_files(Namespace(config=[None, "a.yaml", None])) == ["a.yaml"]
    assert config_files(Namespace(config=None)) == []


def test_configuration_before_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "all.yaml").write_text("fit: {model: {reconstruction_weight: 7}}")
    with pytest.raises(SystemExit):
        main(["--config", str(tmp_path / "all.yaml"), "fit", "--print_config"])
    assert yaml.safe_load(capsys.readouterr().out)["model"]["reconstruction_weight"] == 7
