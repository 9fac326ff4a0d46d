import pytest
import torch

from colorgan.errors import ColorganError
from colorgan.training.learning_rates import ConstantThenLinear


def optimizer_of(*rates: float) -> torch.optim.SGD:
    return torch.optim.SGD([{"params": [torch.zeros(1)], "lr": rate} for rate in rates])


def rates_of(optimizer: torch.optim.SGD, scheduler: ConstantThenLinear, epochs: int) -> list[list[float]]:
    rates = []
    for _ in range(epochs):
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return rates


def test_schedule_of_the_paper() -> None:
    """100 epochs at 2e-4, then a linear decay over 100 more, for each parameter group from its own rate."""
    optimizer = optimizer_of(2e-4, 1e-2)
    rates = rates_of(optimizer, ConstantThenLinear(optimizer), 203)
    expected = [[rate * min(1, max(0, (200 - epoch) / 100)) for rate in (2e-4, 1e-2)] for epoch in range(203)]
    assert rates == [pytest.approx(pair) for pair in expected]
    assert rates[100] == [2e-4, 1e-2]
    assert rates[200] == [0, 0]


def test_schedule_resumes_where_it_stopped() -> None:
    first, whole = optimizer_of(1.0), optimizer_of(1.0)
    expected = rates_of(whole, ConstantThenLinear(whole, constant=2, decay=4), 7)
    scheduler = ConstantThenLinear(first, constant=2, decay=4)
    rates_of(first, scheduler, 3)
    second = optimizer_of(1.0)
    resumed = ConstantThenLinear(second, constant=2, decay=4)
    resumed.load_state_dict(scheduler.state_dict())
    second.load_state_dict(first.state_dict())
    assert rates_of(second, resumed, 4) == expected[3:]


@pytest.mark.parametrize(("constant", "decay"), [(-1, 10), (10, 0)])
def test_rejects_arguments_out_of_range(constant: int, decay: int) -> None:
    with pytest.raises(ColorganError, match=f"constant >= 0 and decay >= 1, received {constant} and {decay}"):
        ConstantThenLinear(optimizer_of(1.0), constant, decay)
