"""TimeBudget, mostly with a clock that callbacks of the tests move."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback

from colorgan.errors import ColorganError
from colorgan.inference.checkpoint import read
from colorgan.training.callbacks import LastCheckpoint, PixelMetrics, TimeBudget, time_budget
from colorgan.training.checkpoints import CheckpointFiles

Make = Callable[..., Any]


class Clock:
    """Seconds that only pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setitem(time_budget._CLOCKS, "wall", clock)
    return clock


class Spend(Callback):
    """A step takes a second and what follows it a quarter; whatever else a training does takes very long."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.batches, self.validations = clock, 0, 0

    def on_train_start(self, *_: Any) -> None:
        self.clock.now += 5000

    def on_before_optimizer_step(self, *_: Any) -> None:
        self.clock.now += 0.5  # twice per batch, once for each network

    def on_train_batch_end(self, *_: Any) -> None:
        self.batches += 1
        self.clock.now += 0.25

    def on_validation_batch_start(self, *_: Any) -> None:
        self.clock.now += 700

    def on_validation_epoch_end(self, *_: Any) -> None:
        self.validations += 1


class SlowFiles(CheckpointFiles):
    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def save_checkpoint(self, *args: Any, **options: Any) -> None:
        self.clock.now += 3000
        super().save_checkpoint(*args, **options)


@pytest.fixture
def timed(fit: Make, tiny_model: Make, clock: Clock, tmp_path: Path) -> Make:
    """Trains for a time, on three batches per epoch, and returns the trainer and the model."""

    def run(seconds: float, *callbacks: Callback, **options: Any) -> tuple[Any, Any]:
        model = options.pop("model", None) or tiny_model()
        last = LastCheckpoint(every_n_epochs=options.pop("every_n_epochs", 1), dirpath=str(tmp_path / "checkpoints"))
        trainer = fit(
            model,
            photos=12,
            callbacks=[TimeBudget(seconds), Spend(clock), last, *callbacks],
            enable_checkpointing=True,
            plugins=[SlowFiles(clock)],
            **{"max_epochs": -1, **options},
        )
        return trainer, model

    return run


def spent(trainer: Any) -> Spend:
    return next(callback for callback in trainer.callbacks if isinstance(callback, Spend))


def weights(model: Any) -> torch.Tensor:
    return torch.cat([value.detach().flatten() for value in model.parameters()])


def test_training_ends_after_its_time_and_only_batches_count(timed: Make) -> None:
    trainer, _ = timed(9.1)
    assert spent(trainer).batches == 8  # the last of which ends after 8 s + 7 * 0.25 s
    assert spent(trainer).validations == 3
    assert trainer.callback_metrics["train/seconds"].item() == pytest.approx(10)
    assert trainer.callback_metrics["train/seconds_per_step"].item() == pytest.approx(10 / 8)


def test_validation_within_an_epoch_does_not_count(timed: Make) -> None:
    trainer, _ = timed(4.9, val_check_interval=1, check_val_every_n_epoch=None)
    assert spent(trainer).batches == spent(trainer).validations == 5


def test_a_training_that_ends_between_its_intervals_is_validated_and_saved(timed: Make, tmp_path: Path) -> None:
    trainer, model = timed(4, PixelMetrics(["delta_cf"]), check_val_every_n_epoch=1000, every_n_epochs=1000)
    assert spent(trainer).batches == 4
    assert spent(trainer).validations == 1
    assert {"val/psnr", "val/l1_gray", "val/delta_cf_gray"} <= trainer.callback_metrics.keys()
    saved = read(tmp_path / "checkpoints" / "last.ckpt")
    assert trainer.checkpoint_callback.best_model_path == str(tmp_path / "checkpoints" / "last.ckpt")
    assert all(torch.equal(value, saved["state_dict"][name]) for name, value in model.state_dict().items())
    assert saved["callbacks"]["TimeBudget"] == {"seconds": 5.0, "steps": 4}


def test_accumulated_gradients_are_used_before_training_ends(timed: Make, tiny_model: Make) -> None:
    trainer, _ = timed(0.5, model=tiny_model(accumulate=2))
    assert spent(trainer).batches == 2


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_resumed_training_gets_the_rest(timed: Make, tiny_model: Make, tmp_path: Path, epochs: int) -> None:
    uninterrupted, expected = timed(9.1)
    timed(9.1, max_epochs=epochs)
    trainer, model = timed(9.1, ckpt_path=str(tmp_path / "checkpoints" / "last.ckpt"))
    assert spent(trainer).batches == 8 - 3 * epochs
    assert trainer.global_step == uninterrupted.global_step
    assert torch.equal(weights(model), weights(expected))


def test_a_training_whose_time_is_used_up_does_not_go_on(timed: Make, tmp_path: Path) -> None:
    _, trained = timed(4)
    trainer, model = timed(4, ckpt_path=str(tmp_path / "checkpoints" / "last.ckpt"))
    assert spent(trainer).batches == 0
    assert torch.equal(weights(model), weights(trained))


def test_more_time_continues_a_training_that_has_ended(timed: Make, tmp_path: Path) -> None:
    timed(4)  # 5 s for 4 batches: an epoch and one more
    trainer, _ = timed(8.4, ckpt_path=str(tmp_path / "checkpoints" / "last.ckpt"))
    assert spent(trainer).batches == 3
    assert trainer.callback_metrics["train/seconds"].item() == pytest.approx(8.75)
    assert trainer.global_step == 2 * 7


def test_processor_time_is_that_of_this_process(fit: Make, tiny_model: Make) -> None:
    import time

    class Sleep(Callback):
        def on_train_batch_start(self, *_: Any) -> None:
            time.sleep(0.05)

    budget = TimeBudget(60, clock="processor")
    before = time.process_time()
    fit(tiny_model(), callbacks=[Sleep(), budget], max_epochs=2)
    assert 0 < budget.used <= time.process_time() - before
    waited = TimeBudget(60)
    fit(tiny_model(), callbacks=[Sleep(), waited], max_epochs=2)
    assert waited.used >= 4 * 0.05


@pytest.mark.parametrize(
    ("budget", "options", "message"),
    [
        (TimeBudget(0), {}, "TimeBudget's seconds must be a number > 0, received 0"),
        (TimeBudget(float("nan")), {}, "TimeBudget's seconds must be a number > 0, received nan"),
        (TimeBudget(1, clock="sun"), {}, "TimeBudget's clock must be 'processor' or 'wall', received 'sun'"),  # type: ignore[arg-type]
        (TimeBudget(60), {"min_epochs": 3}, "trainer.min_epochs is 3, but TimeBudget ends training after 60 seconds"),
    ],
)
def test_bad_values_are_refused(
    fit: Make, tiny_model: Make, budget: TimeBudget, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ColorganError, match=message):
        fit(tiny_model(), callbacks=[budget], **options)
