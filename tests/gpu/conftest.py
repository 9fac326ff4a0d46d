"""The device of these tests, and a training on it as a user starts one.

``pytest -m gpu tests/gpu`` runs on the CUDA device. ``COLORGAN_TEST_DEVICE=cpu pytest -m gpu tests/gpu`` runs what does
not depend on CUDA on the CPU, so that errors of the tests themselves are found without a GPU.
"""

import csv
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from colorgan.cli import main
from tests.helpers import photo_of

DEVICE = os.environ.get("COLORGAN_TEST_DEVICE", "cuda")

TINY = """\
seed_everything: 1
data:
  root: photos
  size: 32
  batch_size: 8
  val_fraction: 0.25
  num_workers: 0
  train_transforms: [{class_path: albumentations.HorizontalFlip}]
model:
  ema_decay: 0.9
  generator: {class_path: UNet, init_args: {width: 8, depth: 2}}
  discriminator: {class_path: PatchGAN, init_args: {width: 8, num_downsamples: 2}}
trainer:
  max_epochs: 2
  num_sanity_val_steps: 0
  enable_progress_bar: false
  enable_model_summary: false
  log_every_n_steps: 1
  logger: [{class_path: colorgan.training.MetricsFile}]
  callbacks: [{class_path: BestCheckpoint, init_args: {monitor: val/l1}}, {class_path: LastCheckpoint}]
"""

Fit = Callable[..., Path]


@pytest.fixture
def device() -> torch.device:
    if DEVICE == "cuda" and not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    return torch.device(DEVICE)


@pytest.fixture
def cuda(device: torch.device) -> torch.device:
    """For what a CPU cannot do."""
    if device.type != "cuda":
        pytest.skip("needs CUDA")
    return device


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with photos and a configuration, in which the commands run."""
    from PIL import Image

    (tmp_path / "photos").mkdir()
    for seed in range(32):
        Image.fromarray(photo_of(seed, 40, 48)).save(tmp_path / "photos" / f"{seed:02d}.png")
    (tmp_path / "tiny.yaml").write_text(TINY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def fit_on(place: Path) -> Iterator[Fit]:
    """Runs ``colorgan fit`` on a device, and returns the folder of the run."""

    def run(device: torch.device, *options: str, name: str = "run") -> Path:
        accelerator = {"cuda": "gpu"}.get(device.type, device.type)
        assert main(["fit", "-c", "tiny.yaml", f"--name={name}", f"--trainer.accelerator={accelerator}", *options]) == 0
        (folder,) = (place / "checkpoints" / name).iterdir()
        return folder

    yield run
    torch.accelerator.empty_cache() if torch.accelerator.is_available() else None


def logged(run: Path, metric: str) -> list[float]:
    """The values of a metric in the order of their steps."""
    with (run / "metrics.csv").open() as stream:
        return [float(row[metric]) for row in csv.DictReader(stream) if row.get(metric)]
