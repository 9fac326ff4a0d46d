"""Two processes measure and learn what one process with the same total batch does."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Callback
from torch import nn

from colorgan.data import Photos
from colorgan.models.discriminators import PatchGAN
from colorgan.models.generators import EncoderUNet, UNet
from colorgan.models.hints import PointHints
from colorgan.training import (
    ChromaRegressor,
    ColorGAN,
    FrechetDistance,
    HintPSNR,
    PixelMetrics,
    ProgressiveSize,
    SizeStage,
    Trainer,
)
from colorgan.training.batch_norm import SyncBatchNorm

pytestmark = pytest.mark.skipif(not torch.distributed.is_available(), reason="this PyTorch has no distributed training")


class Losses(Callback):
    """Notes what each training batch logs; in the end, the first process passes it to the parent in the metrics."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def on_train_batch_end(self, trainer: Any, pl_module: Any, outputs: Any, batch: Any, batch_idx: int) -> None:
        self.rows.append({name: value.item() for name, value in outputs.items() if name.startswith("train/")})

    def on_validation_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        for number, row in enumerate(self.rows):
            pl_module.log_dict({f"{name} {number}": value for name, value in row.items()})


def gan(norm: Any, **options: Any) -> ColorGAN:
    torch.manual_seed(0)
    generator = functools.partial(UNet, width=4, depth=2, norm=norm)
    discriminator = functools.partial(PatchGAN, width=4, num_downsamples=2, norm=norm)
    return ColorGAN(generator=generator, discriminator=discriminator, ema_decay=0.9, **options)


def train(model: Any, photos: Path, processes: int, *callbacks: Callback, **options: Any) -> dict[str, float]:
    """Trains two epochs on 39 photos with a total batch of 8, and validates 37; returns all metrics."""
    data = Photos(
        train=str(photos / "train"), val=str(photos / "val"), size=16, batch_size=8 // processes, val_batch_size=3,
        num_workers=0,
    )  # fmt: skip
    trainer = Trainer(
        accelerator="cpu",
        devices=processes,
        strategy="ddp_fork_find_unused_parameters_true" if processes > 1 else "auto",
        precision="32-true",
        max_epochs=2,
        num_sanity_val_steps=0,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[Losses(), *callbacks],
        **options,
    )
    trainer.fit(model, data)
    return {name: value.item() for name, value in trainer.callback_metrics.items()}


@pytest.fixture
def photos(make_photos: Callable[..., Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    make_photos("split/train", 39)
    return make_photos("split/val", range(100, 137)).parent


def check(one: dict[str, float], two: dict[str, float]) -> None:
    assert one.keys() == two.keys()
    assert len([name for name in one if name.startswith("val/")]) >= 3
    for name, value in one.items():
        assert two[name] == pytest.approx(value, rel=1e-4 if name.startswith("train/") else 1e-5, abs=1e-6), name


@pytest.mark.parametrize("norm", ["none", "instance"])
def test_metrics_and_losses_equal_those_of_one_process(photos: Path, norm: str, tiny_features: str) -> None:
    def run(processes: int) -> dict[str, float]:
        return train(gan(norm), photos, processes, PixelMetrics(), FrechetDistance(tiny_features))

    check(run(1), run(2))


def test_metrics_with_hints_equal_those_of_one_process(photos: Path) -> None:
    def run(processes: int) -> dict[str, float]:
        torch.manual_seed(0)
        model = ColorGAN(
            generator=functools.partial(UNet, width=4, depth=2, norm="instance"),
            discriminator=functools.partial(PatchGAN, width=4, num_downsamples=2, norm="instance"),
            hints=PointHints(),
            generator_optimizer=functools.partial(torch.optim.SGD, lr=1e-9),
            discriminator_optimizer=functools.partial(torch.optim.SGD, lr=1e-9),
        )
        metrics = train(model, photos, processes, HintPSNR(counts=(0, 2), max_photos=5))
        return {name: value for name, value in metrics.items() if not name.startswith("train/")}  # of random hints

    check(run(1), run(2))


def test_losses_equal_those_of_one_process_with_batch_norm(photos: Path) -> None:
    one, two = (train(gan("batch"), photos, processes) for processes in (1, 2))
    for name, value in one.items():
        assert two[name] == pytest.approx(value, rel=1e-4, abs=1e-5), name


def test_losses_with_gradient_checkpointing_and_growing_photos_equal_those_of_one_process_without(photos: Path) -> None:
    growth = ProgressiveSize([SizeStage(8, epochs=1)])
    one = train(gan("batch"), photos, 1, growth)
    two = train(gan("batch", checkpoint_gradients=True), photos, 2, growth)
    for name, value in one.items():
        assert two[name] == pytest.approx(value, rel=1e-4, abs=1e-5), name


def test_regressor_equals_that_of_one_process(photos: Path) -> None:
    def run(processes: int) -> dict[str, float]:
        torch.manual_seed(0)
        return train(ChromaRegressor(num_downsamples=2), photos, processes)

    one, two = run(1), run(2)
    assert {"val/mse", "val/mse_a", "val/mse_constant", "train/mse"} <= one.keys()
    for name, value in one.items():
        assert two[name] == pytest.approx(value, rel=1e-4, abs=1e-7), name


@pytest.mark.parametrize("accelerator", ["cpu", "cuda"])
def test_synchronized_layers_keep_names_weights_and_activations(
    accelerator: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of timm's encoders activate as well."""
    torch.manual_seed(0)
    model = ColorGAN(
        generator=functools.partial(EncoderUNet, encoder="tf_efficientnet_lite0", weights=None, width=4),
        discriminator=functools.partial(PatchGAN, width=4, num_downsamples=2),
        image_size=32,
    ).eval()
    model.trainer = Trainer(accelerator="cpu", precision="32-true", logger=False, enable_checkpointing=False)
    monkeypatch.setattr(type(model.trainer.strategy), "root_device", torch.device(accelerator))
    photo = torch.rand(2, 3, 32, 32)
    state, layers = dict(model.state_dict()), [type(module) for module in model.modules()]
    expected = model.inference(photo)
    plugin = SyncBatchNorm()
    assert plugin.apply(model) is model
    assert not any(type(module) is nn.BatchNorm2d for module in model.modules())
    assert model.state_dict().keys() == state.keys()
    torch.testing.assert_close(model.inference(photo), expected)
    model.load_state_dict({name: value + 1 for name, value in state.items()})
    plugin.revert(model)
    assert [type(module) for module in model.modules()] == layers
    assert all(torch.equal(value, state[name]) for name, value in model.state_dict().items())
