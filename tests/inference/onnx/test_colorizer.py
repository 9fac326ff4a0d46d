"""Exported models, valid ones and damaged or malicious ones."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from colorgan.cli import main
from colorgan.errors import CheckpointError, ColorganError
from colorgan.inference.onnx import file_check
from colorgan.inference.onnx.colorizer import OnnxColorizer
from colorgan.inference.onnx.file_check import sealed
from colorgan.inference.open_model import open_model
from colorgan.inference.shipped import ONNX, shipped_model
from tests.helpers import picture

METADATA = {"format": 2, "colorgan": "0.1.0", "size": 32, "takes_hints": False}


def image_info(name: str, channels: int = 3, data_type: int = TensorProto.FLOAT, batch: Any = "batch") -> Any:
    return helper.make_tensor_value_info(name, data_type, [batch, channels, "height", "width"])


def model(
    nodes: list[Any] | None = None,
    inputs: list[Any] | None = None,
    metadata: Any = METADATA,
    weight: Any = None,
    domains: tuple[str, ...] = ("",),
    output: Any = None,
) -> onnx.ModelProto:
    """Creates a minimal model, which tints images warm."""
    tensor = numpy_helper.from_array(np.array([1, 0.9, 0.7], np.float32).reshape(1, 3, 1, 1), "weight")
    to_ab = numpy_helper.from_array(np.array([[[[0]]] * 3, [[[30]]] * 3], np.float32), "to_ab")
    nodes = nodes or [helper.make_node("Conv", ["rgb", "to_ab"], ["ab"])]
    graph = helper.make_graph(
        [*nodes, helper.make_node("Mul", ["rgb", "weight"], ["colorized"])],
        "graph",
        inputs or [image_info("rgb")],
        [output or image_info("colorized"), image_info("ab", 2)],
        [to_ab, tensor, *([] if weight is None else [weight])],
    )
    result = helper.make_model(
        graph, opset_imports=[helper.make_opsetid(name, 18 if not name else 1) for name in domains]
    )
    result.ir_version = 10
    if metadata is not None:
        text = metadata if isinstance(metadata, str) else json.dumps(metadata)
        helper.set_model_props(result, {"colorgan": text})
    return result


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(content: onnx.ModelProto | bytes) -> Path:
        path = tmp_path / "model.onnx"
        path.write_bytes(content if isinstance(content, bytes) else content.SerializeToString())
        return path

    return write


def external_tensor() -> onnx.TensorProto:
    tensor = TensorProto(name="weight", data_type=TensorProto.FLOAT, dims=[1, 3, 1, 1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/passwd")
    return tensor


def loop_nodes() -> list[Any]:
    body = helper.make_graph(
        [helper.make_node("Identity", ["go"], ["again"])],
        "body",
        [
            helper.make_tensor_value_info("n", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
        ],
        [helper.make_tensor_value_info("again", TensorProto.BOOL, [])],
    )
    return [helper.make_node("Loop", ["", ""], ["ab"], body=body)]


def model_with_functions() -> onnx.ModelProto:
    result = model(domains=("", "mine"))
    result.functions.append(
        helper.make_function(
            "mine", "F", ["x"], ["y"], [helper.make_node("Identity", ["x"], ["y"])], [helper.make_opsetid("", 18)]
        )
    )
    return result


def nan_tensor() -> onnx.TensorProto:
    return numpy_helper.from_array(np.array([1, np.nan, 1], np.float32).reshape(1, 3, 1, 1), "weight")


def external_constant_nodes() -> list[Any]:
    return [
        helper.make_node("Constant", [], ["constant"], value=external_tensor()),
        helper.make_node("Mul", ["rgb", "constant"], ["ab"]),
    ]


INVALID: dict[str, tuple[Callable[[], onnx.ModelProto | bytes], str]] = {
    "empty": (lambda: b"", "is damaged or not an ONNX file"),
    "text": (lambda: b"this is no model", "is damaged or not an ONNX file"),
    "zip": (lambda: b"PK\x03\x04" + bytes(100), "is damaged or not an ONNX file"),
    "truncated": (lambda: model().SerializeToString()[:-90], "is damaged or not an ONNX file"),
    "endless varint": (lambda: b"\x08" + b"\xff" * 50, "is damaged or not an ONNX file"),
    "external weights": (lambda: model(weight=external_tensor()), "was refused: it keeps weights in another file"),
    "external constant": (lambda: model(external_constant_nodes()), "was refused: it keeps weights in another file"),
    "loop": (lambda: model(loop_nodes()), "was refused: it contains a loop or branch ('Loop')"),
    "functions": (model_with_functions, "was refused: it defines functions"),
    "custom domain": (
        lambda: model(
            [helper.make_node("EPContext", ["rgb"], ["ab"], domain="com.microsoft")],
            domains=("", "com.microsoft"),
        ),
        "was refused: it needs 'EPContext', which is not a standard operator",
    ),
    "unknown operator": (
        lambda: model([helper.make_node("Magic", ["rgb"], ["ab"])]),
        "cannot be loaded by onnxruntime",
    ),
    "NaN": (lambda: model(weight=nan_tensor()), "contains NaN or infinite weights"),
    "no metadata": (lambda: model(metadata=None), "was not written by `colorgan export`"),
    "metadata of another type": (
        lambda: model(metadata="[1, 2]"),
        "this version of colorgan cannot read",
    ),
    "metadata that is not JSON": (
        lambda: model(metadata="{" * 9999),
        "this version of colorgan cannot read",
    ),
    "newer format": (
        lambda: model(metadata={**METADATA, "format": 4}),
        "this version of colorgan cannot read",
    ),
    "absurd size": (lambda: model(metadata={**METADATA, "size": 10**9}), "from 1 to 2048, received 1000000000"),
    "color bins of another type": (
        lambda: model(metadata={**METADATA, "color_bins": [[0, 0], ["a", 1]]}),
        "color_bins must be pairs",
    ),
    "too many color bins": (lambda: model(metadata={**METADATA, "color_bins": [[0, 0]] * 2001}), "color_bins must be"),
    "color bins without their output": (
        lambda: model(metadata={**METADATA, "color_bins": [[0, 0]]}),
        "is not an exported colorizer",
    ),
    "size that is not a number": (lambda: model(metadata={**METADATA, "size": "big"}), "received 'big'"),
    "additional input": (
        lambda: model(inputs=[image_info("rgb"), image_info("x")]),
        "its inputs are rgb ['batch', 3, 'height', 'width'], x",
    ),
    "missing hints": (
        lambda: model(metadata={**METADATA, "takes_hints": True}),
        "instead of rgb (B, 3, H, W) and hints (B, 4, H, W)",
    ),
    "fixed batch": (lambda: model(inputs=[image_info("rgb", batch=1)]), "is not an exported colorizer"),
}


def test_minimal_model_colorizes(file: Callable[..., Path]) -> None:
    colorizer = open_model(file(model()), "auto")
    assert isinstance(colorizer, OnnxColorizer)
    assert (colorizer.size, colorizer.takes_hints) == (32, False)
    colorized = np.asarray(colorizer.colorize(picture(0, 30, 50)))
    assert colorized.shape == (30, 50, 3)
    assert (colorized[..., 0].astype(int) - colorized[..., 2]).mean() > 10


@pytest.mark.parametrize("kind", INVALID)
def test_invalid_files_are_refused_in_one_line(kind: str, file: Callable[..., Path]) -> None:
    make, expected = INVALID[kind]
    path = file(make())
    with pytest.raises(CheckpointError) as caught:
        OnnxColorizer(path)
    message = str(caught.value)
    assert expected in message
    assert message.startswith(str(path))
    assert "\n" not in message
    assert len(message) < 400


def test_truncation_at_any_length_is_refused(file: Callable[..., Path]) -> None:
    data = model(metadata={**METADATA, "takes_hints": True}).SerializeToString()
    for length in range(0, len(data), 7):
        with pytest.raises(CheckpointError):
            OnnxColorizer(file(data[:length]))


def test_missing_and_too_large_files_are_refused(tmp_path: Path, file: Callable[..., Path], monkeypatch: Any) -> None:
    with pytest.raises(CheckpointError, match=r"none\.onnx does not exist; give an \.onnx file"):
        OnnxColorizer(tmp_path / "none.onnx")
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(CheckpointError, match=r"folder\.onnx is not a file"):
        open_model(tmp_path / "folder.onnx")
    monkeypatch.setattr(file_check, "_MAX_BYTES", 10)
    with pytest.raises(CheckpointError, match="larger than 1 GiB"):
        OnnxColorizer(file(model()))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="file permissions are not enforced")
def test_unreadable_file_is_refused(file: Callable[..., Path]) -> None:
    path = file(model())
    path.chmod(0)
    with pytest.raises(CheckpointError, match="cannot be read"):
        OnnxColorizer(path)


def test_invalid_output_is_an_error(file: Callable[..., Path]) -> None:
    half = helper.make_node("AveragePool", ["rgb"], ["ab"], kernel_shape=[2, 2], strides=[2, 2])
    with pytest.raises(ColorganError, match=r"predicted no valid colors for images of shape \(1, 3, 64, 64\)"):
        OnnxColorizer(file(model([half]))).colorize(picture(0, 30, 50))
    fixed = numpy_helper.from_array(np.array([1, 2, 64, 64]), "shape")  # the size at which it is tried out
    convolution = helper.make_node("Conv", ["rgb", "to_ab"], ["any"])
    reshape = helper.make_node("Reshape", ["any", "shape"], ["ab"])
    with pytest.raises(ColorganError, match=r"model\.onnx cannot be run by onnxruntime"):
        OnnxColorizer(file(model([convolution, reshape], weight=fixed))).colorize(picture(0, 30, 50))
    root = [helper.make_node("Neg", ["rgb"], ["below"]), helper.make_node("Sqrt", ["below"], ["ab"])]
    with pytest.raises(ColorganError, match="predicted no valid colors"):
        OnnxColorizer(file(model(root))).colorize(picture(0, 30, 50))


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("cuda", "the device 'cuda' is not available (onnxruntime-gpu is not installed); try cpu"),
        ("mps", "the device 'mps' is not available (an .onnx file runs on cpu or cuda); try cpu"),
        ("cpu:1", "the device 'cpu:1' is not available"),
    ],
)
def test_unavailable_devices_are_refused(
    device: str, message: str, file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ColorganError) as caught:
        open_model(file(model()), device)
    assert message in str(caught.value)


def test_silent_fallback_to_the_cpu_is_an_error(file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the CUDA libraries, onnxruntime falls back to the CPU and only warns."""
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    with (
        pytest.warns(UserWarning, match="CUDAExecutionProvider"),
        pytest.raises(ColorganError, match="the device 'cuda:1' is not available to onnx"),
    ):
        open_model(file(model()), "cuda:1")


