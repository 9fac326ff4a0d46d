import functools
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch import LightningDataModule, Trainer
from PIL import Image
from torch.utils.data import DataLoader

from colorgan.cli.lr_find import plot, range_test
from colorgan.errors import ColorganError
from colorgan.models.generators import EncoderUNet
from colorgan.training.callbacks import FineTuning
from colorgan.training.callbacks.fine_tuning import Stage
from colorgan.training.lr_finder import Curve, RangeTest
from colorgan.training.schedule import AdversarialSchedule
from tests.helpers import RandomPhotos

Make = Callable[..., Any]


class FewPhotos(LightningDataModule):
    """Two batches."""

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


class Rates(RangeTest):
    """Notes what both optimizers were told."""

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *args: Any) -> None:
        self.seen = [*getattr(self, "seen", []), [g["lr"] for o in trainer.optimizers for g in o.param_groups]]
        super().on_train_batch_end(trainer, pl_module, *args)


def test_rates_rise_at_equal_ratios_for_the_generator_alone(tiny_model: Make, trainer: Trainer) -> None:
    model, test = tiny_model(), Rates(lowest=1e-7, highest=1e-4, batches=20)
    curve = range_test(model, FewPhotos(), trainer, test)
    expected = np.geomspace(1e-7, 1e-4, 20)
    np.testing.assert_allclose(curve.rates, expected)
    np.testing.assert_allclose(test.seen, np.stack([expected, np.full(20, 2e-4)], axis=1))
    assert len(curve.losses) == 20  # ten epochs of two batches


def test_the_loss_is_the_one_that_is_minimized(tiny_model: Make, trainer: Trainer) -> None:
    model = tiny_model(discriminator=None, reconstruction_weight=7.0)
    gray, color = model.color_space.split(RandomPhotos(4).photos.float() / 255)
    expected = 7 * (model.colorizer.predict(gray) - color).abs().mean()
    curve = range_test(model, FewPhotos(), trainer, RangeTest(1e-9, 1e-8, batches=20))
    assert curve.losses[0] == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("highest", [1e-4, 1e12], ids=["calm", "exploding"])
def test_everything_is_as_before(tiny_model: Make, trainer: Trainer, fit: Make, highest: float) -> None:
    sgd = functools.partial(torch.optim.SGD, lr=0.1)
    model = tiny_model(ema_decay=0.9, generator_optimizer=sgd).eval()
    next(model.colorizer.generator.parameters()).requires_grad_(False)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    random = torch.get_rng_state()
    range_test(model, FewPhotos(), trainer, RangeTest(1e-6, highest, batches=40))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), random)
    assert not any(module.training for module in model.modules())
    assert [parameter.requires_grad for parameter in model.colorizer.generator.parameters()].count(False) == 1
    fit(model, limit_val_batches=0)  # and it trains, although it may have diverged


def test_it_stops_where_the_loss_explodes(tiny_model: Make, trainer: Trainer) -> None:
    model = tiny_model(discriminator=None, generator_optimizer=functools.partial(torch.optim.SGD, lr=0.1))
    curve = range_test(model, FewPhotos(), trainer, RangeTest(1e-6, 1e9, batches=60, divergence=1.5))
    assert 10 <= len(curve.losses) < 60
    assert curve.rates[-1] < 1e9


def test_divergence_at_once_is_a_sentence(tiny_model: Make, trainer: Trainer) -> None:
    sgd = functools.partial(torch.optim.SGD, lr=0.1)
    model = tiny_model(discriminator=None, generator_optimizer=sgd)
    with pytest.raises(ColorganError, match=r"diverged after \d batches, at a .*lr_find\.lowest lower"):
        range_test(model, FewPhotos(), trainer, RangeTest(1e30, 1e35, batches=40))


def test_what_fine_tuning_freezes_stays_frozen(tiny_model: Make, trainer: Trainer) -> None:
    model = tiny_model(generator=functools.partial(EncoderUNet, encoder="test_resnet", width=4, depth=3))
    moved: list[bool] = []

    class Watch(RangeTest):
        def on_train_batch_end(self, trainer: Any, pl_module: Any, *args: Any) -> None:
            parts = pl_module.colorizer.generator.layer_groups()[:-1]
            moved.append(any(parameter.requires_grad for part in parts for parameter in part.parameters()))
            super().on_train_batch_end(trainer, pl_module, *args)

    trainer.callbacks.append(FineTuning([Stage(1, 1e-3, frozen=True), Stage()]))  # type: ignore[attr-defined]
    test = Watch(1e-5, 1e-3, batches=20)
    range_test(model, FewPhotos(), trainer, test)
    assert len(moved) == 20  # ten times as many batches as the frozen stage has
    assert not any(moved)
    assert all(parameter.requires_grad for parameter in model.parameters())
    np.testing.assert_allclose(test.rates, np.geomspace(1e-5, 1e-3, 20))


