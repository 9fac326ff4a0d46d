"""Files that claim to be exported models, from strangers."""

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
from colorgan.inference.onnx import file as onnx_file
from colorgan.inference.onnx.colorizer import OnnxColorizer
from colorgan.inference.open_model import open_model
from tests.helpers import picture

ABOUT = {"format": 2, "colorgan": "0.1.0", "size": 32, "takes_hints": False}


def value(name: str, channels: int = 3, kind: int = TensorProto.FLOAT, batch: Any = "batch") -> Any:
    return helper.make_tensor_value_info(name, kind, [batch, channels, "height", "width"])


def model(
    nodes: list[Any] | None = None,
    inputs: list[Any] | None = None,
    about: Any = ABOUT,
    weight: Any = None,
    domains: tuple[str, ...] = ("",),
    output: Any = None,
) -> onnx.ModelProto:
    """Colors everything warm: the least model there is."""
    tensor = numpy_helper.from_array(np.array([1, 0.9, 0.7], np.float32).reshape(1, 3, 1, 1), "weight")
    to_ab = numpy_helper.from_array(np.array([[[[0]]] * 3, [[[30]]] * 3], np.float32), "to_ab")
    nodes = nodes or [helper.make_node("Conv", ["rgb", "to_ab"], ["ab"])]
    graph = helper.make_graph(
        [*nodes, helper.make_node("Mul", ["rgb", "weight"], ["colorized"])],
        "graph",
        inputs or [value("rgb")],
        [output or value("colorized"), value("ab", 2)],
        [to_ab, tensor, *([] if weight is None else [weight])],
    )
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid(name, 18 if not name else 1) for name in domains]
    )
    made.ir_version = 10
    if about is not None:
        helper.set_model_props(made, {"colorgan": about if isinstance(about, str) else json.dumps(about)})
    return made


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    def write(made: onnx.ModelProto | bytes) -> Path:
        path = tmp_path / "model.onnx"
        path.write_bytes(made if isinstance(made, bytes) else made.SerializeToString())
        return path

    return write


