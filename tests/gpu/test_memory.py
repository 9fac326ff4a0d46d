"""How much of a GPU's memory training takes."""

import functools
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from colorgan.cli import main
from colorgan.models.discriminators import PatchGAN
from colorgan.models.generators import UNet
from colorgan.training import Trainer
from colorgan.training.batch_size import BatchTrial, GPUMemory, find_batch_size
from tests.helpers import CONFIGS

pytestmark = pytest.mark.gpu

GIB = 1 << 30


def peak(*options: str) -> float:
    """Trains two batches of the base configuration, and returns the largest amount of memory that was reserved."""
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    configs = [argument for name in options if name.endswith(".yaml") for argument in ("-c", str(CONFIGS / name))]
    others = [option for option in options if not option.endswith(".yaml")]
    quick = [
        "--trainer.fast_dev_run=2", "--trainer.callbacks=[]", "--trainer.enable_progress_bar=false", "--data.limit=32",
        "--data.num_workers=0",
    ]  # fmt: skip
    assert main(["fit", "-c", str(CONFIGS / "base.yaml"), *configs, *quick, *others]) == 0
    return torch.cuda.max_memory_reserved() / GIB


def test_512_px_fit_into_8_gb_with_gradient_checkpointing(cuda: torch.device, place: Path) -> None:
    checkpointed = peak("hardware/gpu_8gb_512px.yaml")
    plain = peak("hardware/gpu_8gb_512px.yaml", "--model.checkpoint_gradients=false")
    print(f"512 px, batches of 4: {checkpointed:.2f} GiB with gradient checkpointing, {plain:.2f} GiB without")
    assert checkpointed < 0.6 * plain
    assert checkpointed < 7


def test_laptop_configuration_fits_into_8_gb(cuda: torch.device, place: Path) -> None:
    memory = peak("recipes/flowers_unet.yaml", "hardware/laptop_8gb.yaml")
    print(f"flowers_unet with laptop_8gb: {memory:.2f} GiB")
    assert memory < 7


def test_largest_batch_is_found_and_fits(cuda: torch.device, place: Path, tiny_model: Any) -> None:
    """In 2 GiB of the GPU, beyond which CUDA is out of memory."""
    whole = torch.cuda.get_device_properties(cuda).total_memory
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(2 * GIB / whole)
    try:
        network = functools.partial(UNet, width=16, depth=2)
        model = tiny_model(generator=network, discriminator=functools.partial(PatchGAN, width=16, num_downsamples=2))
        trainer = Trainer(accelerator="gpu", devices=1, logger=False, enable_checkpointing=False)
        memory = GPUMemory(torch.device("cuda", 0))
        memory.total = 2 * GIB
        found = find_batch_size(model, 128, trainer, photos=1_000_000, memory=memory)
        trial = BatchTrial(model, 128, {"accelerator": "gpu", "devices": 1, "precision": trainer.precision}, memory)
        taken, more = trial(found), trial(3 * found)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    print(f"2 GiB hold a batch of {found}: {taken:.0%}")
    assert 0.5 < taken <= 0.95
    assert more == math.inf
    assert not any(weight.is_cuda for weight in model.parameters())
