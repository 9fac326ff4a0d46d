"""The working folder of the documentation's commands, which they share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.docs.place import furnish


@pytest.fixture(scope="module")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("docs")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        furnish(folder)
    return folder


@pytest.fixture
def place(furnished: Path, monkeypatch: pytest.MonkeyPatch, tiny_features: str) -> Iterator[Path]:
    """The working directory of a test, without a network, and with a small network that judges."""

    def no_network(url: str) -> None:
        raise OSError("no network in tests")

    monkeypatch.chdir(furnished)
    monkeypatch.setenv("COLORGAN_CACHE", str(furnished / "cache"))
    monkeypatch.setenv("WANDB_MODE", "disabled")
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(furnished / "hub"))
    monkeypatch.setattr("colorgan.metrics.weights._check_reachable", no_network)
    monkeypatch.setattr("colorgan.evaluation.report.evaluation.JUDGE", tiny_features)
    monkeypatch.setattr(sys, "path", [*sys.path, str(furnished)])
    yield furnished
    for name in ("mynet", "mydata"):
        sys.modules.pop(name, None)
