"""Callbacks that log metrics: PixelMetrics, ParameterCount and MetricEMA."""

from collections.abc import Callable
from typing import Any

import pytest
import torch

from colorgan.color.difference import ab_error, colorfulness
from colorgan.color.tensors import to_lab
from colorgan.errors import ColorganError
from colorgan.metrics.pixels import margin_accuracy
from colorgan.training.callbacks import MetricEMA, ParameterCount, PixelMetrics
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


def test_invalid_arguments_raise() -> None:
    with pytest.raises(ColorganError, match="margin_accuracy, colorfulness, ab_error, tint; received 'psnr'"):
        PixelMetrics(["psnr"])  # type: ignore[list-item]
    with pytest.raises(ColorganError, match="decay must be at least 0 and less than 1, received 1"):
        MetricEMA(1.0)
