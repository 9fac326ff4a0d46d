"""The chrominance regressor, alone and by its command."""

import csv
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch import Trainer
from torch.utils.data import DataLoader

from colorgan.cli import main
from colorgan.errors import CheckpointError
from colorgan.models.color_spaces import RGB, Lab
from colorgan.training.gan import ColorGAN
from colorgan.training.regressor import ChromaRegressor
from tests.helpers import REPOSITORY, RandomPhotos

CONFIG = REPOSITORY / "configs" / "chroma.yaml"
SMALL = ["-c", str(CONFIG), "--data.size=16", "--data.batch_size=8", "--data.num_workers=0", "--data.limit=24"]
TRAINER = ["--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.max_epochs=1"]


def validated(model: ChromaRegressor) -> dict[str, torch.Tensor]:
    trainer = Trainer(accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False)
    trainer.validate(model, DataLoader(RandomPhotos(8), batch_size=8), verbose=False)
    return trainer.callback_metrics


def test_errors_are_squared_differences_of_mean_colors() -> None:
    torch.manual_seed(0)
    model = ChromaRegressor()
    gray, color = Lab().split(RandomPhotos(8).photos.float() / 255)
    mean = color.mean(dim=(2, 3))
    with torch.no_grad():
        errors = ((model.eval()(gray) - mean) / 2).square().mean(0)
    metrics = validated(model)
    torch.testing.assert_close(torch.stack([metrics["val/mse_a"], metrics["val/mse_b"]]), errors)
    torch.testing.assert_close(metrics["val/mse"], errors.mean())
    torch.testing.assert_close(metrics["val/mse_constant"], (mean / 2).var(dim=0, correction=0).mean())


def test_learns(fit: Any) -> None:
    torch.manual_seed(0)
    model = ChromaRegressor()
    before = validated(model)["val/mse"]
    after = fit(model, max_epochs=60).callback_metrics["val/mse"]
    assert after < before / 2


def test_fit_and_validate_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["chroma", "fit", *SMALL, *TRAINER]) == 0
    (saved,) = tmp_path.glob("checkpoints/chroma/*/checkpoints/best.ckpt")
    model = ChromaRegressor.load_from_checkpoint(saved)
    assert model.hparams["width"] == 3
    assert main(["chroma", "test", *SMALL, *TRAINER, f"--ckpt_path={saved}"]) == 0
    with (saved.parents[1] / "metrics.csv").open() as stream:
        assert "val/mse_a" in next(csv.reader(stream))
    with pytest.raises(CheckpointError, match="cannot be rebuilt"):
        ColorGAN.load_from_checkpoint(saved)


def test_predict_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["chroma", "predict"]) == 1
    assert "cannot colorize photos" in capsys.readouterr().err


def test_output_channels_follow_the_color_space() -> None:
    assert ChromaRegressor(color_space=RGB())(torch.zeros(2, 1, 20, 30)).shape == (2, 3)
