import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch import LightningDataModule, Trainer
from torch.utils.data import DataLoader

from colorgan.errors import ColorganError
from colorgan.models.generators import EncoderUNet
from colorgan.training.callbacks import FineTuning
from colorgan.training.callbacks.fine_tuning import Stage
from colorgan.training.lr_finder import LRCurve, LRRangeTest, run_range_test
from colorgan.training.schedule import AdversarialSchedule
from tests.helpers import RandomPhotos

Make = Callable[..., Any]


class TwoBatches(LightningDataModule):
    def train_dataloader(self) -> Any:
        return DataLoader(RandomPhotos(8), batch_size=4)


@pytest.fixture
def trainer(tmp_path: Path) -> Trainer:
    return Trainer(
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=tmp_path,
    )


class LRRecorder(LRRangeTest):
    """Records the learning rates of both optimizers."""

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *args: Any) -> None:
        self.recorded = [*getattr(self, "recorded", []), [g["lr"] for o in trainer.optimizers for g in o.param_groups]]
        super().on_train_batch_end(trainer, pl_module, *args)


def test_only_the_generators_learning_rate_increases_geometrically(tiny_model: Make, trainer: Trainer) -> None:
    model, test = tiny_model(), LRRecorder(min_lr=1e-7, max_lr=1e-4, num_batches=20)
    curve = run_range_test(model, TwoBatches(), trainer, test)
    expected = np.geomspace(1e-7, 1e-4, 20)
    np.testing.assert_allclose(curve.lrs, expected)
    np.testing.assert_allclose(test.recorded, np.stack([expected, np.full(20, 2e-4)], axis=1))
    assert len(curve.losses) == 20  # ten epochs of two batches


def test_recorded_loss_is_the_total_generator_loss(tiny_model: Make, trainer: Trainer) -> None:
    model = tiny_model(discriminator=None, reconstruction_weight=7.0)
    gray, color = model.color_space.split(RandomPhotos(4).photos.float() / 255)
    expected = 7 * (model.colorizer.predict(gray) - color).abs().mean()
    curve = run_range_test(model, TwoBatches(), trainer, LRRangeTest(1e-9, 1e-8, num_batches=20))
    assert curve.losses[0] == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("max_lr", [1e-4, 1e12], ids=["stable", "diverging"])
def test_model_and_random_state_are_restored(tiny_model: Make, trainer: Trainer, fit: Make, max_lr: float) -> None:
    sgd = functools.partial(torch.optim.SGD, lr=0.1)
    model = tiny_model(ema_decay=0.9, generator_optimizer=sgd).eval()
    next(model.colorizer.generator.parameters()).requires_grad_(False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    rng_state = torch.get_rng_state()
    run_range_test(model, TwoBatches(), trainer, LRRangeTest(1e-6, max_lr, num_batches=40))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), rng_state)
    assert not any(module.training for module in model.modules())
    assert [parameter.requires_grad for parameter in model.colorizer.generator.parameters()].count(False) == 1
    fit(model, limit_val_batches=0)  # the model can be trained even if the test diverged


def test_stops_when_the_loss_diverges(tiny_model: Make, trainer: Trainer) -> None:
    model = tiny_model(discriminator=None, generator_optimizer=functools.partial(torch.optim.SGD, lr=0.1))
    curve = run_range_test(model, TwoBatches(), trainer, LRRangeTest(1e-6, 1e9, num_batches=60, divergence_factor=1.5))
    assert 10 <= len(curve.losses) < 60
    assert curve.lrs[-1] < 1e9


def test_immediate_divergence_raises(tiny_model: Make, trainer: Trainer) -> None:
    sgd = functools.partial(torch.optim.SGD, lr=0.1)
    model = tiny_model(discriminator=None, generator_optimizer=sgd)
    with pytest.raises(ColorganError, match=r"diverged after \d batches, at a .*decrease --lr_find\.min_lr"):
        run_range_test(model, TwoBatches(), trainer, LRRangeTest(1e30, 1e35, num_batches=40))


def test_layers_frozen_by_fine_tuning_stay_frozen(tiny_model: Make, trainer: Trainer) -> None:
    model = tiny_model(generator=functools.partial(EncoderUNet, encoder="test_resnet", width=4, depth=3))
    trainable: list[bool] = []

    class FreezeRecorder(LRRangeTest):
        def on_train_batch_end(self, trainer: Any, pl_module: Any, *args: Any) -> None:
            groups = pl_module.colorizer.generator.layer_groups()[:-1]
            trainable.append(any(parameter.requires_grad for group in groups for parameter in group.parameters()))
            super().on_train_batch_end(trainer, pl_module, *args)

    trainer.callbacks.append(FineTuning([Stage(1, 1e-3, frozen=True), Stage()]))  # type: ignore[attr-defined]
    test = FreezeRecorder(1e-5, 1e-3, num_batches=20)
    run_range_test(model, TwoBatches(), trainer, test)
    assert len(trainable) == 20  # ten times as many batches as the frozen stage has
    assert not any(trainable)
    assert all(parameter.requires_grad for parameter in model.parameters())
    np.testing.assert_allclose(test.lrs, np.geomspace(1e-5, 1e-3, 20))


def test_generator_that_does_not_train_raises(tiny_model: Make, trainer: Trainer) -> None:
    with pytest.raises(ColorganError, match=r"set model\.schedule\.discriminator_warmup_epochs to 0 for this test"):
        run_range_test(
            tiny_model(schedule=AdversarialSchedule(discriminator_warmup_epochs=1)),
            TwoBatches(),
            trainer,
            LRRangeTest(num_batches=20),
        )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"min_lr": 0.0}, "needs 0 < min_lr < max_lr, received 0.0 and 1.0"),
        ({"min_lr": 1.0, "max_lr": 0.1}, "received 1.0 and 0.1"),
        ({"max_lr": math.inf}, "received 1e-06 and inf"),
        ({"num_batches": 5}, "num_batches must be at least 20, received 5"),
        ({"divergence_factor": 1.0}, "divergence_factor must be above 1, received 1.0"),
    ],
)
def test_invalid_arguments_raise(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        LRRangeTest(**arguments)


def synthetic_curve(noise: float) -> LRCurve:
    """A loss that decreases around 1e-3, is minimal near 1e-2 and diverges beyond."""
    test = LRRangeTest(1e-6, 1.0, num_batches=100)
    test.lrs = np.geomspace(1e-6, 1.0, 100).tolist()
    exponent = np.log10(test.lrs)
    losses = 0.3 - 0.2 / (1 + np.exp(-5 * (exponent + 3))) + np.exp(6 * (exponent + 1))
    test.losses = (losses + np.random.default_rng(0).normal(0, noise, 100)).tolist()
    return test.curve()


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_suggestion_is_where_the_loss_decreases_fastest(noise: float) -> None:
    curve = synthetic_curve(noise)
    assert 10**-3.3 < curve.suggestion < 10**-2.7
    assert 10**-2.6 < curve.min_loss_lr < 10**-1


def test_suggestion_of_an_increasing_loss() -> None:
    lrs = losses = tuple(np.geomspace(1e-3, 1.0, 30))
    curve = LRCurve(lrs, losses, losses)
    assert curve.suggestion == curve.min_loss_lr == lrs[0]


def test_non_finite_losses_are_ignored() -> None:
    test = LRRangeTest(num_batches=20)
    test.lrs, test.losses = np.geomspace(1e-6, 1, 20).tolist(), [1.0] * 18 + [math.inf, math.nan]
    assert len(test.curve().losses) == 18
    assert test.curve().smoothed == pytest.approx([1.0] * 18)
