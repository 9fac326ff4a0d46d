"""What tests of several folders share: the places of files, photos that are made, and stand-ins for slow parts."""

import importlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from colorgan.cli.parsing.function_parser import run_function
from colorgan.color.cielab import FloatArray, rgb_to_ab
from colorgan.inference.photo_colorizer import PhotoColorizer

REPOSITORY = Path(__file__).parents[1]
CONFIGS = REPOSITORY / "configs"
FAKE_FIT = (sys.executable, str(Path(__file__).with_name("evaluation") / "benchmark" / "fake_fit.py"))
"""Stands for ``colorgan fit`` in tests of grids."""

TINY_NETWORKS = """\
  generator: {class_path: UNet, init_args: {width: 4, depth: 2}}
  discriminator: {class_path: PatchGAN, init_args: {width: 4, num_downsamples: 2}}
"""
"""Two keys of ``model`` in a configuration."""

QUICK_TRAINER = """\
  accelerator: cpu
  precision: 32-true
  max_epochs: 1
  num_sanity_val_steps: 0
  enable_progress_bar: false
  enable_model_summary: false
"""
"""Keys of ``trainer`` in a configuration: an epoch on the CPU without a word."""

_TWO_RANKS = """
import sys, torch
from colorgan.cli.trainer import train
command = train(sys.argv[1:])
weights = torch.cat([p.detach().flatten() for p in command.model.parameters()])
ranks = command.trainer.strategy.all_gather(weights)
assert torch.equal(ranks[0], ranks[1]), (ranks[0] - ranks[1]).abs().max()
"""


def run_command(name: str, args: Sequence[str | Path]) -> int:
    """Runs a command without turning its errors into messages."""
    module = importlib.import_module(f"colorgan.cli.{name}")
    return run_function(getattr(module, name), [str(argument) for argument in args], name)


def train_on_two_ranks(*options: str) -> None:
    """Runs ``colorgan fit`` with DDP on two processes of the CPU, and checks that both end with the same weights."""
    ddp = ("--trainer.devices=2", "--trainer.strategy=ddp_find_unused_parameters_true")
    program = Path("two_ranks.py").absolute()  # DDP starts the second process from the file of the first
    program.write_text(_TWO_RANKS)
    finished = subprocess.run(
        [sys.executable, str(program), *options, *ddp], capture_output=True, text=True, timeout=300, check=False
    )
    assert finished.returncode == 0, finished.stderr[-3000:]


class RandomPhotos(Dataset[dict[str, Any]]):
    """Noise, the same at every reading."""

    def __init__(self, count: int = 8, size: int = 16) -> None:
        generator = torch.Generator().manual_seed(0)
        self.photos = torch.randint(0, 256, (count, 3, size, size), generator=generator, dtype=torch.uint8)

    def __len__(self) -> int:
        return len(self.photos)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"rgb": self.photos[index], "index": index}


def parameters(network: torch.nn.Module) -> list[Tensor]:
    """Copies of a network's parameters."""
    return [parameter.detach().clone() for parameter in network.parameters()]


class Painter(PhotoColorizer):
    """Colors everything warm, the more the lighter, and where hints are, as they say. It notes what it was asked."""

    size = 32
    takes_hints = True

    def __init__(self) -> None:
        self.batches: list[tuple[int, ...]] = []

    def run_network(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        self.batches.append(rgb.shape)
        gray = rgb.mean(axis=1, keepdims=True)
        warm = np.clip(gray * np.array([1.2, 1.0, 0.7], np.float32).reshape(1, 3, 1, 1), 0, 1)
        codes = np.rint(warm * 65535).astype(np.uint16)
        ab = np.stack([rgb_to_ab(picture.transpose(1, 2, 0)) for picture in codes])
        return ab if hints is None else np.where(hints[:, 3:] > 0, hints[:, 1:3], ab)


class TinyFeatures(FeatureExtractorBase):
    """24 fixed features: weighted means of the pixels of a photo, through a bend."""

    def __init__(self, name, features_list, feature_extractor_weights_path=None, **_):
        super().__init__(name, features_list)
        self.register_buffer("weights", torch.randn(24, 3 * 16, generator=torch.Generator().manual_seed(0)))

    def forward(self, images):
        pooled = torch.nn.functional.adaptive_avg_pool2d(images.float() / 255, 4).flatten(1)
        return (torch.nn.functional.softplus(pooled @ self.weights.T),)

    @staticmethod
    def get_provided_features_list():
        return ("24",)

    @staticmethod
    def get_default_feature_layer_for_metric(metric):
        return "24"

    @staticmethod
    def can_be_compiled():
        return False


def picture(seed: int, height: int = 30, width: int = 40) -> Image.Image:
    """A smooth picture with colors, another one for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


def photo_of(seed: int, height: int = 24, width: int = 32) -> np.ndarray:
    """A smooth picture with colors: a few random blobs, different for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def photos(count: int, seed: int, size: int = 16) -> Tensor:
    """Smooth random uint8 photos (count, 3, size, size), more colorful with each seed."""
    random = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, 3, 4, 4, generator=random) * (0.6 + 0.1 * seed)
    smooth = torch.nn.functional.interpolate(coarse, (size, size), mode="bilinear", align_corners=False)
    return smooth.clamp(0, 1).mul(255).round().to(torch.uint8)


def write(images: Tensor, folder: Path) -> Path:
    """Writes photos as PNG files whose names sort in their order."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, image in enumerate(images):
        Image.fromarray(np.ascontiguousarray(image.permute(1, 2, 0).numpy())).save(folder / f"{index:04d}.png")
    return folder


def recolored(images: Tensor, shift: int) -> Tensor:
    """Pictures whose colors are wrong by a shift of the red channel."""
    wrong = images.int()
    wrong[:, 0] += shift
    return wrong.clamp(0, 255).byte()
