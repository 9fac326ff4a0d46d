import sys
from pathlib import Path

import pytest
import torch

from colorgan.errors import CheckpointError, ColorganError
from colorgan.inference.colorizer import Colorizer
from colorgan.inference.open_model import open_model


@pytest.mark.parametrize("name", [".", "model.safetensors"])
def test_released_model_is_opened_by_folder_or_file(model_folder: Path, name: str) -> None:
    opened = open_model(model_folder / name)
    assert isinstance(opened, Colorizer)
    assert (opened.size, opened.takes_hints, opened.training) == (32, True, False)


def test_default_is_the_shipped_model(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the package exports the function under the module's name
    monkeypatch.setattr(sys.modules[open_model.__module__], "shipped_model", lambda: model_folder)
    assert open_model().size == 32


def test_device_is_checked(model_folder: Path) -> None:
    opened = open_model(model_folder, "cpu")
    assert isinstance(opened, Colorizer)
    assert {parameter.device for parameter in opened.parameters()} == {torch.device("cpu")}
    with pytest.raises(ColorganError, match="the device 'abacus' is not available"):
        open_model(model_folder, "abacus")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("model.PT2", "was refused, because torch.export.load can run code"),
        ("none.ckpt", "there is no checkpoint"),
        ("none.onnx", "none.onnx"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, name: str, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        open_model(tmp_path / name)
