"""How much of a GPU's memory training takes."""

from pathlib import Path

import pytest
import torch

from colorgan.cli import main
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