def external(**_: Any) -> onnx.TensorProto:
    tensor = TensorProto(name="weight", data_type=TensorProto.FLOAT, dims=[1, 3, 1, 1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../../../etc/passwd")
    return tensor


def loop() -> list[Any]:
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


def with_functions() -> onnx.ModelProto:
    made = model(domains=("", "mine"))
    made.functions.append(
        helper.make_function(
            "mine", "F", ["x"], ["y"], [helper.make_node("Identity", ["x"], ["y"])], [helper.make_opsetid("", 18)]
        )
    )
    return made


def nan() -> onnx.TensorProto:
    return numpy_helper.from_array(np.array([1, np.nan, 1], np.float32).reshape(1, 3, 1, 1), "weight")


def constant_elsewhere() -> list[Any]:
    return [
        helper.make_node("Constant", [], ["constant"], value=external()),
        helper.make_node("Mul", ["rgb", "constant"], ["ab"]),
    ]


BAD: dict[str, tuple[Callable[[], onnx.ModelProto | bytes], str]] = {
    "empty": (lambda: b"", "is damaged or no ONNX file"),
    "text": (lambda: b"this is no model", "is damaged or no ONNX file"),
    "a zip": (lambda: b"PK\x03\x04" + bytes(100), "is damaged or no ONNX file"),
    "cut": (lambda: model().SerializeToString()[:-90], "is damaged or no ONNX file"),
    "an endless number": (lambda: b"\x08" + b"\xff" * 50, "is damaged or no ONNX file"),
    "external weights": (lambda: model(weight=external()), "keeps weights in another file"),
    "an external constant": (lambda: model(constant_elsewhere()), "keeps weights in another file"),
    "a loop": (lambda: model(loop()), "holds a loop or a branch ('Loop')"),
    "functions": (with_functions, "brings functions of its own"),
    "another domain": (
        lambda: model(
            [helper.make_node("EPContext", ["rgb"], ["ab"], domain="com.microsoft")],
            domains=("", "com.microsoft"),
        ),
        "needs the operator 'EPContext', which ONNX does not define",
    ),
    "an unknown operator": (
        lambda: model([helper.make_node("Magic", ["rgb"], ["ab"])]),
        "cannot be loaded by onnxruntime",
    ),
    "NaN": (lambda: model(weight=nan()), "holds NaN or infinite weights"),
    "no metadata": (lambda: model(about=None), "was not written by `colorgan export`"),
    "metadata of another kind": (lambda: model(about="[1, 2]"), "in a way that this version of colorgan does not know"),
    "metadata that is no JSON": (
        lambda: model(about="{" * 9999),
        "in a way that this version of colorgan does not know",
    ),
    "a later format": (
        lambda: model(about={**ABOUT, "format": 3}),
        "in a way that this version of colorgan does not know",
    ),
    "an absurd size": (lambda: model(about={**ABOUT, "size": 10**9}), "received 1000000000 and False"),
    "a size that is none": (lambda: model(about={**ABOUT, "size": "big"}), "received 'big' and False"),
    "another input": (
        lambda: model(inputs=[value("rgb"), value("x")]),
        "it takes rgb ['batch', 3, 'height', 'width'], x",
    ),
    "no hints": (
        lambda: model(about={**ABOUT, "takes_hints": True}),
        "instead of rgb (B, 3, H, W) and hints (B, 4, H, W)",
    ),
    "a fixed batch": (lambda: model(inputs=[value("rgb", batch=1)]), "is no exported colorizer"),
}


def test_the_least_model_colors(file: Callable[..., Path]) -> None:
    colorizer = open_model(file(model()), "auto")
    assert isinstance(colorizer, OnnxColorizer)
    assert (colorizer.size, colorizer.takes_hints) == (32, False)
    colored = np.asarray(colorizer.colorize(picture(0, 30, 50)))
    assert colored.shape == (30, 50, 3)
    assert (colored[..., 0].astype(int) - colored[..., 2]).mean() > 10


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_exported_model_is_refused_in_a_sentence(kind: str, file: Callable[..., Path]) -> None:
    make, sentence = BAD[kind]
    path = file(make())
    with pytest.raises(CheckpointError) as caught:
        OnnxColorizer(path)
    said = str(caught.value)
    assert sentence in said
    assert said.startswith(str(path))
    assert "\n" not in said
    assert len(said) < 400


def test_every_cut_is_a_sentence(file: Callable[..., Path]) -> None:
    """No length of a file that is cut short leaves anything but a refusal."""
    whole = model(about={**ABOUT, "takes_hints": True}).SerializeToString()
    for length in range(0, len(whole), 7):
        with pytest.raises(CheckpointError):
            OnnxColorizer(file(whole[:length]))


def test_files_that_are_not_there_and_too_large(tmp_path: Path, file: Callable[..., Path], monkeypatch: Any) -> None:
    with pytest.raises(CheckpointError, match=r"none\.onnx does not exist; give an \.onnx file"):
        OnnxColorizer(tmp_path / "none.onnx")
    (tmp_path / "folder.onnx").mkdir()
    with pytest.raises(CheckpointError, match=r"folder\.onnx is not a file"):
        open_model(tmp_path / "folder.onnx")
    monkeypatch.setattr(onnx_file, "_LARGEST", 10)
    with pytest.raises(CheckpointError, match="larger than 1 GiB"):
        OnnxColorizer(file(model()))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs permissions that bind")
def test_a_file_that_cannot_be_read(file: Callable[..., Path]) -> None:
    path = file(model())
    path.chmod(0)
    with pytest.raises(CheckpointError, match="cannot be read"):
        OnnxColorizer(path)


def test_a_model_that_gives_no_picture_is_named(file: Callable[..., Path]) -> None:
    half = helper.make_node("AveragePool", ["rgb"], ["ab"], kernel_shape=[2, 2], strides=[2, 2])
    with pytest.raises(ColorganError, match=r"predicted no colors for pictures of shape \(1, 3, 32, 53\)"):
        OnnxColorizer(file(model([half]))).colorize(picture(0, 30, 50))
    seven = numpy_helper.from_array(np.array([1, 3, 7, 7]), "shape")
    reshape = helper.make_node("Reshape", ["rgb", "shape"], ["ab"])
    with pytest.raises(ColorganError, match=r"model\.onnx cannot be run by onnxruntime"):
        OnnxColorizer(file(model([reshape], weight=seven))).colorize(picture(0, 30, 50))
    root = [helper.make_node("Neg", ["rgb"], ["below"]), helper.make_node("Sqrt", ["below"], ["ab"])]
    with pytest.raises(ColorganError, match="predicted no colors"):
        OnnxColorizer(file(model(root))).colorize(picture(0, 30, 50))


@pytest.mark.parametrize(
    ("device", "sentence"),
    [
        ("cuda", "the device 'cuda' cannot be used here (onnxruntime-gpu is not installed); try cpu"),
        ("mps", "the device 'mps' cannot be used here (an .onnx file runs on cpu or cuda); try cpu"),
        ("cpu:1", "the device 'cpu:1' cannot be used here"),
    ],
)
def test_devices_that_are_not_there(
    device: str, sentence: str, file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(ColorganError) as caught:
        open_model(file(model()), device)
    assert sentence in str(caught.value)


def test_a_gpu_that_onnxruntime_passes_over_is_not_passed_over(
    file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where CUDA's libraries are missing, onnxruntime falls back to the CPU without an error."""
    monkeypatch.setattr(
        onnxruntime, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    with (
        pytest.warns(UserWarning, match="CUDAExecutionProvider"),
        pytest.raises(ColorganError, match="the device 'cuda:1' cannot be used here by onnx"),
    ):
        open_model(file(model()), "cuda:1")


def test_onnxruntime_that_is_not_installed_is_named(file: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(
        CheckpointError, match=r"needs onnxruntime, which is not installed: pip install 'colorgan\[onnx\]'"
    ):
        open_model(file(model()))


def test_programs_of_torch_export_are_not_opened(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"model\.pt2 is not opened here, since torch\.export\.load can run code"):
        open_model(tmp_path / "model.pt2")


def test_the_command_names_a_bad_file(file: Callable[..., Path], tmp_path: Path, capsys: Any) -> None:
    picture(0).save(tmp_path / "a.png")
    path = file(model(weight=external()))
    assert main(["colorize", str(tmp_path / "a.png"), "-o", str(tmp_path / "out"), "--checkpoint", str(path)]) == 1
    said = capsys.readouterr().err.strip().splitlines()
    assert said[-1] == f"error: {path} keeps weights in another file, which is refused: export it into one file"
    assert not (tmp_path / "out").exists()
