"""Hints that may be left out, or be given once for a whole batch, in a graph small enough to calculate by hand."""

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from colorgan.inference.onnx import OnnxColorizer
from colorgan.inference.onnx.optional_hints import accept_any_hints, default_to_no_hints


def hinted_model(version: int = 3) -> onnx.ModelProto:
    """Its a* and b* are those of the hints, plus the mean of the photo's red and green."""

    def image(name: str, channels: int) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", channels, "height", "width"])

    nodes = [
        helper.make_node("Slice", ["hints", "one", "three", "axis"], ["color"]),
        helper.make_node("ReduceMean", ["rgb"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Add", ["color", "mean"], ["ab"]),
        helper.make_node("Identity", ["rgb"], ["colorized"]),
    ]
    constants = [numpy_helper.from_array(np.array([n], np.int64), name) for n, name in ((1, "one"), (3, "three"))]
    constants.append(numpy_helper.from_array(np.array([1], np.int64), "axis"))
    graph = helper.make_graph(
        nodes, "graph", [image("rgb", 3), image("hints", 4)], [image("colorized", 3), image("ab", 2)], constants
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 10
    metadata = {"format": version, "colorgan": "0.1.0", "size": 32, "takes_hints": True}
    helper.set_model_props(model, {"colorgan": json.dumps(metadata)})
    return model


def saved(model: onnx.ModelProto, folder: Path) -> Path:
    onnx.checker.check_model(model, full_check=True)
    onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    file = folder / "model.onnx"
    onnx.save(model, file)
    return file


RGB = np.random.default_rng(0).random((2, 3, 5, 7), np.float32)
HINTS = np.random.default_rng(1).random((2, 4, 5, 7), np.float32)
MEAN = RGB.mean(axis=1, keepdims=True)


def test_optional_hints(tmp_path: Path) -> None:
    model = hinted_model()
    accept_any_hints(model)
    default_to_no_hints(model)
    file = saved(model, tmp_path)
    session = onnxruntime.InferenceSession(file)
    assert [entry.name for entry in session.get_inputs()] == ["rgb"]
    assert [entry.name for entry in session.get_overridable_initializers()] == ["hints"]
    for hints, expected in (
        (None, 0),
        (HINTS, HINTS[:, 1:3]),
        (HINTS[:1], HINTS[:1, 1:3]),
        (HINTS[:, :, :1, :1], HINTS[:, 1:3, :1, :1]),
        (np.zeros((1, 4, 1, 1), np.float32), 0),
    ):
        (ab,) = session.run(["ab"], {"rgb": RGB} if hints is None else {"rgb": RGB, "hints": hints})
        np.testing.assert_allclose(ab, np.broadcast_to(expected + MEAN, (2, 2, 5, 7)), rtol=1e-6)
    check_colorizer(file)


def test_required_hints(tmp_path: Path) -> None:
    model = hinted_model()
    accept_any_hints(model)
    file = saved(model, tmp_path)
    session = onnxruntime.InferenceSession(file)
    assert [entry.name for entry in session.get_inputs()] == ["rgb", "hints"]
    (ab,) = session.run(["ab"], {"rgb": RGB, "hints": np.zeros((1, 4, 1, 1), np.float32)})
    np.testing.assert_allclose(ab, np.repeat(MEAN, 2, axis=1), rtol=1e-6)
    check_colorizer(file)


@pytest.mark.parametrize("version", [2, 3])
def test_files_of_version_2_are_read(version: int, tmp_path: Path) -> None:
    """There, the hints have the size of the photos."""
    check_colorizer(saved(hinted_model(version), tmp_path))


def check_colorizer(file: Path) -> None:
    colorizer = OnnxColorizer(file)
    assert colorizer.takes_hints
    np.testing.assert_allclose(colorizer.run_network(RGB), np.repeat(MEAN, 2, axis=1), rtol=1e-6)
    np.testing.assert_allclose(colorizer.run_network(RGB, HINTS), HINTS[:, 1:3] + MEAN, rtol=1e-6)
