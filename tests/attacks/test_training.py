"""One of each kind of what goes wrong in the middle of a training; ``tests/soak/test_training.py`` tries hundreds."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.training_faults import SIGNALS
from tests.attacks.training_runs import (
    FIT,
    assert_diverged,
    assert_file_named,
    assert_stopped,
    end,
    make_place,
    precision_options,
)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the guard forks")


@pytest.mark.parametrize(
    ("phase", "number"),
    [
        ("decoding", SIGNALS[0]),
        ("sanity check", SIGNALS[1]),
        ("between the networks", SIGNALS[2]),
        ("sheet", SIGNALS[3]),
    ],
)
def test_signal(tmp_path: Path, phase: str, number: int) -> None:
    ending = end(make_place(tmp_path), {"kind": "signal", "phase": phase, "number": number})
    assert_stopped(ending, number, phase)


@pytest.mark.parametrize(
    ("file", "operation", "error"),
    [
        ("metrics.csv", "open", "EROFS"),
        ("epoch_*.png", "sync", "EIO"),
        ("best.ckpt", "replace", "EDQUOT"),
        ("last.ckpt", "write", "ENOSPC"),
    ],
)
def test_file_that_cannot_be_written(tmp_path: Path, file: str, operation: str, error: str) -> None:
    fault = {"kind": "write", "file": file, "operation": operation, "error": error, "nth": 0}
    ending = end(make_place(tmp_path), fault)
    assert ending.exit_code == 1
    assert_file_named(ending, fault)


@pytest.mark.parametrize(
    ("where", "network", "batch", "precision"),
    [("gradient", "generator", 5, "32-true"), ("weight", "discriminator", 2, "bf16-mixed")],
)
def test_value_that_is_not_finite(tmp_path: Path, where: str, network: str, batch: int, precision: str) -> None:
    fault: dict[str, Any] = {"kind": "value", "where": where, "network": network, "batch": batch}
    ending = end(make_place(tmp_path), fault, *FIT, *precision_options(precision))
    assert_diverged(ending, fault, precision)
