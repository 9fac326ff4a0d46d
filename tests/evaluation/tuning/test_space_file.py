"""Spaces, and what is refused about them before the first trial."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from colorgan.errors import ColorganError
from colorgan.evaluation.tuning.space import Choice, NumberRange
from colorgan.evaluation.tuning.space_file import read_space

WriteSpace = Callable[..., Path]


@pytest.fixture
def write_space(tmp_path: Path) -> WriteSpace:
    def write(content: object) -> Path:
        file = tmp_path / "space.yaml"
        file.write_text(yaml.safe_dump(content, sort_keys=False))
        return file

    return write


def test_all_kinds_are_read_and_set_their_keys(write_space: WriteSpace, tmp_path: Path) -> None:
    (tmp_path / "unet.yaml").write_text("model: {discriminator: {class_path: UNetDiscriminator}}\n")
    space = read_space(
        write_space(
            {
                "learning rates": {"float": [1e-5, 1], "log": True, "keys": ["model.a.lr", "model.b.lr"]},
                "model.discriminator.init_args.width": {"int": [4, 18], "step": 4},
                "model.betas": {"choice": [[0.5, 0.9], [0, 0.9], None]},
                "discriminator": {"overlays": {"own": None, "unet": ["unet.yaml", {"model": {"ema_decay": 0.9}}]}},
            }
        )
    )
    rates, width, betas, discriminator = space.parameters
    assert isinstance(rates, NumberRange)
    assert isinstance(width, NumberRange)
    assert isinstance(betas, Choice)
    assert (rates.low, rates.high, rates.log, rates.keys) == (1e-5, 1.0, True, ("model.a.lr", "model.b.lr"))
    assert width.examples() == (4, 16)  # 18 is not a multiple of the step
    assert betas.examples() == ("[0.5, 0.9]", "[0, 0.9]", "null")
    assert discriminator.examples() == ("own", "unet")
    assert space.overlay({width.name: 8, "learning rates": 0.01, betas.name: "[0, 0.9]", "discriminator": "unet"}) == {
        "model": {
            "discriminator": {"class_path": "UNetDiscriminator", "init_args": {"width": 8}},
            "ema_decay": 0.9,
            "betas": [0, 0.9],
            "a": {"lr": 0.01},
            "b": {"lr": 0.01},
        }
    }
    assert space.overlay({"discriminator": "own"}) == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({}, "space.yaml is empty; add at least one key"),
        ([1], "space.yaml must be a mapping"),
        ({"model.x": None}, "model.x must have one of float, int, choice, overlays; received None"),
        ({"model.x": {"float": [1, 2], "int": [1, 2]}}, "model.x must have one of float, int, choice, overlays"),
        ({"model.x": {"low": 1, "high": 2}}, "model.x must have one of float"),
        ({"model.x": {"float": [2, 1]}}, r"model.x.float must be \[low, high\] with low below high; received \[2, 1\]"),
        ({"model.x": {"float": [1, 1]}}, "with low below high"),
        ({"model.x": {"float": [1]}}, r"model.x.float must be two numbers, \[low, high\]; received \[1\]"),
        ({"model.x": {"float": ["a", 2]}}, "must be two numbers"),
        ({"model.x": {"float": [0, float("inf")]}}, "must be two numbers"),
        ({"model.x": {"int": [1, 2.5]}}, "model.x.int must be two integers"),
        ({"model.x": {"int": [False, True]}}, "model.x.int must be two integers"),
        ({"model.x": {"float": [0, 1], "log": True}}, "logarithmic scale, so low must be above 0; received 0"),
        ({"model.x": {"float": [1, 2], "log": "yes"}}, "model.x.log must be true or false; received 'yes'"),
        ({"model.x": {"float": [1, 2], "log": True, "step": 0.1}}, "has both log and step"),
        ({"model.x": {"int": [1, 4], "step": 0.5}}, "model.x.step must be an integer above 0 and at most 3"),
        ({"model.x": {"float": [1, 4], "step": 5}}, "model.x.step must be a number above 0 and at most 3"),
        ({"model.x": {"float": [1, 4], "lg": True}}, "model.x.lg is not a known key; did you mean 'log'"),
        ({"model.x": {"choice": ["a"]}}, "model.x.choice must be a list of 2 to 100 values"),
        ({"model.x": {"choice": ["1", 1]}}, "model.x.choice must be different values"),
        ({"width": {"int": [1, 2]}}, "names 'width', which is not a dotted key of model, data or trainer"),
        ({"seed_everything": {"int": [1, 2]}}, "names 'seed_everything', which is not a dotted key"),
        ({"x": {"int": [1, 2], "keys": []}}, "x.keys must be different keys"),
        ({"x": {"int": [1, 2], "keys": "model.a"}, "model.a": {"int": [1, 2]}}, "model.a and x both set model.a"),
        ({"x": {"overlays": {"only": None}}}, "x.overlays must name 2 to 100 overlays"),
        ({"x": {"overlays": {"a": 3, "b": None}}}, "x.overlays.a is 3; an overlay is the path"),
        ({"x": {"overlays": {"a": "missing.yaml", "b": None}}}, "x.overlays.a: .*missing.yaml cannot be read"),
    ],
)
def test_invalid_spaces_are_refused_in_one_sentence(write_space: WriteSpace, content: object, message: str) -> None:
    with pytest.raises(ColorganError, match=message) as refused:
        read_space(write_space(content))
    assert "space.yaml" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_space_is_named(tmp_path: Path) -> None:
    with pytest.raises(ColorganError, match=r"no.yaml cannot be read \(No such file"):
        read_space(tmp_path / "no.yaml")


def test_own_values_are_found_if_they_are_in_the_space() -> None:
    config = {"model": {"weight": 100, "width": 8, "b": 7, "space": {"class_path": "colorgan.models.Lab"}}}
    inside = NumberRange("w", ("model.weight",), 10.0, 200.0)
    assert inside.read(config, {}) == 100.0
    assert NumberRange("w", ("model.weight",), 10.0, 90.0).read(config, {}) is None
    assert NumberRange("w", ("model.weight", "model.width"), 1.0, 200.0).read(config, {}) is None  # two values
    assert NumberRange("w", ("model.width",), 4, 16, step=4).read(config, {}) == 8
    assert NumberRange("w", ("model.b",), 4, 16, step=4).read(config, {}) is None
    other = {"model": {**config["model"], "space": {"class_path": "colorgan.models.RGB"}}}
    spaces = Choice("s", ("model.space",), {"RGB": {"model": {"space": "RGB"}}, "Lab": {"model": {"space": "Lab"}}})
    assert spaces.read(config, {"RGB": other, "Lab": config}) == "Lab"
    assert spaces.read(config, {"RGB": other}) is None
