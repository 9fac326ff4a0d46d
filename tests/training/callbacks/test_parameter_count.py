from typing import Any

import pytest

from colorgan.errors import ColorganError
from colorgan.training.callbacks import ParameterCount
from colorgan.training.regressor import ChromaRegressor


def test_sizes_are_logged(tiny_model: Any, fit: Any) -> None:
    model = tiny_model()
    metrics = fit(model, callbacks=[ParameterCount()]).callback_metrics
    generator, discriminator = (
        sum(parameter.numel() for parameter in network.parameters())
        for network in (model.colorizer.generator, model.discriminator)
    )
    assert metrics["val/generator_parameters"] == generator
    assert metrics["val/discriminator_ratio"].item() == pytest.approx(discriminator / generator)


def test_there_is_no_ratio_without_a_discriminator(tiny_model: Any, fit: Any) -> None:
    metrics = fit(tiny_model(discriminator=None, ema_decay=0.9), callbacks=[ParameterCount()]).callback_metrics
    assert metrics["val/generator_parameters"] > 0
    assert "val/discriminator_ratio" not in metrics


def test_other_models_are_refused(fit: Any) -> None:
    with pytest.raises(ColorganError, match="ParameterCount requires a ColorGAN, received a ChromaRegressor"):
        fit(ChromaRegressor(), callbacks=[ParameterCount()])
