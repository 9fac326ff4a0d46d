import inspect
import itertools
import logging
from collections.abc import Callable
from typing import Any, get_args

import lightning.pytorch
import pytest
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.plugins import DoublePrecision
from lightning.pytorch.strategies import FSDPStrategy

from colorgan.errors import ColorganError
from colorgan.training import Trainer
from colorgan.training.trainer import PrecisionOption

QUIET: dict[str, Any] = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}


@pytest.fixture
def fast_bfloat16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colorgan.training.precision.bfloat16_speedup", lambda: 2.0)


@pytest.mark.usefixtures("fast_bfloat16")
@pytest.mark.parametrize("accelerator", ["cpu", CPUAccelerator()])
def test_choice_is_the_trainers_precision_and_said_once(accelerator: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        trainer = Trainer(accelerator=accelerator, **QUIET)
    assert trainer.precision == "bf16-mixed"
    lines = [record.getMessage() for record in caplog.records if "precision" in record.getMessage()]
    assert lines == [
        "precision bf16-mixed: convolutions are 2.0 times as fast as in float32 here "
        "(--trainer.precision 32-true turns it off)"
    ]


@pytest.mark.usefixtures("fast_bfloat16")
def test_given_precision_is_used() -> None:
    assert Trainer(accelerator="cpu", precision="32-true", **QUIET).precision == "32-true"
    assert Trainer(accelerator="cpu", precision=None, **QUIET).precision == "32-true"


@pytest.mark.usefixtures("fast_bfloat16")
@pytest.mark.parametrize("as_list", [False, True])
def test_precision_of_a_plugin_is_used(as_list: bool) -> None:
    plugin = DoublePrecision()
    trainer = Trainer(accelerator="cpu", plugins=[plugin] if as_list else plugin, **QUIET)
    assert trainer.precision == "64-true"


def options(union: Any) -> set[Any]:
    return {*itertools.chain.from_iterable(get_args(literal) for literal in get_args(union))}


def test_options_are_those_of_lightning() -> None:
    lightnings = inspect.signature(lightning.pytorch.Trainer).parameters["precision"].annotation
    assert options(PrecisionOption) == {"auto", *options(lightnings)}


@pytest.mark.usefixtures("fast_bfloat16")
def test_checkpoint_notes_the_precision(tiny_model: Callable[..., Any], tmp_path: Any, fit: Callable[..., Any]) -> None:
    from colorgan.inference import checkpoint

    for precision in ("bf16-mixed", "32-true"):
        fit(tiny_model(), precision=precision).save_checkpoint(tmp_path / "model.ckpt")
        assert checkpoint.read(tmp_path / "model.ckpt")["precision"] == precision


@pytest.mark.parametrize("strategy", ["fsdp", "fsdp_cpu_offload", "deepspeed_stage_2", FSDPStrategy()])
def test_strategies_that_divide_weights_are_refused(strategy: Any) -> None:
    with pytest.raises(ColorganError, match=r"^trainer\.strategy=\w+ divides .* two in turn: use ddp_find_unused"):
        Trainer(accelerator="cpu", strategy=strategy, **QUIET)
