"""The shipped model through onnxruntime and through PyTorch: one model, one result."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import yaml

from colorgan.files import digest
from colorgan.images import SAMPLE_PHOTOS, list_photos, read_rgb
from colorgan.inference import ColorHint, open_model
from colorgan.inference.onnx import OnnxColorizer
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.web.server import load_model_info
from tests.helpers import REPOSITORY

FOLDER = REPOSITORY / "checkpoints" / "colorgan-photos"
PHOTOS = list_photos(SAMPLE_PHOTOS / "val")[::8]
TORCH_FREE = """
import sys
from colorgan.cli import main
code = main(sys.argv[1:])
unwanted = {"torch", "torchvision", "lightning", "kornia", "timm", "wandb", "matplotlib", "scipy", "huggingface_hub"}
sys.exit(code or f"imported: {unwanted & set(sys.modules)}" if unwanted & set(sys.modules) else code)
"""


@pytest.fixture(scope="module")
def through_torch() -> TorchColorizer:
    opened = open_model(FOLDER / "model.safetensors")
    assert isinstance(opened, TorchColorizer)
    return opened


@pytest.fixture(scope="module")
def through_onnx() -> OnnxColorizer:
    opened = open_model()
    assert isinstance(opened, OnnxColorizer)
    return opened


def test_both_files_are_of_the_same_model() -> None:
    """Whoever renews one of the files has to renew the other."""
    config = yaml.safe_load((FOLDER / "config.yaml").read_text(encoding="utf-8"))
    assert digest(FOLDER / "model.safetensors") == config["sha256"]
    renew = "run `colorgan export --checkpoint checkpoints/colorgan-photos -o checkpoints/colorgan-photos/model.onnx`"
    assert digest(FOLDER / "model.onnx") == config["onnx_sha256"], renew
    exported = onnx.load(FOLDER / "model.onnx")
    metadata = json.loads({entry.key: entry.value for entry in exported.metadata_props}["colorgan"])
    assert metadata["weights"] == config["sha256"], renew
    assert metadata["size"] == config["size"]


@pytest.mark.parametrize("size", [None, 96, 256])
@pytest.mark.parametrize("hinted", [False, True], ids=["without hints", "with hints"])
def test_colors_are_the_same(
    through_torch: TorchColorizer, through_onnx: OnnxColorizer, size: int | None, hinted: bool
) -> None:
    photos = [read_rgb(file) for file in PHOTOS]
    hints = [ColorHint(60, 90, "firebrick", 9), ColorHint(120, 30, "#305090", 4)] if hinted else None
    options = {"size": size, "hints": [hints] * len(photos) if hinted else None}
    for one, other in zip(
        through_torch.colorize(photos, **options), through_onnx.colorize(photos, **options), strict=True
    ):
        difference = np.abs(one.astype(int) - other)
        assert difference.max() <= 1
        assert (difference > 0).mean() < 1e-3  # on the edge between two values


def test_properties_are_the_same(through_torch: TorchColorizer, through_onnx: OnnxColorizer) -> None:
    assert (through_onnx.size, through_onnx.takes_hints) == (through_torch.size, through_torch.takes_hints)
    one, other = (load_model_info(None, opened.card) for opened in (through_torch, through_onnx))
    assert one == other
    assert one.limits


def test_file_is_small() -> None:
    """Weights that float16 holds exactly are stored in it."""
    assert (FOLDER / "model.onnx").stat().st_size < 1.05 * (FOLDER / "model.safetensors").stat().st_size


def test_colorize_imports_no_torch(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TORCH_FREE, "colorize", str(PHOTOS[0]), "-o", str(tmp_path / "new.png")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "new.png").is_file()


def test_app_imports_no_torch() -> None:
    code = (
        "import sys; from colorgan.inference import open_model; from colorgan.web.server import *;"
        "service = ColorizationService(open_model(device='auto'), None, 10**6);"
        "create_app(service, [load_model_info(None)], ServerSettings());"
        "assert not {'torch', 'kornia', 'wandb', 'lightning'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
