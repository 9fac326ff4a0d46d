"""The programs of ``tools/``, run as their README says, on a few photos."""

import runpy
import shutil
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

from colorgan.images import SAMPLE_PHOTOS
from tests.helpers import REPOSITORY

SPREADING = REPOSITORY / "tools" / "hint_spreading"


def run_tool(monkeypatch: pytest.MonkeyPatch, file: Path, *args: object) -> None:
    monkeypatch.setattr(sys, "argv", [str(file), *map(str, args)])
    monkeypatch.syspath_prepend(str(file.parent))
    runpy.run_path(str(file), run_name="__main__")


def test_hint_spreading_is_trained_and_exported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    for file in sorted((SAMPLE_PHOTOS / "train").glob("*.jpg"))[::20]:
        shutil.copy(file, photos)
    output = tmp_path / "spreading.onnx"
    run_tool(monkeypatch, SPREADING / "train.py", photos, "-o", output, "--steps", 2)
    run_tool(
        monkeypatch, SPREADING / "train.py", photos, "-o", output, "--steps", 2
    )  # continues: nothing is left to do

    monkeypatch.syspath_prepend(str(SPREADING))
    from network import SpreadingNet

    network = SpreadingNet().eval()
    network.load_state_dict(torch.load(output.with_suffix(".state"), weights_only=True)["network"])
    planes = [torch.rand(1, 1, 48, 32), (torch.rand(1, 1, 48, 32) > 0.9).float(), torch.rand(1, 1, 48, 32)]
    names = ("lightness", "mark", "distance")
    inputs = {name: plane.numpy() for name, plane in zip(names, planes, strict=True)}
    session = onnxruntime.InferenceSession(output, providers=["CPUExecutionProvider"])
    (logit,) = session.run(["logit"], inputs)
    with torch.inference_mode():
        expected = network(*planes).numpy()
    assert np.abs(logit - expected).max() < 0.02 * np.abs(expected).max()  # weights of 16 bits


def test_hint_spreading_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = np.zeros((160, 160), np.uint8)
    labels[:, 60:] = 1
    labels[90:, 100:] = 2
    for file in sorted((SAMPLE_PHOTOS / "val").glob("rocket*.jpg"))[:4]:
        shutil.copy(file, tmp_path)
        Image.fromarray(labels).save(tmp_path / f"{file.stem}.png")
    run_tool(monkeypatch, SPREADING / "measure.py", tmp_path)
    printed = capsys.readouterr().out
    assert printed.count("five hints") == 1
    assert printed.count("(2 photos)") >= 2
    assert "nan" not in printed
