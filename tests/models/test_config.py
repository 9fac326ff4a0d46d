import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch

from colorgan.errors import CheckpointError
from colorgan.models import HSV, ColorSpace, Generator, Hints, Lab, PointHints, UNet
from colorgan.models.config import (
    Part,
    class_from_config,
    class_path,
    factory_class,
    factory_from_config,
    from_config,
    to_config,
)


class Shift(Part):
    def __init__(self, amount: float, *, steps: int = 1, **kwargs: int) -> None:
        self.amount = amount


@dataclass(frozen=True)
class Settings:
    names: tuple[str, ...]
    file: Path


def test_arguments_are_recorded_by_name() -> None:
    assert Shift(2.5, steps=3, more=4).init_args == {"amount": 2.5, "steps": 3, "more": 4}
    assert HSV("angle").init_args == {"hue": "angle"}
    assert Lab().init_args == {}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({1: (2, None), "a": [True, 0.5]}, {"1": [2, None], "a": [True, 0.5]}),
        (Path("a") / "b", str(Path("a") / "b")),
        (HSV("angle"), {"class_path": "colorgan.models.HSV", "init_args": {"hue": "angle"}}),
        (UNet, {"class_path": "colorgan.models.UNet"}),
        (functools.partial(UNet, width=8), {"class_path": "colorgan.models.UNet", "init_args": {"width": 8}}),
        (
            functools.partial(torch.optim.Adam, betas=(0.5, 0.9)),
            {"class_path": "torch.optim.Adam", "init_args": {"betas": [0.5, 0.9]}},
        ),
        (Settings(("a",), Path("b")), {"names": ["a"], "file": "b"}),
    ],
)
def test_values_become_plain_data(value: Any, expected: Any) -> None:
    assert to_config(value) == expected


@pytest.mark.parametrize("value", [len, {1, 2}, torch.ones(1), functools.partial(UNet, 1), object()])
def test_other_values_are_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="cannot save .* in a checkpoint: pass a class"):
        to_config(value)


def test_numbers_of_numpy_and_subclasses_are_refused() -> None:
    """They would make a checkpoint unreadable for ``weights_only=True``."""
    import numpy as np

    for value in (np.float32(1), np.float64(1), type("Text", (str,), {})("a")):
        with pytest.raises(TypeError, match="cannot save"):
            to_config(value)


def test_public_names() -> None:
    assert class_path(UNet) == "colorgan.models.UNet"
    assert class_path(torch.optim.Adam) == "torch.optim.Adam"
    assert class_path(Shift) == "tests.models.test_config.Shift"


def test_class_of_a_factory() -> None:
    assert factory_class(UNet) is factory_class(functools.partial(UNet, width=2)) is UNet
    assert factory_class(functools.partial(lambda cls, channels: cls(channels), UNet)) is UNet  # as jsonargparse's
    assert factory_class(lambda channels: channels) is None


@pytest.mark.parametrize("part", [HSV("angle"), PointHints(max_points=5, patch_sizes=(2, 3))])
def test_instances_and_factories_are_rebuilt(part: Part) -> None:
    base = ColorSpace if isinstance(part, ColorSpace) else Hints
    again = from_config(to_config(part), base)
    assert type(again) is type(part)
    assert to_config(again) == to_config(part)
    build = factory_from_config(to_config(functools.partial(UNet, width=3, depth=2)), Generator)
    assert build(1, 2).init_args == {"in_channels": 1, "out_channels": 2, "width": 3, "depth": 2}


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ("colorgan.models.UNet", "expected class_path and init_args of a Generator, received 'colorgan.models.UNet'"),
        ({"class_path": 5}, "expected class_path and init_args"),
        ({"class_path": "colorganx.models.UNet"}, "colorganx.models.UNet is not part of colorgan or torch.optim"),
        ({"class_path": "colorgan.models.unet"}, "this version of colorgan has no colorgan.models.unet; did you mean"),
        ({"class_path": "colorgan.models.generators.UNet"}, "is not a public name of colorgan"),
        ({"class_path": "colorgan.files.os.system"}, "is not a public name of colorgan"),
        ({"class_path": "colorgan.nowhere.UNet"}, "is not a public name of colorgan"),
        ({"class_path": "colorgan.models.Lab"}, "colorgan.models.Lab is not a Generator"),
        ({"class_path": "torch.optim.Adam"}, "torch.optim.Adam is not a Generator"),
        ({"class_path": "torch.optim.NoSuch"}, "cannot import torch.optim.NoSuch"),
        (
            {"class_path": "colorgan.models.UNet", "init_args": {"width": {"class_path": "os.system"}}},
            "the arguments of colorgan.models.UNet must be plain values, received a mapping",
        ),
    ],
)
def test_untrusted_descriptions_are_refused(description: Any, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        class_from_config(description, Generator)


def test_only_named_classes_of_others_are_trusted() -> None:
    description = {"class_path": "tests.models.test_config.Shift"}
    assert class_from_config(description, Part, trusted={"tests.models.test_config.Shift"}) is Shift
    with pytest.raises(CheckpointError, match="is not part of colorgan"):
        class_from_config(description, Part, trusted={"tests.models.test_conf"})
