"""What many tests need: a tiny model, photos from outside, and caches that are not the user's."""

import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

# the tiny networks of the tests are slower on several threads than on one
torch.set_num_threads(1)
os.environ.setdefault("COLORGAN_CACHE", "")


@pytest.fixture(scope="session")
def colorgan_data() -> Path:
    """The folder of real photographs that is kept outside the repository."""
    folder = os.environ.get("COLORGAN_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("COLORGAN_DATA does not name a folder with sample_photos, flowers12 and photos1000")
    return Path(folder)


class RandomPhotos(Dataset[dict[str, Any]]):
    """Noise, the same at every reading."""

    def __init__(self, count: int = 8, size: int = 16) -> None:
        generator = torch.Generator().manual_seed(0)
        self.photos = torch.randint(0, 256, (count, 3, size, size), generator=generator, dtype=torch.uint8)

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"rgb": self.photos[index], "index": index}


@pytest.fixture
def tiny_model() -> Callable[..., Any]:
    """Makes a ColorGAN so narrow that a step takes milliseconds."""
    from colorgan.discriminators import PatchGAN
    from colorgan.gan import ColorGAN
    from colorgan.generators import UNet

    def make(**changes: Any) -> ColorGAN:
        torch.manual_seed(0)
        arguments: dict[str, Any] = {
            "generator": functools.partial(UNet, width=4, depth=2),
            "discriminator": functools.partial(PatchGAN, width=4, halvings=2),
        }
        return ColorGAN(**{**arguments, **changes})

    return make


@pytest.fixture
def fit(tmp_path: Path) -> Callable[..., Any]:
    """Trains a model on noise for a moment and returns the trainer."""
    from lightning.pytorch import Trainer

    from colorgan.checkpoint import CheckpointFiles

    def run(model: Any, photos: int = 8, batch_size: int = 4, ckpt_path: str | None = None, **options: Any) -> Trainer:
        defaults: dict[str, Any] = {
            "max_epochs": 1,
            "accelerator": "cpu",
            "logger": False,
            "enable_checkpointing": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "num_sanity_val_steps": 0,
            "default_root_dir": tmp_path,
            "plugins": [CheckpointFiles()],
        }
        trainer = Trainer(**{**defaults, **options})
        loader = DataLoader(RandomPhotos(photos), batch_size=batch_size)
        trainer.fit(model, loader, loader, ckpt_path=ckpt_path)
        return trainer

    return run
