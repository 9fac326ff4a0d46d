"""L1 with hints."""

import pytest
import torch

from colorgan.errors import ColorganError
from colorgan.metrics.registry import find_metric
from colorgan.models.color_spaces import Lab
from colorgan.models.hints import PointHints
from colorgan.training import HintL1, PixelMetrics
from tests.helpers import RandomPhotos


def test_values_are_the_distance_of_the_colors(tiny_model, fit):
    model = tiny_model(hints=PointHints())
    trainer = fit(model, photos=6, callbacks=[HintL1([1, 20])])
    photos = torch.stack([RandomPhotos(6)[number]["rgb"] for number in range(6)]).float() / 255
    color = Lab().split(photos)[1]
    for count in (1, 20):
        hints = model.hints.validation(color, torch.arange(6), count, color_space=Lab())
        with torch.no_grad():
            predicted = Lab().split(model.inference.eval()(photos, hints))[1]
        logged = trainer.callback_metrics[f"val/l1_hints_{count}"].item()
        assert logged == pytest.approx((predicted - color).abs().mean().item(), rel=1e-3)
    assert HintL1().logged_metrics() == ["val/l1_hints_10", "val/l1_hints_50"]


def test_models_without_hints_log_nothing(tiny_model, fit):
    trainer = fit(tiny_model(), callbacks=[HintL1(), PixelMetrics(["tint"])])
    assert "val/tint" in trainer.callback_metrics
    assert not [name for name in trainer.callback_metrics if "hints" in name]


def test_names_and_arguments():
    metric = find_metric("l1_hints_10")
    assert metric is not None
    assert (metric.title, metric.better, metric.group) == ("L1, 10 hints", "lower", "training")
    with pytest.raises(ColorganError, match=r"HintL1's counts must be numbers of hints such as \[10, 50\]"):
        HintL1([0])
