"""Colorizers of other programs: those that fit the contract, and those that do not."""

import itertools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from skimage.color import rgb2lab

from colorgan.cli import main
from colorgan.errors import CheckpointError, ColorganError
from colorgan.images import read_rgb
from colorgan.inference import OnnxContract, open_model
from colorgan.inference.onnx import ForeignOnnxColorizer
from colorgan.inference.onnx.contract import METADATA_KEY
from tests.helpers import picture

LAB = {"black": 0, "white": 100}
RAMP = np.repeat(np.linspace(0, 255, 64).astype(np.uint8)[None], 48, axis=0)


def info(name: str, shape: list[Any], data_type: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, data_type, shape)


def foreign(
    channels: int = 1,
    weights: tuple[float, float] = (0.2, -0.1),
    sides: tuple[Any, Any] = ("h", "w"),
    metadata: Any = LAB,
    stride: int = 1,
    **changes: Any,
) -> onnx.ModelProto:
    """A graph whose a* and b* are its first input channel times two weights."""
    kernel = np.zeros((2, channels, 1, 1), np.float32)
    kernel[:, 0, 0, 0] = weights
    graph = helper.make_graph(
        changes.get("nodes") or [helper.make_node("Conv", ["image", "kernel"], ["chroma"], strides=[stride, stride])],
        "graph",
        changes.get("inputs") or [info("image", [changes.get("batch", "n"), channels, *sides])],
        changes.get("outputs") or [info("chroma", ["n", 2, "x", "y"])],
        [numpy_helper.from_array(kernel, "kernel")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    if metadata is not None:
        helper.set_model_props(model, {METADATA_KEY: metadata if isinstance(metadata, str) else json.dumps(metadata)})
    return model


@pytest.fixture
def file(tmp_path: Path) -> Callable[[onnx.ModelProto], Path]:
    def write(model: onnx.ModelProto) -> Path:
        path = tmp_path / "theirs.onnx"
        path.write_bytes(model.SerializeToString())
        return path

    return write


def predicted_ab(path: Path, contract: OnnxContract | None = None) -> np.ndarray:
    """a* and b* at the middle row of a ramp from black to white, without those at its ends."""
    model = open_model(path, contract=contract)
    assert isinstance(model, ForeignOnnxColorizer)
    (prediction,) = model.predict_chroma([RAMP])
    assert prediction.ab.shape == (2, *prediction.small.shape[:2])
    return prediction.ab[:, prediction.ab.shape[1] // 2, 20:-20]


def lightness(path: Path, contract: OnnxContract | None = None) -> np.ndarray:
    model = open_model(path, contract=contract)
    (prediction,) = model.predict_chroma([RAMP])
    row = prediction.small[prediction.small.shape[0] // 2, 20:-20]
    return rgb2lab(row[None])[0, :, 0]


@pytest.mark.parametrize(
    ("channels", "black", "white"),
    [(1, 0, 100), (1, -50, 50), (1, -1, 1), (3, 0, 1), (3, 0, 255), (3, -1, 1)],
)
def test_input_is_scaled_as_the_contract_says(
    file: Callable[..., Path], channels: int, black: float, white: float
) -> None:
    """Against scikit-image's L*, or the sRGB code of the same gray."""
    scale = 30 / (white - black)
    path = file(foreign(channels, (scale, -scale), metadata={"black": black, "white": white, "size": 64}))
    ab, light = predicted_ab(path), lightness(path)
    gray = light / 100 if channels == 1 else read_gray(path)
    expected = 30 * gray + black * scale
    assert np.abs(ab[0] - expected).max() < 0.5
    assert np.abs(ab[1] + expected).max() < 0.5


def read_gray(path: Path) -> np.ndarray:
    (prediction,) = open_model(path).predict_chroma([RAMP])
    return prediction.small[prediction.small.shape[0] // 2, 20:-20, 0] / 255


def test_options_describe_a_file_without_metadata_and_override_it(file: Callable[..., Path]) -> None:
    path = file(foreign(metadata=None))
    expected = lightness(path, OnnxContract(0, 100, size=64)) * 0.2
    assert np.abs(predicted_ab(path, OnnxContract(0, 100, size=64))[0] - expected).max() < 0.5
    halved = predicted_ab(path, OnnxContract(0, 100, scale=0.5, size=64))[0]
    assert np.abs(halved - expected / 2).max() < 0.5
    path = file(foreign(metadata={"black": 0, "white": 1}))
    assert np.abs(predicted_ab(path, OnnxContract(0, 100, size=64))[0] - expected).max() < 0.5


@pytest.mark.parametrize("sides", [(96, 96), (64, 128), ("h", "w")])
@pytest.mark.parametrize("stride", [1, 4])
def test_fixed_sizes_and_smaller_outputs(file: Callable[..., Path], sides: tuple[Any, Any], stride: int) -> None:
    path = file(foreign(sides=sides, stride=stride, batch=1))
    model = open_model(path)
    assert model.size == (256 if sides == ("h", "w") else min(sides))
    for size in ((48, 64), (33, 77), (1, 300), (500, 20)):
        photo = np.asarray(picture(3, *size).convert("L"))
        colorized = model.colorize(photo)
        assert colorized.shape == (*size, 3)
        assert np.abs(rgb2lab(colorized)[..., 0] - rgb2lab(np.stack([photo] * 3, axis=-1))[..., 0]).mean() < 0.2
    ab = predicted_ab(path)[0]
    assert np.abs(ab - 0.2 * lightness(path)).max() < 1.5


def test_several_photos_at_once(file: Callable[..., Path]) -> None:
    model = open_model(file(foreign(batch=1)))
    photos = [np.asarray(picture(seed, 40, 60).convert("L")) for seed in range(3)]
    together = model.predict_chroma(photos, size=32)
    for photo, prediction in zip(photos, together, strict=True):
        np.testing.assert_array_equal(prediction.ab, model.predict_chroma([photo], size=32)[0].ab)


def two_outputs() -> list[Any]:
    return [info("chroma", ["n", 2, "x", "y"]), info("image", ["n", 1, "h", "w"])]


IDENTITY = [helper.make_node("Identity", ["image"], ["chroma"])]
MISFITS: dict[str, tuple[dict[str, Any], str]] = {
    "no metadata": (
        {"metadata": None},
        "does not say what its input means: give --onnx-black and --onnx-white, or",
    ),
    "RGB out": (
        {
            "nodes": [helper.make_node("Concat", ["image"] * 3, ["chroma"], axis=1)],
            "outputs": [info("chroma", ["n", 3, "x", "y"])],
        },
        "is no colorizer that colorgan can run",
    ),
    "four channels in": ({"channels": 4}, "its inputs are image ['n', 4, 'h', 'w'] of tensor(float)"),
    "no image": ({"inputs": [info("image", ["n", 1])], "nodes": IDENTITY}, "instead of one input (1, 1 or 3, H, W)"),
    "batch of 8": ({"batch": 8}, "is no colorizer that colorgan can run"),
    "one fixed side": ({"sides": (64, "w")}, "is no colorizer that colorgan can run"),
    "huge": ({"sides": (9000, 9000)}, "size must be an integer number of pixels from 1 to 2048, received 9000"),
    "integers": ({"inputs": [info("image", ["n", 1, "h", "w"], TensorProto.INT32)]}, "cannot be loaded by onnxruntime"),
    "two outputs": ({"outputs": two_outputs()}, "is no colorizer that colorgan can run"),
    "metadata is a list": ({"metadata": "[1]"}, "its metadata 'colorizer' must be a JSON object with black, white"),
    "metadata is no JSON": ({"metadata": "{"}, "its metadata 'colorizer' must be a JSON object"),
    "unknown key": ({"metadata": {**LAB, "mean": 3}}, "has the unknown key 'mean'; valid names are black"),
    "no white": ({"metadata": {"black": 0}}, "its metadata 'colorizer' has no 'white'"),
    "text": ({"metadata": {"black": "0", "white": 1}}, "black must be a number, received '0'"),
    "no range": ({"metadata": {"black": 1, "white": 1}}, "must be two different numbers, received 1 and 1"),
    "negative scale": ({"metadata": {**LAB, "scale": -1}}, "scale must be above 0 and at most 1000, received -1"),
    "absurd size": ({"metadata": {**LAB, "size": 10**9}}, "from 1 to 2048, received 1000000000"),
    "not finite": (
        {"nodes": [helper.make_node("Neg", ["image"], ["m"]), helper.make_node("Log", ["m"], ["chroma"])]},
        "was refused: it cannot colorize 64 x 64 pixels within limits of memory and time (predicted no valid colors",
    ),
}


@pytest.mark.parametrize("kind", MISFITS)
def test_what_does_not_fit_is_refused_in_one_sentence(kind: str, file: Callable[..., Path]) -> None:
    changes, message = MISFITS[kind]
    path = file(foreign(**changes))
    with pytest.raises(CheckpointError) as caught:
        open_model(path)
    assert message in str(caught.value)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_large_computation_is_refused(file: Callable[..., Path]) -> None:
    """Each node doubles the sides, up to 2**30 pixels."""
    scales = numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), "scales")
    names = ["image", *(f"x{number}" for number in range(9)), "large"]
    nodes = [
        helper.make_node("Resize", [before, "", "scales"], [after], mode="nearest")
        for before, after in itertools.pairwise(names)
    ]
    model = foreign(nodes=[*nodes, helper.make_node("Conv", ["large", "kernel"], ["chroma"])])
    model.graph.initializer.append(scales)
    with pytest.raises(CheckpointError, match="was refused: it cannot colorize 64 x 64 pixels within limits of memory"):
        open_model(file(model))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"black": float("nan"), "white": 1}, "black must be a number, received nan"),
        ({"black": 0, "white": True}, "white must be a number, received True"),
        ({"black": 0, "white": 10**9}, "white must be a number, received 1000000000"),
        ({"black": 0, "white": 1, "scale": 0}, "scale must be above 0"),
    ],
)
def test_invalid_contract(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        OnnxContract(**values)


def test_command_colorizes_and_mixes(file: Callable[..., Path], tmp_path: Path, capsys: Any) -> None:
    picture(3, 60, 90).convert("L").save(tmp_path / "a.png")
    path = str(file(foreign(metadata=None, weights=(0.0, -0.4))))
    args = ["colorize", str(tmp_path / "a.png"), "-o", str(tmp_path / "out.png"), "--overwrite", "--checkpoint", path]
    assert main(args) == 1
    assert "give --onnx-black and --onnx-white" in capsys.readouterr().err
    assert main([*args, "--onnx-black", "0"]) == 1
    assert "--onnx-black and --onnx-white go together" in capsys.readouterr().err
    assert main([*args, "--onnx-black", "0", "--onnx-white", "0"]) == 1
    assert "must be two different numbers, received 0 and 0" in capsys.readouterr().err
    described = [*args, "--onnx-black", "0", "--onnx-white", "100"]
    assert main(described) == 0
    alone = rgb2lab(read_rgb(tmp_path / "out.png"))[..., 2].mean()
    assert alone < -10
    (tmp_path / "other.onnx").write_bytes(foreign(weights=(0.0, 0.4)).SerializeToString())
    assert main([*described, "--checkpoint", str(tmp_path / "other.onnx"), "--mix", "0.75"]) == 0
    assert rgb2lab(read_rgb(tmp_path / "out.png"))[..., 2].mean() == pytest.approx(-alone / 2, abs=1.5)
    assert Image.open(tmp_path / "out.png").size == (90, 60)
