import pytest
import torch
from torch import nn

from colorgan.models.generators import PlainCNN
from tests.models.contract import parameter_count
from tests.models.generators.contract import GeneratorContract


class TestPlainCNN(GeneratorContract):
    network = PlainCNN
    variants = [
        {"layers": 1},
        {"layers": 4, "kernel_size": 3},
        {"kernel_size": 4},
        {"kernels": 16, "tanh": True},
        {"norm": "batch"},
    ]


def test_parameter_count_of_the_published_baseline() -> None:
    """Two layers, kernel 5, 4 kernels, gray to RGB: 4·(25+1) + 3·(4·25+1)."""
    assert parameter_count(lambda: PlainCNN(1, 3, layers=2, kernel_size=5, kernels=4)) == 104 + 303


def test_clipped_output_has_the_gradient_of_a_linear_one() -> None:
    torch.manual_seed(0)
    network = PlainCNN(1, 2)
    with torch.no_grad():
        network.layers[-1].bias.fill_(3.0)
    x = torch.rand(1, 1, 8, 8)
    linear: torch.Tensor = network.layers(x)
    assert linear.min() > 1
    assert torch.equal(network(x), torch.ones(1, 2, 8, 8))
    network(x).sum().backward()
    bias = network.layers[-1].bias
    assert torch.equal(bias.grad, torch.full((2,), 64.0))


@pytest.mark.parametrize("tanh", [True, False])
def test_tanh_is_optional(tanh: bool) -> None:
    assert any(isinstance(module, nn.Tanh) for module in PlainCNN(1, 3, tanh=tanh).modules()) == tanh


@pytest.mark.parametrize("argument", ["layers", "kernel_size", "kernels"])
def test_rejects_arguments_below_one(argument: str) -> None:
    with pytest.raises(ValueError, match=f"{argument} must be an integer of at least 1, received 0"):
        PlainCNN(1, 2, **{argument: 0})  # type: ignore[arg-type]