def test_missing_onnxruntime_is_named(file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(CheckpointError, match=r"needs onnxruntime, which is not installed: pip install onnxruntime"):
        open_model(file(model()))


def test_torch_export_programs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"model\.pt2 was refused, because torch\.export\.load can run code"):
        open_model(tmp_path / "model.pt2")


def test_command_names_the_invalid_file(file: Callable[..., Path], tmp_path: Path, capsys: Any) -> None:
    picture(0).save(tmp_path / "a.png")
    path = file(model(weight=external_tensor()))
    assert main(["colorize", str(tmp_path / "a.png"), "-o", str(tmp_path / "out"), "--checkpoint", str(path)]) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[-1] == f"error: {path} was refused: it keeps weights in another file; export it into one file"
    assert not (tmp_path / "out").exists()


def grow(operator: str) -> list[Any]:
    """Nodes that need ever more memory, in a file of a kilobyte."""
    nodes, name = [], "rgb"
    for number in range(25):
        nodes.append(helper.make_node(operator, [name, name], [f"grown_{number}"], axis=2))
        name = f"grown_{number}"
    largest = helper.make_node("ReduceMax", [name], ["largest"], keepdims=0)
    convolution = helper.make_node("Conv", ["rgb", "to_ab"], ["any"])
    return [*nodes, largest, convolution, helper.make_node("Add", ["any", "largest"], ["ab"])]


