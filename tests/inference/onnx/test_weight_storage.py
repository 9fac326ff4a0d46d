import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from colorgan.inference.onnx.weight_storage import store_exactly_in_half


def model(weights: np.ndarray) -> onnx.ModelProto:
    """Multiplies its input by weights."""
    info = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", weights.shape[0]]) for name in ("x", "y")]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "graph",
        info[:1],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", weights.shape[1]])],
        [numpy_helper.from_array(weights, "w")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    made.ir_version = 10
    return made


def run(made: onnx.ModelProto) -> np.ndarray:
    onnx.checker.check_model(made)
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": np.random.default_rng(1).standard_normal((3, 64), np.float32)})[0]


def test_values_that_fit_take_half_the_space_and_compute_the_same() -> None:
    weights = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float16).astype(np.float32)
    made = model(weights)
    expected, size = run(made), made.ByteSize()
    assert store_exactly_in_half(made) == 1
    np.testing.assert_array_equal(run(made), expected)
    assert made.ByteSize() < 0.6 * size
    assert made.graph.initializer[0].data_type == TensorProto.FLOAT16


@pytest.mark.parametrize("value", [0.1, 1e5, 1e-9], ids=["rounded", "overflows", "underflows"])
def test_one_value_that_does_not_fit_keeps_32_bits(value: float) -> None:
    weights = np.ones((64, 64), np.float32)
    weights[5, 6] = value
    made = model(weights)
    before = made.SerializeToString()
    assert store_exactly_in_half(made) == 0
    assert made.SerializeToString() == before


def test_small_tensors_are_kept() -> None:
    assert store_exactly_in_half(model(np.ones((64, 2), np.float32))) == 0
