"""Callbacks that log metrics: PixelMetrics, ParameterCount and MetricEMA."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch

from colorgan.color.difference import ab_error, colorfulness
from colorgan.color.tensors import to_lab
from colorgan.errors import ColorganError
from colorgan.evaluation.curves import read_curves
from colorgan.metrics.pixels import margin_accuracy
from colorgan.metrics.registry import METRICS
from colorgan.training import MetricsFile
from colorgan.training.callbacks import MetricEMA, ParameterCount, PixelMetrics
from colorgan.training.gan import ColorGAN
from colorgan.training.schedule import AdversarialSchedule
from tests.helpers import RandomPhotos

Make = Callable[..., Any]


def test_metrics_are_means_over_photos(tiny_model: Make, fit: Make) -> None:
    model = tiny_model()
    trainer = fit(model, photos=6, batch_size=4, callbacks=[PixelMetrics(), ParameterCount()])  # 4 photos, then 2
    target = RandomPhotos(6).photos.float() / 255
    with torch.no_grad():
        predicted = model.eval().inference(target)
    predicted_lab, target_lab = to_lab(predicted), to_lab(target)
    expected = {
        "margin_accuracy": margin_accuracy(predicted, target),
        "colorfulness": colorfulness(predicted),
        "ab_error": ab_error(predicted_lab, target_lab),
        "tint": (predicted_lab[:, 1:].mean(dim=(2, 3)) - target_lab[:, 1:].mean(dim=(2, 3))).norm(dim=1),
    }
    for name, values in expected.items():
        assert trainer.callback_metrics[f"val/{name}"].item() == pytest.approx(values.mean().item(), rel=1e-4), name
    assert trainer.callback_metrics["val/colorfulness_gray"] < 1
    sizes = [sum(p.numel() for p in network.parameters()) for network in (model.colorizer, model.discriminator)]
    assert trainer.callback_metrics["val/generator_parameters"] == sizes[0]
    assert trainer.callback_metrics["val/discriminator_ratio"].item() == pytest.approx(sizes[1] / sizes[0])
    assert torch.isfinite(trainer.callback_metrics["val/adversarial"])


def test_training_photos_are_measured_on_demand(tiny_model: Make, fit: Make) -> None:
    """The network that is trained at a rate of nearly 0 sees the same photos in training and in validation."""
    sgd = partial(torch.optim.SGD, lr=1e-12)
    model = tiny_model(generator_optimizer=sgd, discriminator_optimizer=sgd)
    metrics = PixelMetrics(["margin_accuracy", "ab_error", "psnr"], margin=0.2, training=True)
    trainer = fit(model, photos=6, batch_size=3, callbacks=[metrics])
    assert metrics.logged_metrics()[3:] == ["train/margin_accuracy", "train/ab_error", "train/psnr"]
    target = RandomPhotos(6).photos.float() / 255
    with torch.no_grad():
        predicted = model.eval().inference(target)
    logged = trainer.callback_metrics
    expected = margin_accuracy(predicted, target, margin=0.2).mean().item()
    assert logged["val/margin_accuracy"].item() == pytest.approx(expected, abs=1e-3)
    assert logged["train/ab_error"].item() == pytest.approx(logged["val/ab_error"].item(), rel=0.2)
    assert logged["train/psnr"].item() == pytest.approx(logged["val/psnr"].item(), abs=1.0)
    assert "train/ab_error" not in fit(tiny_model(), callbacks=[PixelMetrics()]).callback_metrics


def test_difference_of_colorfulness_is_that_of_the_means(tiny_model: Make, fit: Make) -> None:
    model = tiny_model()
    trainer = fit(model, photos=6, callbacks=[PixelMetrics(["delta_cf"])])
    target = RandomPhotos(6).photos.float() / 255
    with torch.no_grad():
        predicted = model.eval().inference(target)
    expected = abs(colorfulness(predicted).mean() - colorfulness(target).mean()).item()
    assert trainer.callback_metrics["val/delta_cf"].item() == pytest.approx(expected, rel=1e-4)
    gray = colorfulness(target).mean().item()  # gray photos have none
    assert trainer.callback_metrics["val/delta_cf_gray"].item() == pytest.approx(gray, abs=1)
    assert "val/colorfulness" not in trainer.callback_metrics


def test_accuracy_of_the_discriminator_on_validation_photos(tiny_model: Make, fit: Make) -> None:
    model = tiny_model()
    trainer = fit(model, photos=6)
    target = RandomPhotos(6).photos.float() / 255
    model.eval()
    with torch.no_grad():
        gray, color = model.color_space.split(target)
        _, predicted = model.color_space.split(model.inference(target))
        real, fake = (model.discriminator(torch.cat([gray, colors], dim=1)) for colors in (color, predicted))
    expected = ((real > 0).double().mean() + (fake < 0).double().mean()) / 2
    assert trainer.callback_metrics["val/discriminator_accuracy"].item() == pytest.approx(expected.item(), abs=0.01)


@pytest.mark.parametrize("every", [1, 3])
def test_gray_baseline_is_logged_in_first_validation(tiny_model: Make, fit: Make, every: int) -> None:
    trainer = fit(tiny_model(), callbacks=[PixelMetrics()], max_epochs=every, check_val_every_n_epoch=every)
    assert {"val/l1_gray", "val/ab_error_gray"} <= trainer.callback_metrics.keys()


def test_metric_ema_averages_training_losses(tiny_model: Make, fit: Make) -> None:
    class Recorder(MetricEMA):
        def __init__(self) -> None:
            super().__init__(decay=0.5)
            self.seen: list[float] = []

        def on_train_batch_end(self, trainer: Any, *rest: Any) -> None:
            self.seen.append(trainer.callback_metrics["train/l1"].item())
            super().on_train_batch_end(trainer, *rest)

    recorder = Recorder()
    trainer = fit(tiny_model(), photos=12, batch_size=4, limit_val_batches=0, callbacks=[recorder])
    first, second, third = recorder.seen
    average = ((first + second) / 2 + third) / 2
    assert trainer.callback_metrics["train/l1_average"].item() == pytest.approx(average, rel=1e-5)
    copy = MetricEMA(decay=0.5)
    copy.load_state_dict(recorder.state_dict())
    assert copy.state_dict() == recorder.state_dict()


def test_averages_are_logged_in_epochs_of_few_batches(tiny_model: Make, fit: Make, tmp_path: Path) -> None:
    logger = MetricsFile(str(tmp_path))
    callbacks = [MetricEMA(), PixelMetrics(["psnr"], training=True)]
    trainer = fit(tiny_model(), photos=8, callbacks=callbacks, logger=logger, log_every_n_steps=50, max_epochs=3)
    curves = read_curves(Path(logger.log_dir, "metrics.csv"))
    for name in ("train/l1_average", "train/discriminator_average", "train/psnr", "val/psnr"):
        assert [epoch for epoch, _ in curves[name]] == [0, 1, 2], name
    assert curves["train/l1_average"][-1][1] == pytest.approx(trainer.callback_metrics["train/l1_average"].item())


def test_metric_ema_ignores_batches_that_do_not_train_a_network(tiny_model: Make, fit: Make) -> None:
    class Recorder(MetricEMA):
        def __init__(self) -> None:
            super().__init__(decay=0.5)
            self.logged: dict[str, list[float]] = {"train/discriminator": [], "train/l1": []}

        def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, *rest: Any) -> None:
            for name, seen in self.logged.items():
                if name in outputs:
                    seen.append(outputs[name].item())
                    assert trainer.callback_metrics[name].item() == seen[-1]
            super().on_train_batch_end(trainer, pl_module, outputs, *rest)

    recorder = Recorder()
    model = tiny_model(schedule=AdversarialSchedule(discriminator_every=2))
    trainer = fit(model, photos=16, batch_size=4, limit_val_batches=0, callbacks=[recorder])
    for (name, seen), count in zip(recorder.logged.items(), (2, 4), strict=True):
        assert len(seen) == count  # the discriminator trains in batches 0 and 2
        average = seen[0]
        for value in seen[1:]:
            average = (average + value) / 2
        assert trainer.callback_metrics[f"{name}_average"].item() == pytest.approx(average, rel=1e-5), name


def test_metric_ema_needs_a_step_that_returns_its_metrics(tiny_model: Make, fit: Make) -> None:
    class Silent(ColorGAN):
        def training_step(self, batch: Any, batch_idx: int) -> None:  # type: ignore[override]
            super().training_step(batch, batch_idx)

    arguments = tiny_model().init_args
    with pytest.raises(
        ColorganError, match="needs a training step that returns what it logs, .* Silent returned nothing"
    ):
        fit(Silent(**arguments), callbacks=[MetricEMA()])


def test_any_photo_metric_of_the_registry_can_be_logged(tiny_model: Make, fit: Make) -> None:
    callback = PixelMetrics(["psnr", "ssim", "ciede2000", "colorfulness_signed"])
    logged = fit(tiny_model(), callbacks=[callback]).callback_metrics
    assert logged["val/psnr"] > logged["val/psnr_gray"] > 0 or logged["val/psnr_gray"] > logged["val/psnr"] > 0
    assert 0 < logged["val/ssim"] < 1
    assert logged["val/colorfulness_signed_gray"] < 1


def test_photos_smaller_than_a_metric_supports_raise(tiny_model: Make, fit: Make, monkeypatch: Any) -> None:
    large = replace(METRICS["tint"], min_size=17)
    monkeypatch.setitem(METRICS, "tint", large)
    with pytest.raises(ColorganError, match=r"\(tint\) needs photos of at least 17 x 17 pixels, received 16 x 16"):
        fit(tiny_model(), callbacks=[PixelMetrics(["tint"])])


def test_invalid_arguments_raise(tiny_model: Make, fit: Make) -> None:
    with pytest.raises(ColorganError, match="PixelMetrics supports psnr, ssim, .*tint, .*; received 'beauty'"):
        fit(tiny_model(), callbacks=[PixelMetrics(["beauty"])])
    with pytest.raises(ColorganError, match="decay must be at least 0 and less than 1, received 1"):
        MetricEMA(1.0)