def test_models_that_need_much_memory_are_refused(file: Callable[..., Path]) -> None:
    with pytest.raises(CheckpointError, match=r"refused: it cannot colorize 64 x 64 pixels within 256 MiB and 10 s"):
        OnnxColorizer(file(model(grow("Concat"))))


def test_models_of_many_nodes_are_refused(file: Callable[..., Path]) -> None:
    nodes = [helper.make_node("Neg", ["rgb"], [f"n{number}"]) for number in range(20_001)]
    with pytest.raises(CheckpointError, match="more than any exported colorizer"):
        OnnxColorizer(file(model([*nodes, helper.make_node("Conv", ["rgb", "to_ab"], ["ab"])])))


def test_sparse_weights_are_refused(file: Callable[..., Path]) -> None:
    huge = model()
    huge.graph.sparse_initializer.add(dims=[1 << 40])
    with pytest.raises(CheckpointError, match="sparse weights"):
        OnnxColorizer(file(huge))


def test_a_changed_byte_of_a_sealed_model_is_found(file: Callable[..., Path]) -> None:
    content = model().SerializeToString()
    original = sealed(content)
    assert OnnxColorizer(file(original)).size
    assert onnx.load_from_string(original).metadata_props[-1].key == "colorgan-sha256"
    for position in (0, len(content) // 2, len(content) - 1):
        data = bytearray(original)
        data[position] ^= 1
        with pytest.raises(CheckpointError, match="is damaged"):
            OnnxColorizer(file(bytes(data)))


def test_images_one_by_one_are_those_of_one_call() -> None:
    images = np.random.default_rng(0).random((3, 3, 48, 40), dtype=np.float32)
    colorizer = OnnxColorizer(shipped_model() / ONNX)
    hints = np.zeros((3, 4, 48, 40), np.float32)
    (expected,) = onnxruntime.InferenceSession(shipped_model() / ONNX).run(["ab"], {"rgb": images, "hints": hints})
    np.testing.assert_allclose(colorizer.run_network(images), expected, rtol=0, atol=1e-4)
    assert colorizer.run_network(images[:0]).shape == (0, 2, 48, 40)
