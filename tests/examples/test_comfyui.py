"""The node for ComfyUI, loaded and called as ComfyUI does, which need not be installed."""

import importlib.util
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from colorgan import Colorizer
from colorgan.errors import ColorganError
from colorgan.images import SAMPLE_PHOTOS, read_rgb
from tests.examples.conftest import REPOSITORY

FOLDER = REPOSITORY / "examples" / "comfyui"
PHOTO = read_rgb(SAMPLE_PHOTOS / "val" / "rocket_00.jpg")
HINTS = '[{"x": 80, "y": 20, "color": "#305090", "radius": 12}]'

Execute = Callable[..., torch.Tensor]


@pytest.fixture(scope="module")
def node() -> Any:
    """The class, from the folder under a name that is no package's."""
    spec = importlib.util.spec_from_file_location("custom_nodes.colorgan", FOLDER / "__init__.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.NODE_CLASS_MAPPINGS.keys() == module.NODE_DISPLAY_NAME_MAPPINGS.keys()
    (found,) = module.NODE_CLASS_MAPPINGS.values()
    return found


@pytest.fixture
def execute(node: Any) -> Execute:
    """Fills in the defaults of the widgets, converts and checks values, and calls the function of an object."""

    def run(**given: Any) -> torch.Tensor:
        inputs = {}
        types = node.INPUT_TYPES()
        for name, (kind, *options) in {**types["required"], **types["optional"]}.items():
            settings = options[0] if options else {}
            value = given.pop(name, settings.get("default"))
            if value is None:
                assert name not in types["required"], name
                continue
            value = {"FLOAT": float, "STRING": str, "IMAGE": lambda image: image}[kind](value)
            assert kind != "FLOAT" or settings["min"] <= value <= settings["max"]
            inputs[name] = value
        assert not given
        with torch.inference_mode():
            result = getattr(node(), node.FUNCTION)(**inputs)
        assert type(result) is tuple
        assert len(result) == len(node.RETURN_TYPES)
        return result[0]

    return run


def as_image(*photos: np.ndarray) -> torch.Tensor:
    """An IMAGE of ComfyUI: (B, H, W, C) in [0, 1]."""
    return torch.from_numpy(np.stack(photos)).float() / 255


def test_arguments_are_those_of_the_function(node: Any) -> None:
    types = node.INPUT_TYPES()
    parameters = list(inspect.signature(getattr(node, node.FUNCTION)).parameters)
    assert parameters == ["self", *types["required"], *types["optional"]]


def test_batch_is_colorized(execute: Execute) -> None:
    colorized = execute(image=as_image(PHOTO, PHOTO[:, ::-1]))
    assert (colorized.shape, colorized.dtype) == ((2, 160, 160, 3), torch.float32)
    expected = Colorizer()([PHOTO, np.ascontiguousarray(PHOTO[:, ::-1])])
    assert np.abs(colorized.numpy() * 255 - np.stack(expected)).max() <= 1
    assert np.ptp(expected[0].astype(int), axis=-1).max() > 10


def test_every_widget_has_its_effect(execute: Execute, model_folder: Path) -> None:
    image = as_image(PHOTO)
    expected = Colorizer()(
        PHOTO,
        strength=1.5,
        warmth=0.5,
        reference=np.rot90(PHOTO).copy(),
        hints=[{"x": 80, "y": 20, "color": "#305090", "radius": 12}],
    )
    options = {"strength": "1.5", "warmth": 0.5, "reference": as_image(np.rot90(PHOTO)), "hints": HINTS}
    assert np.abs(execute(image=image, **options)[0].numpy() * 255 - expected).max() <= 1
    gray = execute(image=image, strength=0)
    assert (gray.amax(-1) - gray.amin(-1)).max() < 1e-3
    other = execute(image=image, model=str(model_folder))
    assert (other - execute(image=image)).abs().max() > 0.01


def test_alpha_is_dropped(execute: Execute) -> None:
    image = as_image(PHOTO)
    with_alpha = torch.cat([image, torch.ones_like(image[..., :1])], dim=-1)
    torch.testing.assert_close(execute(image=with_alpha), execute(image=image))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hints": "{"}, r"hints are not valid JSON \(line 1, column 2"),
        ({"hints": '[{"x": 1, "y": 1}]'}, "hints: hint 1 has no 'color'"),
        ({"model": "none.onnx"}, "none.onnx does not exist"),
    ],
)
def test_mistakes_are_named(execute: Execute, options: dict[str, str], message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        execute(image=as_image(PHOTO), **options)


def test_folder_is_one_file_with_its_license() -> None:
    files = [file.name for file in FOLDER.iterdir() if file.name != "__pycache__"]
    assert files == ["__init__.py"]
    assert (FOLDER / "__init__.py").read_text(encoding="utf-8").startswith("# SPDX-License-Identifier: Apache-2.0\n")
