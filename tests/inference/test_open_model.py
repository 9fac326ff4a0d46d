import shutil
import sys
from pathlib import Path

import pytest
import torch
import yaml

from colorgan.errors import CheckpointError, ColorganError
from colorgan.inference.onnx import OnnxColorizer
from colorgan.inference.open_model import open_model
from colorgan.inference.torch_colorizer import TorchColorizer
from tests.helpers import REPOSITORY


@pytest.mark.parametrize("name", [".", "model.safetensors"])
def test_released_model_is_opened_by_folder_or_file(model_folder: Path, name: str) -> None:
    opened = open_model(model_folder / name)
    assert isinstance(opened, TorchColorizer)
    assert (opened.size, opened.takes_hints, opened.training) == (32, True, False)


def test_default_is_the_shipped_model(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the package exports the function under the module's name
    monkeypatch.setattr(sys.modules[open_model.__module__], "shipped_model", lambda: model_folder)
    assert open_model().size == 32


def test_device_is_checked(model_folder: Path) -> None:
    opened = open_model(model_folder, "cpu")
    assert isinstance(opened, TorchColorizer)
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


# -- released models with an ONNX file ---------------------------------------------------------------------------------


@pytest.fixture
def both(tmp_path: Path) -> Path:
    """A copy of the shipped model, which has both files."""
    return Path(shutil.copytree(REPOSITORY / "checkpoints" / "colorgan-photos", tmp_path / "model"))


def change_config(folder: Path, **changes: object) -> None:
    config = yaml.safe_load((folder / "config.yaml").read_text())
    changed = {name: value for name, value in {**config, **changes}.items() if value is not None}
    (folder / "config.yaml").write_text(yaml.safe_dump(changed))


@pytest.mark.parametrize(
    ("name", "device", "expected"),
    [
        (".", "cpu", OnnxColorizer),
        (".", "auto", OnnxColorizer),
        ("model.onnx", "cpu", OnnxColorizer),
        ("model.safetensors", "cpu", TorchColorizer),
        ("model.safetensors", "auto", TorchColorizer),
    ],
)
def test_folder_opens_with_onnxruntime_and_files_with_their_own_engine(
    both: Path, name: str, device: str, expected: type
) -> None:
    assert type(open_model(both / name, device)) is expected


def test_other_devices_need_torch_unless_onnxruntime_has_them(both: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(open_model(both, "meta"), TorchColorizer)
    opened = []
    monkeypatch.setattr("colorgan.inference.onnx.colorizer.OnnxColorizer", lambda *args: opened.append(args))
    for providers in (["CPUExecutionProvider"], ["CUDAExecutionProvider", "CPUExecutionProvider"]):
        monkeypatch.setattr("onnxruntime.get_available_providers", lambda found=providers: found)
        if len(providers) == 2 or torch.cuda.is_available():
            open_model(both, "cuda")
        else:
            with pytest.raises(ColorganError, match="the device 'cuda' is not available"):
                open_model(both, "cuda")
    assert opened == [(both / "model.onnx", "cuda")]


def test_without_onnxruntime_torch_opens_the_folder(both: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert isinstance(open_model(both, "auto"), TorchColorizer)


def test_without_torch_and_onnxruntime_the_message_names_both(both: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "colorgan.inference.torch_colorizer")
    with pytest.raises(CheckpointError, match=r"needs torch, which is not installed: .* or only onnxruntime"):
        open_model(both)


def test_damaged_onnx_file_is_refused(both: Path) -> None:
    data = bytearray((both / "model.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (both / "model.onnx").write_bytes(data)
    with pytest.raises(CheckpointError, match=r"model\.onnx is damaged or of another model: its SHA-256 differs"):
        open_model(both)


def test_onnx_file_of_other_weights_is_not_used(both: Path) -> None:
    change_config(both, onnx_sha256=None)  # as for weights that were released without an ONNX file
    assert isinstance(open_model(both), TorchColorizer)


def test_folder_without_weights_opens_with_onnxruntime(both: Path) -> None:
    (both / "model.safetensors").unlink()
    assert open_model(both).size == 160
    with pytest.raises(CheckpointError, match="lacks model.safetensors"):
        open_model(both, "meta")


def test_model_that_is_written_again_forgets_its_onnx_file(both: Path) -> None:
    colorizer = TorchColorizer.from_pretrained(both)
    next(colorizer.parameters()).zero_()
    colorizer.save_pretrained(both)
    assert not (both / "model.onnx").exists()
    assert isinstance(open_model(both), TorchColorizer)


def test_auto_falls_back_to_the_cpu(both: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where onnxruntime-gpu is installed without the CUDA libraries."""
    providers = ["CUDAExecutionProvider", "CPUExecutionProvider"]
    monkeypatch.setattr("onnxruntime.get_available_providers", lambda: providers)
    with pytest.warns(UserWarning, match="CUDAExecutionProvider"):
        assert open_model(both, "auto").size == 160
