"""Errors of a resumed run: which of them come from its checkpoint."""

from collections.abc import Callable

import pytest
import torch
from lightning.pytorch.callbacks import EarlyStopping

from colorgan.cli.trainer.restoring import is_restoring_error, shapes_of
from colorgan.errors import ColorganError


def raised(function: Callable[[], object]) -> Exception:
    try:
        function()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def step_without_betas() -> None:
    weight = torch.nn.Parameter(torch.ones(1))
    optimizer = torch.optim.Adam([weight])
    del optimizer.param_groups[0]["betas"]
    weight.grad = torch.ones(1)
    optimizer.step()


def stop_early() -> None:
    EarlyStopping("val/l1").load_state_dict({})


@pytest.mark.parametrize("function", [step_without_betas, stop_early])
def test_errors_of_restored_objects_are_recognized(function: Callable[[], object]) -> None:
    assert is_restoring_error(raised(function))


def fail_ourselves() -> None:
    shapes_of({"weight": "text"})  # type: ignore[dict-item]


def refuse() -> None:
    raise ColorganError("no")


@pytest.mark.parametrize("function", [fail_ourselves, refuse])
def test_other_errors_are_not(function: Callable[[], object]) -> None:
    assert not is_restoring_error(raised(function))
    assert not is_restoring_error(KeyboardInterrupt())
