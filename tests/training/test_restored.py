import pytest
import torch
from torch import Tensor

from colorgan.errors import CheckpointError
from colorgan.training.restored import check_optimizer_states


def optimizer_with(value: Tensor) -> torch.optim.Optimizer:
    weight = torch.nn.Parameter(torch.ones(4, 3, 2, 2))
    optimizer = torch.optim.Adam([weight])
    weight.grad = torch.ones_like(weight)
    optimizer.step()
    optimizer.state[weight]["exp_avg"] = value
    return optimizer


def test_states_of_the_weights_shapes_are_accepted() -> None:
    value = torch.ones(4, 3, 2, 2)
    check_optimizer_states([optimizer_with(value), optimizer_with(value.to(memory_format=torch.channels_last))])


@pytest.mark.parametrize(
    "value",
    [
        torch.ones(17),
        torch.ones(1),
        torch.tensor(1.0),
        torch.ones(4, 3, 2, 3),
        torch.ones(2, 4, 3, 2, 2),
        torch.ones(100)[99:].as_strided((4, 3, 2, 2), (0, 0, 0, 0)),
        torch.ones(4, 3, 2, 4)[..., ::2],
    ],
)
def test_other_states_are_refused(value: Tensor) -> None:
    with pytest.raises(CheckpointError, match=r"exp_avg of an optimizer is \(.*, its weight \(4, 3, 2, 2\)"):
        check_optimizer_states([optimizer_with(value)])


def test_optimizers_of_torch_are_accepted() -> None:
    for make in (torch.optim.Adafactor, torch.optim.SGD, torch.optim.RMSprop, torch.optim.Adagrad, torch.optim.Rprop):
        weight = torch.nn.Parameter(torch.ones(4, 3))
        optimizer = make([weight], lr=0.1)
        weight.grad = torch.ones_like(weight)
        optimizer.step()
        check_optimizer_states([optimizer])
