from pathlib import Path
from typing import Any

import pytest
from lightning.pytorch.loggers import TensorBoardLogger, WandbLogger

from colorgan.training.callbacks import GradientHistograms


class Writer:
    """Stands for TensorBoard's writer, and notes the histograms."""

    def __init__(self) -> None:
        self.histograms: list[tuple[str, int]] = []

    def add_histogram(self, name: str, values: Any, step: int) -> None:
        assert values.isfinite().all()
        self.histograms.append((name, step))

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


def test_gradients_of_both_networks_are_written_every_n_batches(
    tiny_model: Any, fit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = Writer()
    monkeypatch.setattr(TensorBoardLogger, "experiment", writer)
    model = tiny_model()
    logger = TensorBoardLogger(tmp_path)
    fit(model, photos=16, limit_val_batches=0, logger=logger, callbacks=[GradientHistograms(every_n_batches=2)])
    names = {f"gradients/{name}" for name, _ in model.named_parameters()}
    assert {name for name, _ in writer.histograms} == names
    assert len(writer.histograms) == 2 * len(names)  # four batches, of which the first and the third count


def test_weights_and_biases_watches_the_model(tiny_model: Any, fit: Any) -> None:
    watched: list[dict[str, Any]] = []

    class Offline(WandbLogger):
        def __init__(self) -> None:
            pass

        def watch(self, model: Any, **options: Any) -> None:
            watched.append(options)

        def log_metrics(self, *_: Any, **__: Any) -> None: ...

        def log_hyperparams(self, *_: Any, **__: Any) -> None: ...

        def log_graph(self, *_: Any, **__: Any) -> None: ...

        def finalize(self, *_: Any) -> None: ...

        def after_save_checkpoint(self, *_: Any) -> None: ...

        save_dir = name = version = None  # type: ignore[assignment]

    fit(tiny_model(), limit_val_batches=0, logger=Offline(), callbacks=[GradientHistograms(every_n_batches=7)])
    assert watched == [{"log": "gradients", "log_freq": 7, "log_graph": False}]
