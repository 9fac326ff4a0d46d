import functools
import itertools
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from lightning.pytorch.cli import ReduceLROnPlateau

from colorgan.errors import ColorganError, TrainingDivergedError
from colorgan.models.discriminators import PatchGAN
from colorgan.models.generators import UNet
from tests.helpers import parameters

Make = Callable[..., Any]


def test_accumulated_batches_equal_one_large_batch(tiny_model: Make, fit: Make) -> None:
    arguments = {
        "discriminator": functools.partial(PatchGAN, width=4, num_downsamples=2, norm="none"),
        "generator": functools.partial(UNet, width=4, depth=2, norm="none"),
        "generator_optimizer": functools.partial(torch.optim.SGD, lr=0.1),
        "discriminator_optimizer": functools.partial(torch.optim.SGD, lr=0.1),
        "reconstruction_weight": 1.0,
    }
    whole, parts = tiny_model(**arguments), tiny_model(**arguments, accumulate=2)
    fit(whole, photos=8, batch_size=8, limit_val_batches=0)
    fit(parts, photos=8, batch_size=4, limit_val_batches=0)
    for one, other in zip(whole.discriminator.parameters(), parts.discriminator.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_gradients_are_clipped(tiny_model: Make, fit: Make) -> None:
    sgd = functools.partial(torch.optim.SGD, lr=1.0)
    model = tiny_model(gradient_clip=1e-3, generator_optimizer=sgd, discriminator_optimizer=sgd)
    before = parameters(model.colorizer)
    fit(model, photos=4, limit_val_batches=0)
    moved = torch.stack([(a - b).norm() for a, b in zip(before, parameters(model.colorizer), strict=True)]).norm()
    assert 0.5e-3 < moved <= 1.01e-3


@pytest.mark.parametrize("every", ["epoch", "batch"])
def test_lr_schedulers_advance_per_epoch_or_batch(tiny_model: Make, fit: Make, every: str) -> None:
    decay = functools.partial(torch.optim.lr_scheduler.ExponentialLR, gamma=0.5)
    sgd = functools.partial(torch.optim.SGD, lr=0.1)
    model = tiny_model(
        generator_scheduler=decay, discriminator_optimizer=sgd, generator_optimizer=sgd, scheduler_interval=every
    )
    trainer = fit(model, photos=8, max_epochs=2, limit_val_batches=0)
    advances = 2 if every == "epoch" else 4
    rates = [optimizer.param_groups[0]["lr"] for optimizer in trainer.optimizers]
    assert rates == pytest.approx([0.1 * 0.5**advances, 0.1])


def plateau(monitor: str) -> Any:
    return functools.partial(ReduceLROnPlateau, monitor=monitor, mode="max", patience=0, threshold=1e9, factor=0.5)


def test_reduce_on_plateau_follows_its_monitor(tiny_model: Make, fit: Make) -> None:
    sgd = functools.partial(torch.optim.SGD, lr=0.1)
    model = tiny_model(generator_scheduler=plateau("val/psnr"), generator_optimizer=sgd)
    trainer = fit(model, max_epochs=3)
    assert trainer.optimizers[0].param_groups[0]["lr"] == pytest.approx(0.1 * 0.5**2)  # the first epoch is the best


def test_unknown_monitor_is_reported(tiny_model: Make, fit: Make) -> None:
    with pytest.raises(ColorganError, match=r"monitors 'val/pnsr', which is not logged; logged are .*val/psnr"):
        fit(tiny_model(generator_scheduler=plateau("val/pnsr")))


def test_nan_stops_the_run_and_is_not_saved(tiny_model: Make, fit: Make, tmp_path: Path) -> None:
    model = tiny_model()
    with torch.no_grad():
        next(model.colorizer.generator.parameters()).fill_(float("nan"))
    with pytest.raises(TrainingDivergedError, match=r"NaN or infinite in epoch 0.*lower the learning rates"):
        fit(model)
    assert not list(tmp_path.glob("*.ckpt"))


def test_step_randomness_depends_only_on_seed_epoch_and_batch(
    tiny_model: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_model()
    model.trainer = SimpleNamespace(predicting=False, current_epoch=0, global_rank=0, world_size=1)
    photos = {"rgb": torch.zeros(1, 3, 8, 8, dtype=torch.uint8), "index": torch.zeros(1, dtype=torch.int64)}
    draws = []
    for seed, batch in itertools.product(["1", "2"], [0, 1, 0]):
        monkeypatch.setenv("PL_GLOBAL_SEED", seed)
        model.on_train_batch_start(photos, batch)
        draws.append(torch.rand(1).item())
    assert draws[0] == draws[2]
    assert len(set(draws)) == 4


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
def test_second_step_of_a_batch_uses_the_stepped_weights(tiny_model: Make, fit: Make, precision: str) -> None:
    """A cache of weights cast to bfloat16, which torch keeps and Lightning turns off, would make them stale."""
    from colorgan.training import AdversarialSchedule

    model = tiny_model(
        discriminator=functools.partial(PatchGAN, width=4, num_downsamples=2, norm="none"),
        discriminator_optimizer=functools.partial(torch.optim.SGD, lr=0.5),
        schedule=AdversarialSchedule(discriminator_updates=2),
    )
    scores: list[torch.Tensor] = []
    model.discriminator.register_forward_hook(lambda _, __, output: scores.append(output.detach().float()))
    fit(model, photos=4, limit_val_batches=0, precision=precision)
    # real, fake; the same photos after a step; the generator's turn
    assert len(scores) == 5
    assert (scores[0] - scores[2]).abs().max() > 1e-3
