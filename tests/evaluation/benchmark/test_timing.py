"""Timing of the networks of a grid."""

import json
from pathlib import Path

import pytest
import torch

from colorgan.evaluation.benchmark.timing import BuiltNetwork, time_network
from colorgan.models.generators import PlainCNN
from tests.helpers import run_command

GRID = """
title: Two models
metrics: {val/l1: {}}
base:
  - data: {root: sample, size: 16, batch_size: 2}
groups:
  colorizer:
    overlays:
      - model: {generator: {class_path: UNet, init_args: {width: 4, depth: 2}}, discriminator: null}
  regressor:
    command: chroma
    overlays:
      - data: {root: sample, size: 20, batch_size: 3}
        model: {num_downsamples: 2}
"""


def test_networks_of_a_grid_are_timed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("colorgan.evaluation.benchmark.timing._MIN_SECONDS", 0.01)
    grid = tmp_path / "grid.yaml"
    grid.write_text(GRID)
    assert run_command("benchmark", [str(grid), "--out", str(tmp_path / "out"), "--timing"]) == 0
    timings = json.loads((tmp_path / "out" / "timing.json").read_text())
    on_cpu = [(t["name"], t["batch_size"], t["image_size"]) for t in timings if t["device"] == "cpu"]
    assert on_cpu == [("colorizer", 2, 16), ("regressor", 3, 20)]
    assert all(timing["forward_ms"] > 0 and timing["training_ms"] > timing["forward_ms"] / 2 for timing in timings)
    text = (tmp_path / "out" / "timing.md").read_text()
    assert "| colorizer | CPU" in text
    assert ("This machine has no GPU" in text) == (not torch.cuda.is_available())
    assert not (tmp_path / "out" / "runs").exists()


def test_larger_network_takes_longer() -> None:
    torch.manual_seed(0)
    small, large = PlainCNN(1, 3, layers=2), PlainCNN(1, 3, layers=6, kernels=32)
    fast, slow = (
        time_network("", BuiltNetwork(network, 2, 32), torch.device("cpu"), 0.05) for network in (small, large)
    )
    assert slow.training_ms > fast.training_ms
