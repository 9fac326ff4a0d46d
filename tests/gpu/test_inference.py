"""A model colorizes, is measured and is exported on a GPU as on the CPU."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from colorgan.cli import main
from colorgan.inference import ColorHint, open_model
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.metrics.features import FeatureExtractor
from colorgan.metrics.frechet import frechet_distance
from colorgan.metrics.metric import PhotoBatch
from colorgan.metrics.registry import photo_metrics
from colorgan.models.generators import UNet
from colorgan.models.hints import PointHints
from tests.gpu.conftest import Fit
from tests.helpers import REPOSITORY, photos, recolored, write

pytestmark = pytest.mark.gpu

LEVELS = 2 / 255
"""Half a level of rounding on each side, and one of TF32."""


def colorized(folder: Path) -> np.ndarray:
    return np.stack([np.asarray(Image.open(file), np.float32) for file in sorted(folder.glob("*.png"))]) / 255


def test_shipped_model_colorizes_alike(device: torch.device, place: Path) -> None:
    """On the CPU with onnxruntime."""
    found = []
    for where in ("cpu", device.type):
        args = ["colorize", "photos", "-o", where, "--device", where, "--checkpoint"]
        assert main([*args, str(REPOSITORY / "checkpoints" / "colorgan-photos"), "--size=128"]) == 0
        found.append(colorized(place / where))
    assert len(found[0]) == 32
    difference = np.abs(found[0] - found[-1])
    assert difference.max() <= 4 * LEVELS
    assert difference.mean() <= LEVELS / 2


@pytest.mark.parametrize("hinted", [False, True])
def test_photos_of_any_size_are_colorized_alike(device: torch.device, hinted: bool) -> None:
    torch.manual_seed(0)
    colorizer = TorchColorizer(UNet(4, 2, width=8, depth=3), hints=PointHints(), size=48).eval()
    hints = [ColorHint(x=20, y=10, color="crimson", radius=6)] if hinted else None
    photo = Image.fromarray(photos(1, seed=2, size=70)[0].permute(1, 2, 0).numpy()).resize((91, 53))
    expected = np.asarray(colorizer.colorize(photo, hints=hints), np.int32)
    found = np.asarray(colorizer.to(device).colorize(photo, hints=hints), np.int32)
    assert found.shape == (53, 91, 3)
    assert np.abs(found - expected).max() <= 2


@pytest.mark.parametrize("metric", photo_metrics(), ids=lambda metric: metric.key)
def test_metrics_of_photos_are_the_same(metric: Any, device: torch.device) -> None:
    target = photos(4, seed=3, size=48)
    predicted = recolored(target, 20)
    expected = metric.measure(PhotoBatch(predicted), PhotoBatch(target))
    found = metric.measure(PhotoBatch(predicted.to(device)), PhotoBatch(target.to(device)))
    torch.testing.assert_close(found.cpu().double(), expected.double(), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", ["efficientnet-lite0", "efficientnet-lite2"])
def test_features_and_distances_are_the_same(name: str, device: torch.device) -> None:
    target = photos(12, seed=3, size=64)
    pairs = []
    for where in ("cpu", device.type):
        extractor = FeatureExtractor(name, device=where)
        pairs.append([extractor(images) for images in (recolored(target, 40), target)])
    for found, expected in zip(*pairs, strict=True):
        error = (found - expected).norm() / expected.norm()
        assert error < 5e-3  # TF32 of convolutions
    one, other = (frechet_distance(*pair) for pair in pairs)
    assert one == pytest.approx(other, rel=0.02)


def test_checkpoint_of_a_gpu_is_validated_evaluated_and_exported(
    device: torch.device, fit_on: Fit, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In every way on both devices, with the same figures."""
    run = fit_on(device, "--trainer.max_epochs=1")
    best = run / "checkpoints" / "best.ckpt"
    assert {str(value.device) for value in torch.load(best, weights_only=True)["state_dict"].values()} <= {
        "cpu", f"{device.type}:0",
    }  # fmt: skip
    write(photos(8, seed=4, size=40), place / "reference")
    documents = []
    for where in ("cpu", device.type):
        args = ["evaluate", f"ours={best}", "--data.root=reference", "--device", where, "--size=32"]
        assert main([*args, "--out", f"report_{where}", "--images=none"]) == 0
        documents.append(json.loads((place / f"report_{where}" / "metrics.json").read_text()))
    values = [
        {name: result["value"] for name, result in document["systems"]["ours"]["results"].items()}
        for document in documents
    ]
    assert values[0].keys() == values[1].keys()
    assert len(values[0]) > 5
    for name, value in values[0].items():
        assert values[1][name] == pytest.approx(value, rel=0.05, abs=0.05), name

    assert main(["export", "--checkpoint", str(best), "-o", "model.onnx"]) == 0
    assert "differs from PyTorch by at most" in capsys.readouterr().out
    photo = Image.open(place / "photos" / "00.png")
    exported, own = open_model(place / "model.onnx"), TorchColorizer.from_checkpoint(best, device)
    difference = np.asarray(exported.colorize(photo), np.int32) - np.asarray(own.colorize(photo), np.int32)
    assert np.abs(difference).max() <= 2


def test_metrics_of_validate_are_the_same(
    device: torch.device, fit_on: Fit, capsys: pytest.CaptureFixture[str]
) -> None:
    from colorgan.cli.trainer import train

    best = fit_on(torch.device("cpu"), "--trainer.max_epochs=1") / "checkpoints" / "best.ckpt"
    found = []
    for accelerator in ("cpu", "gpu" if device.type == "cuda" else "cpu"):
        args = ["validate", f"--ckpt_path={best}", "--data.root=photos", f"--trainer.accelerator={accelerator}"]
        found.append(train(args).trainer.callback_metrics)
    assert {"val/l1", "val/psnr", "val/fd_efficientnet_lite0"} <= found[0].keys()
    for name, value in found[0].items():
        assert found[1][name].item() == pytest.approx(value.item(), rel=0.02, abs=1e-3), name