def test_a_generator_that_does_not_train_yet(tiny_model: Make, trainer: Trainer) -> None:
    with pytest.raises(ColorganError, match=r"set model\.schedule\.discriminator_warmup_epochs to 0 for this test"):
        range_test(
            tiny_model(schedule=AdversarialSchedule(discriminator_warmup_epochs=1)),
            FewPhotos(),
            trainer,
            RangeTest(batches=20),
        )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"lowest": 0.0}, "needs 0 < lowest < highest, received 0.0 and 1.0"),
        ({"lowest": 1.0, "highest": 0.1}, "received 1.0 and 0.1"),
        ({"highest": math.inf}, "received 1e-06 and inf"),
        ({"batches": 5}, "batches must be at least 20 to show a curve, received 5"),
        ({"divergence": 1.0}, "divergence must be a number above 1, received 1.0"),
    ],
)
def test_bad_arguments_are_named(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ColorganError, match=sentence):
        RangeTest(**arguments)


def made_up(noise: float) -> Curve:
    """A loss that falls around 1e-3, is lowest near 1e-2 and explodes after that."""
    test = RangeTest(1e-6, 1.0, batches=100)
    test.rates = np.geomspace(1e-6, 1.0, 100).tolist()
    place = np.log10(test.rates)
    losses = 0.3 - 0.2 / (1 + np.exp(-5 * (place + 3))) + np.exp(6 * (place + 1))
    test.losses = (losses + np.random.default_rng(0).normal(0, noise, 100)).tolist()
    return test.curve()


@pytest.mark.parametrize("noise", [0.0, 0.01])
def test_the_suggestion_is_where_the_loss_falls_fastest(noise: float) -> None:
    curve = made_up(noise)
    assert 10**-3.3 < curve.suggestion < 10**-2.7
    assert 10**-2.6 < curve.lowest_at < 10**-1


def test_a_loss_that_only_rises() -> None:
    rates = np.geomspace(1e-3, 1.0, 30)
    curve = Curve(tuple(rates), tuple(rates), tuple(rates))
    assert curve.suggestion == curve.lowest_at == rates[0]


def test_losses_that_are_not_finite_are_left_out() -> None:
    test = RangeTest(batches=20)
    test.rates, test.losses = np.geomspace(1e-6, 1, 20).tolist(), [1.0] * 18 + [math.inf, math.nan]
    assert len(test.curve().losses) == 18
    assert test.curve().smoothed == pytest.approx([1.0] * 18)


@pytest.mark.parametrize("curve", [made_up(0.01), Curve((1e-3, 1e-2), (1.0, 1.0), (1.0, 1.0))], ids=["usual", "flat"])
def test_the_plot_marks_the_suggestion(curve: Curve) -> None:
    picture = np.array(plot(curve, "a run"))
    mark = (picture == (196, 60, 30)).all(axis=2)
    columns = np.flatnonzero(mark.sum(axis=0) > 300)
    assert len(columns) in (2, 3)
    share = math.log(curve.suggestion / curve.rates[0]) / math.log(curve.rates[-1] / curve.rates[0])
    assert columns.mean() == pytest.approx(84 + share * (900 - 84 - 24), abs=2)


def test_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from colorgan.cli import main

    monkeypatch.chdir(tmp_path)
    options = [
        *("--data.size=16", "--data.limit=16", "--data.batch_size=4", "--data.num_workers=0"),
        *("--model.generator=UNet", "--model.generator.width=4", "--model.generator.depth=2"),
        *("--model.discriminator=PatchGAN", "--model.discriminator.width=4", "--model.discriminator.num_downsamples=2"),
        *("--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.max_epochs=2"),
        *("--trainer.callbacks=FineTuning", "--trainer.callbacks.stages=[{lr: 0.001}]"),
        *("--trainer.callbacks+=LastCheckpoint", "--trainer.callbacks+=SampleSheet", "--name=tried"),
    ]
    assert main(["lr-find", *options, "--lr_find.batches=20"]) == 0
    (file,) = Path("checkpoints/tried").rglob("*.*")
    line = capsys.readouterr().out.strip().splitlines()[-1]
    assert line.startswith("suggested learning rate: ")
    assert line.endswith(f"plot: {file}")
    assert file.name == "lr_find.png"
    assert Image.open(file).size == (900, 540)
    assert main(["lr-find", *options, "--ckpt_path=some.ckpt"]) == 1
    assert main(["lr-find", *options, "--lr_find.lowest=2"]) == 1
    assert "needs 0 < lowest < highest" in capsys.readouterr().err
