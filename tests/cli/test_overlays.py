"""What comes out where configurations are laid over each other."""

import importlib
import inspect
from pathlib import Path
from typing import Any

import pytest
import yaml

from colorgan.cli import main
from tests.helpers import CONFIGS

BASE = CONFIGS / "base.yaml"
NETWORKS = [
    file for name in ("generator", "discriminator", "recipes") for file in sorted((CONFIGS / name).glob("*.yaml"))
]


def parsed(capsys: pytest.CaptureFixture[str], *words: str | Path) -> dict[str, Any]:
    with pytest.raises(SystemExit):
        main(["fit", *map(str, words), "--print_config"])
    model: dict[str, Any] = yaml.safe_load(capsys.readouterr().out)["model"]
    return model


def written(file: Path, part: str) -> dict[str, Any]:
    """What a file says of a part of the model."""
    content = (yaml.safe_load(file.read_text()).get("model") or {}).get(part)
    return content if isinstance(content, dict) else {}


@pytest.mark.parametrize("file", NETWORKS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_a_network_has_its_own_defaults_where_nobody_says_otherwise(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = parsed(capsys, "-c", BASE, "-c", file)
    for part in ("generator", "discriminator"):
        if model[part] is None:
            continue
        module, _, name = model[part]["class_path"].rpartition(".")
        signature = inspect.signature(getattr(importlib.import_module(module), name)).parameters
        base, over = written(BASE, part), written(file, part)
        said = dict(over.get("init_args", {}))
        if name == base["class_path"]:
            said = {**base["init_args"], **said}
        for argument, value in model[part]["init_args"].items():
            assert value == said.get(argument, signature[argument].default), (part, argument)


def test_pix2pix_is_the_published_network(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = parsed(capsys, "-c", BASE, "-c", CONFIGS / "recipes" / "pix2pix.yaml")["generator"]["init_args"]
    assert (arguments["width"], arguments["depth"], arguments["dropout"]) == (64, 8, 0.5)


def test_the_same_class_goes_on_with_its_arguments(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    layers = [{"class_path": "UNet", "init_args": {"width": 7}}]
    layers += [
        {"class_path": "colorgan.models.UNet", "init_args": {"depth": 3}},
        {"init_args": {"dropout": 0.25}},
    ]
    words: list[str | Path] = ["-c", BASE]
    for number, layer in enumerate(layers):
        (tmp_path / f"{number}.yaml").write_text(yaml.safe_dump({"model": {"generator": layer}}))
        words += ["-c", tmp_path / f"{number}.yaml"]
    arguments = parsed(capsys, *words)["generator"]["init_args"]
    assert (arguments["width"], arguments["depth"], arguments["dropout"]) == (7, 3, 0.25)


def test_a_class_on_the_command_line_begins_afresh(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--model.generator=EncoderUNet", "--model.generator.weights=null", "--model.generator.width=8"]
    arguments = parsed(capsys, "-c", BASE, *words)["generator"]["init_args"]
    assert (arguments["width"], arguments["depth"]) == (8, 5)
