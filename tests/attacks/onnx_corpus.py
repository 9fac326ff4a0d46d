"""Hostile ONNX files: small, well-formed, and asking for much memory, time or more than colorization."""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from colorgan.inference.onnx.colorizer import FORMAT

METADATA = {"format": FORMAT, "size": 64, "takes_hints": False}


def _image(name: str, channels: int) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", channels, "height", "width"])


def _model(nodes: list[Any], metadata: Any = METADATA, **constants: Any) -> bytes:
    """A model whose ``ab`` is gray plus the largest value of ``grown``, which ``nodes`` compute."""
    constants["to_ab"] = np.zeros((2, 3, 1, 1), np.float32)
    graph = helper.make_graph(
        [
            *nodes,
            helper.make_node("Cast", ["grown"], ["numbers"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMax", ["numbers"], ["largest"], keepdims=0),
            helper.make_node("Conv", ["rgb", "to_ab"], ["gray"]),
            helper.make_node("Add", ["gray", "largest"], ["ab"]),
            helper.make_node("Identity", ["rgb"], ["colorized"]),
        ],
        "graph",
        [_image("rgb", 3)],
        [_image("colorized", 3), _image("ab", 2)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    helper.set_model_props(model, {"colorgan": metadata if isinstance(metadata, str) else json.dumps(metadata)})
    content: bytes = model.SerializeToString()
    return content


def _doubled(axis: int) -> list[Any]:
    names = ["rgb", *(f"grown_{number}" for number in range(29)), "grown"]
    return [helper.make_node("Concat", [one, one], [other], axis=axis) for one, other in pairwise(names)]


_PLAIN = [helper.make_node("Neg", ["rgb"], ["grown"])]
_RANGE = [
    helper.make_node("Range", ["start", "end", "step"], ["column"]),
    helper.make_node("Unsqueeze", ["column", "axis"], ["row"]),
    helper.make_node("Add", ["column", "row"], ["grown"]),
]

ONNX: dict[str, Callable[[], bytes]] = {
    "constant": lambda: _model([helper.make_node("ConstantOfShape", ["shape"], ["grown"])], shape=[1 << 31]),
    "huge constant": lambda: _model([helper.make_node("ConstantOfShape", ["shape"], ["grown"])], shape=[1 << 50]),
    "tiles": lambda: _model([helper.make_node("Tile", ["rgb", "times"], ["grown"])], times=[1, 1, 100, 100]),
    "many tiles": lambda: _model([helper.make_node("Tile", ["rgb", "times"], ["grown"])], times=[1, 1, 1 << 20, 99]),
    "expanded": lambda: _model([helper.make_node("Expand", ["one", "shape"], ["grown"])], one=[1.0], shape=[1 << 33]),
    "doubled": lambda: _model(_doubled(2)),
    "doubled channels": lambda: _model(_doubled(1)),
    "outer sum": lambda: _model(_RANGE, start=0, end=60_000, step=1, axis=[1]),
    "endless range": lambda: _model(_RANGE, start=0, end=1 << 60, step=1, axis=[1]),
    "enlarged": lambda: _model(
        [helper.make_node("Resize", ["rgb", "", "scales"], ["grown"])], scales=np.array([1, 1, 500, 500], np.float32)
    ),
    "padded": lambda: _model([helper.make_node("Pad", ["rgb", "pads"], ["grown"])], pads=[0, 0, 1 << 22, 0] * 2),
    "random": lambda: _model([helper.make_node("RandomNormal", [], ["grown"], shape=[1 << 32])]),
    "many nodes": lambda: _model([*_PLAIN, *(helper.make_node("Neg", ["rgb"], [f"n{n}"]) for n in range(30_000))]),
    "size 4096": lambda: _model(_PLAIN, {**METADATA, "size": 4096}),
    "size -1": lambda: _model(_PLAIN, {**METADATA, "size": -1}),
    "deep description": lambda: _model(_PLAIN, "[" * 200_000),
    "no description": lambda: _model(_PLAIN, "{}"),
    "noise": lambda: np.random.default_rng(0).bytes(5000),
    "empty": lambda: b"",
    "many fields": lambda: b"\x10\x00" * 4_000_000,
    "long integer": lambda: b"\xff" * 100,
}


def onnx_files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Writes all of them into a folder."""
    for name, make in ONNX.items():
        file = folder / f"{name}.onnx"
        file.write_bytes(make())
        yield name, file
