"""Gives the hints of an ONNX model a default, so that programs that know nothing of hints can run it."""

from typing import Any

import numpy as np

HINTS = "hints"
"""The input, (B, 4, H, W): L*, a*, b* and a mask."""

_EXPANDED = "hints.expanded"


def accept_any_hints(model: Any) -> None:
    """Lets the hints have a size of 1 in any dimension but the second; they are then repeated.

    One photo's hints serve a whole batch, and (1, 4, 1, 1) zeros are no hints for photos of any size.

    Args:
        model: an ``onnx.ModelProto`` with the inputs ``rgb`` and ``hints``, which is changed.
    """
    from onnx import helper, numpy_helper

    graph = model.graph
    (entry,) = (entry for entry in graph.input if entry.name == HINTS)
    for axis, name in ((0, "hints_batch"), (2, "hints_height"), (3, "hints_width")):
        entry.type.tensor_type.shape.dim[axis].dim_param = name
    for node in graph.node:
        node.input[:] = [_EXPANDED if name == HINTS else name for name in node.input]
    shape = [f"{_EXPANDED}.{part}" for part in ("batch", "channels", "sides", "shape")]
    graph.initializer.append(numpy_helper.from_array(np.array([4], np.int64), shape[1]))
    nodes = [
        helper.make_node("Shape", ["rgb"], [shape[0]], start=0, end=1),
        helper.make_node("Shape", ["rgb"], [shape[2]], start=2, end=4),
        helper.make_node("Concat", shape[:3], [shape[3]], axis=0),
        helper.make_node("Expand", [HINTS, shape[3]], [_EXPANDED]),
        *graph.node,
    ]
    del graph.node[:]
    graph.node.extend(nodes)


def default_to_no_hints(model: Any) -> None:
    """Makes the hints an optional input: an initializer of the same name is its default (ONNX IR 4 and later)."""
    from onnx import numpy_helper

    model.graph.initializer.append(numpy_helper.from_array(np.zeros((1, 4, 1, 1), np.float32), HINTS))
