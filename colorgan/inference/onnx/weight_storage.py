"""Stores the weights of an ONNX model in 16 bits where that loses nothing."""

from typing import Any

import numpy as np

_MIN_VALUES = 256
"""Smaller tensors are not worth a node of the graph."""


def store_exactly_in_half(model: Any) -> int:
    """Stores float32 weights as float16 where float16 holds their exact values, as it does in released models.

    A ``Cast`` node restores each of them. Runtimes evaluate it once, while they load the model, so that the model
    computes what it computed before, with the same speed, from a file of half the size.

    Args:
        model: an ``onnx.ModelProto``, which is changed.

    Returns:
        The number of tensors that are now stored as float16.
    """
    from onnx import TensorProto, helper, numpy_helper

    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            half = values.astype(np.float16)
        if values.size < _MIN_VALUES or not np.array_equal(half.astype(np.float32), values):
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(half, f"{name}.float16"))
        casts.append(helper.make_node("Cast", [tensor.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    return len(casts)
