"""The programs of ``tools/``, run as their README says, on a few photos."""

import runpy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from PIL import Image

from colorgan.images import SAMPLE_PHOTOS, read_rgb
from colorgan.inference.checkpoint import read_network
from colorgan.inference.shipped import shipped_model
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.models.hints import PointHints
from colorgan.training.checkpoints import CheckpointFiles
from tests.helpers import REPOSITORY

SPREADING = REPOSITORY / "tools" / "hint_spreading"
MODEL = REPOSITORY / "tools" / "model"


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


def test_photos_of_the_model_are_collected_and_held_out(
    monkeypatch: pytest.MonkeyPatch, make_photos: Callable[..., Path], tmp_path: Path
) -> None:
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    make_photos("sets/bsds", 20)
    make_photos("sets/intel/sea", range(20, 25))
    make_photos("thousand", range(25, 45))
    out = tmp_path / "out"
    run_tool(monkeypatch, MODEL / "photos.py", out, "--train", tmp_path / "sets", "--photos1000", tmp_path / "thousand")
    counts = {folder: len(list((out / folder).rglob("*.*"))) for folder in ("train/bsds", "val/bsds", "val/photos1000")}
    assert counts == {"train/bsds": 18, "val/bsds": 2, "val/photos1000": 2}
    assert len(list((out / "train" / "intel" / "sea").iterdir())) == 5
    names = {path.name for path in (out / "train" / "bsds").iterdir()}
    assert not names & {path.name for path in (out / "val" / "bsds").iterdir()}
    assert len(list((out / "val" / "sample").iterdir())) == 42
    with pytest.raises(SystemExit, match="exists; give a new folder"):
        run_tool(monkeypatch, MODEL / "photos.py", out, "--train", tmp_path / "sets", "--photos1000", tmp_path / "sets")


def test_models_are_compared_by_kind_of_photo(
    monkeypatch: pytest.MonkeyPatch,
    make_photos: Callable[..., Path],
    model_folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    offline_cache: Path,
) -> None:
    make_photos("held/val/bsds", 3)
    thousand = make_photos("held/val/photos1000", range(3, 6))
    for number, name in enumerate(("n01440764_tench", "n02655020_puffer", "n02666196_abacus"), 3):
        (thousand / f"photo_{number:03d}.png").rename(thousand / f"{name}.png")
    out, model = tmp_path / "out", f"former={model_folder}"
    run_tool(monkeypatch, MODEL / "compare.py", tmp_path / "held", out, model)
    text = (out / "figures.md").read_text()
    assert text.count("| animals (photos1000) | 2 |") == text.count("| things, food, places (photos1000) | 1 |") == 4
    assert "| PSNR, dB ↑ | photos | gray | mean color | former | reference |" in text
    assert "Fréchet distance (EfficientNet-Lite2), all ↓" in text
    (ratios,) = (line for line in text.splitlines() if line.startswith("| all | 6 | 0% |"))  # gray has no color
    assert ratios.endswith("| 100% |")
    verdicts = out / "verdicts.csv"
    assert verdicts.read_text().splitlines()[:2] == ["number,photo,former", "1,bsds/photo_000.png,"]
    assert (out / "held_out_1.jpg").is_file()
    assert "plausible" not in text

    rows = verdicts.read_text().splitlines()
    verdicts.write_text("\n".join([rows[0], *(f"{row}wrong" for row in rows[1:3]), f"{rows[3]}plausible", *rows[4:]]))
    run_tool(monkeypatch, MODEL / "compare.py", tmp_path / "held", out, model)
    assert "| former | 1 | 0 | 2 |" in capsys.readouterr().out
    verdicts.write_text(verdicts.read_text().replace("plausible", "nice"))
    with pytest.raises(SystemExit, match="'nice' is no verdict; write plausible, nearly gray, wrong"):
        run_tool(monkeypatch, MODEL / "compare.py", tmp_path / "held", out, model)


def test_red_point_is_measured(
    monkeypatch: pytest.MonkeyPatch, model_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(SAMPLE_PHOTOS / "val" / "rocket_00.jpg", tmp_path)
    with pytest.raises(SystemExit) as stop:
        run_tool(monkeypatch, MODEL / "red_point.py", model_folder, "--photos", tmp_path)
    output = capsys.readouterr().out
    assert stop.value.code == (1 if "beyond: rocket_00.jpg" in output else 0)
    assert "of 1 photos are within the bounds" in output
    assert "far: mean" in output


def test_weights_are_averaged(
    monkeypatch: pytest.MonkeyPatch, tiny_model: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / f"{name}.ckpt" for name in ("first", "second", "other", "mean")]
    for file, changes in zip(files, ({}, {"ema_decay": 0.9}, {"hints": PointHints()}), strict=False):
        model = tiny_model(**changes)
        for number, parameter in enumerate(model.parameters()):
            torch.nn.init.normal_(parameter, std=0.1 + number % 3)
        contents = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
        CheckpointFiles().save_checkpoint(contents, file)
    first, second, other, mean = files
    with pytest.raises(SystemExit) as stop:
        run_tool(monkeypatch, MODEL / "average.py", mean, f"{first}=1", f"{second}=3")
    assert stop.value.code == 0
    one, two, both = (read_network(file).state_dict() for file in (first, second, mean))
    name = next(name for name in one if name.endswith("weight"))
    assert not torch.equal(one[name], two[name])
    for name, tensor in both.items():
        expected = one[name] * 0.25 + two[name] * 0.75 if tensor.is_floating_point() else two[name]
        torch.testing.assert_close(tensor, expected)
    with pytest.raises(SystemExit, match="the networks differ"):
        run_tool(monkeypatch, MODEL / "average.py", mean, f"{first}=1", f"{other}=1")
    with pytest.raises(SystemExit, match="--strength needs a generator that ends in a convolution"):
        run_tool(monkeypatch, MODEL / "average.py", mean, f"{first}=1", "--strength", 0.5)
    with pytest.raises(SystemExit):
        run_tool(monkeypatch, MODEL / "average.py", mean, first)
    assert "give each model as CHECKPOINT=WEIGHT" in capsys.readouterr().err


def test_strength_makes_colors_paler(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    paler = tmp_path / "paler.ckpt"
    with pytest.raises(SystemExit) as stop:
        run_tool(monkeypatch, MODEL / "average.py", paler, f"{shipped_model()}=1", "--strength", 0.5)
    assert stop.value.code == 0
    photo = read_rgb(SAMPLE_PHOTOS / "val" / "flower_01.jpg")
    full, half = (TorchColorizer.from_checkpoint(model).predict_chroma([photo])[0].ab for model in (None, paler))
    assert np.abs(full).max() > 10
    np.testing.assert_allclose(half, 110 * np.tanh(np.arctanh(full / 110) / 2), atol=0.5)  # tanh is not linear
