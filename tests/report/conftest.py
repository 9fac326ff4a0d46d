from pathlib import Path

import pytest
import torch
from torch import Tensor

from tests.metrics.conftest import photos, tiny_features, write

__all__ = ["tiny_features"]

SIZE = 32


def recoloured(images: Tensor, shift: int) -> Tensor:
    """Pictures whose colours are wrong by a shift of the red channel."""
    wrong = images.int()
    wrong[:, 0] += shift
    return wrong.clamp(0, 255).byte()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Caches and downloads of a test stay in its folder, and nothing is downloaded."""

    def no_network(url):
        raise OSError("no network in tests")

    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    monkeypatch.setattr("colorgan.metrics.weights._check_reachable", no_network)
    return tmp_path / "cache"


@pytest.fixture
def truth_folder(tmp_path: Path) -> Path:
    """Eight photos, in test/, and six others in train/."""
    write(photos(8, seed=4, size=SIZE), tmp_path / "data" / "test" / "roses")
    write(photos(6, seed=2, size=SIZE), tmp_path / "data" / "train")
    return tmp_path / "data"


@pytest.fixture
def picture_folder(tmp_path: Path) -> Path:
    """Pictures for them, made by some program."""
    return write(recoloured(photos(8, seed=4, size=SIZE), 40), tmp_path / "theirs" / "roses").parent
