"""Values that are not finite never reach a checkpoint."""

import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from colorgan.errors import TrainingDivergedError
from colorgan.training import ChromaRegressor
from colorgan.training.callbacks import LastCheckpoint
from colorgan.training.divergence import DivergenceCheck, check_saved_tensors, gradient_norm
from tests.attacks.training_faults import Float16OnCPU
from tests.helpers import parameters

Make = Callable[..., Any]
NAN = math.nan


def spoil_gradient(network: torch.nn.Module, call: int, value: float) -> None:
    """Makes one gradient infinite or NaN, from the given backward pass on."""
    count = iter(range(10_000))
    next(network.parameters()).register_hook(lambda gradient: gradient * (value if next(count) >= call else 1))


@pytest.mark.parametrize("value", [NAN, math.inf])
@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("network", ["generator", "discriminator"])
def test_step_is_not_taken_with_a_gradient_that_is_not_finite(
    tiny_model: Make, fit: Make, tmp_path: Path, network: str, precision: str, value: float
) -> None:
    model = tiny_model(ema_decay=0.5)
    spoil_gradient(model.colorizer.generator if network == "generator" else model.discriminator, 1, value)
    last = LastCheckpoint(dirpath=str(tmp_path))
    with pytest.raises(TrainingDivergedError, match=rf"a gradient of the {network} became NaN or infinite in epoch 0"):
        fit(model, photos=8, precision=precision, callbacks=[last], enable_checkpointing=True)
    assert all(weights.isfinite().all() for weights in parameters(model))
    assert not list(tmp_path.glob("*.ckpt"))


def test_gradients_are_clipped_by_the_norm_that_is_checked(tiny_model: Make, fit: Make) -> None:
    model = tiny_model(gradient_clip=1.0)
    spoil_gradient(model.colorizer.generator, 0, math.inf)
    with pytest.raises(TrainingDivergedError, match="a gradient of the generator"):
        fit(model)
    assert all(weights.isfinite().all() for weights in parameters(model))


def test_regressor_is_checked_too(fit: Make) -> None:
    model = ChromaRegressor(num_downsamples=2)
    spoil_gradient(model, 0, NAN)
    with pytest.raises(TrainingDivergedError, match="a gradient of the network became NaN"):
        fit(model)
    assert all(weights.isfinite().all() for weights in parameters(model))


@pytest.mark.parametrize(("epochs", "diverges"), [(2, False), (40, True)])
def test_float16_skips_steps_unless_all_are_infinite(tiny_model: Make, fit: Make, epochs: int, diverges: bool) -> None:
    model = tiny_model(discriminator=None)
    spoil_gradient(model.colorizer.generator, 1, math.inf)
    run = functools.partial(fit, model, photos=4, max_epochs=epochs, limit_val_batches=0, plugins=[Float16OnCPU()])
    if diverges:
        with pytest.raises(TrainingDivergedError, match="a gradient of the generator"):
            run()
    else:
        run()
    assert all(weights.isfinite().all() for weights in parameters(model))


@pytest.mark.parametrize("where", ["weight", "buffer", "optimizer"])
def test_nothing_that_is_not_finite_is_saved(tiny_model: Make, fit: Make, tmp_path: Path, where: str) -> None:
    """Also after the last step, when no loss and no gradient is computed any more."""
    model = tiny_model()

    class Spoil(LastCheckpoint):
        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            generator = model.colorizer.generator
            if where == "optimizer":
                next(iter(trainer.optimizers[1].state.values()))["exp_avg_sq"].fill_(math.inf)
            else:
                next(getattr(generator, f"{where}s" if where == "buffer" else "parameters")()).data.fill_(NAN)
            super().on_train_epoch_end(trainer, pl_module)

    with pytest.raises(TrainingDivergedError, match=rf"the {'state exp_avg_sq' if where == 'optimizer' else where} "):
        fit(model, callbacks=[Spoil(dirpath=str(tmp_path))], enable_checkpointing=True)
    assert not list(tmp_path.glob("*.ckpt*"))


def test_masks_of_attention_may_be_saved(tiny_model: Make) -> None:
    model = tiny_model()
    model.register_buffer("mask", torch.full((2, 2), -math.inf))
    model.register_buffer("steps", torch.tensor(3))
    check_saved_tensors(model, {})
    model.mask.fill_(math.inf)
    with pytest.raises(TrainingDivergedError, match="the buffer mask"):
        check_saved_tensors(model, {})


def test_large_values_may_be_saved(tiny_model: Make) -> None:
    """Their squares, of which a norm is computed, are infinite."""
    model = tiny_model()
    next(model.parameters()).data.fill_(1e30)
    check_saved_tensors(model, {})


def test_norm_is_that_of_all_gradients() -> None:
    weights = [
        torch.nn.Parameter(torch.zeros(2)),
        torch.nn.Parameter(torch.zeros(1)),
        torch.nn.Parameter(torch.ones(1)),
    ]
    weights[0].grad, weights[1].grad = torch.tensor([2.0, 3.0]), torch.tensor([6.0])
    assert gradient_norm(weights) == 7


def test_scaled_gradients_may_be_infinite_for_a_while() -> None:
    def note(check: DivergenceCheck, norms: list[float]) -> None:
        for norm in norms:
            check.note_gradients("network", torch.tensor(norm), scaled=True)

    check = DivergenceCheck()
    note(check, [math.inf] * 30 + [1.0] + [math.inf] * 30)
    check.check(epoch=0)
    note(check, [NAN])
    with pytest.raises(TrainingDivergedError, match="in epoch 4"):
        check.check(epoch=4)


def test_first_cause_is_named() -> None:
    check = DivergenceCheck()
    loss: Tensor = torch.tensor(NAN)
    check.note_loss(loss)
    check.note_gradients("network", torch.tensor(NAN), scaled=False)
    with pytest.raises(TrainingDivergedError, match="^a loss became NaN"):
        check.check(epoch=0)
