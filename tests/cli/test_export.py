"""``colorgan export`` into the folder of a released model."""

import shutil
from pathlib import Path

import pytest

from colorgan.errors import ColorganError
from colorgan.inference import open_model
from colorgan.inference.onnx import OnnxColorizer
from tests.helpers import run_command


@pytest.fixture
def released(model_folder: Path, tmp_path: Path) -> Path:
    """A released model without an ONNX file."""
    return Path(shutil.copytree(model_folder, tmp_path / "model"))


def test_file_becomes_part_of_the_model(released: Path, capsys: pytest.CaptureFixture[str]) -> None:
    args = ["--checkpoint", released, "-o", released / "model.onnx"]
    assert run_command("export", args) == 0
    assert "float32; differs from PyTorch by at most" in capsys.readouterr().out
    assert isinstance(open_model(released), OnnxColorizer)
    with pytest.raises(ColorganError, match="already exists"):
        run_command("export", args)


def test_folder_refuses_the_file_of_another_model(released: Path, model_folder: Path, tmp_path: Path) -> None:
    output = released / "model.onnx"
    for args in (
        ["--checkpoint", model_folder],
        [],
        ["--checkpoint", released, "--half"],
        ["--checkpoint", released, "--required-hints"],
    ):
        with pytest.raises(
            ColorganError, match=r"belongs to the released model in .*, with optional hints; choose another name"
        ):
            run_command("export", [*args, "-o", output])
    assert not output.exists()


@pytest.mark.usefixtures("no_onnx_export")
def test_release_without_the_exporter_says_so(tmp_path: Path, tiny_model, capsys: pytest.CaptureFixture[str]) -> None:
    from colorgan.training.checkpoints import CheckpointFiles

    model = tiny_model()
    contents = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    CheckpointFiles().save_checkpoint(contents, tmp_path / "model.ckpt")
    assert run_command("release", [tmp_path / "model.ckpt", "-o", tmp_path / "out"]) == 0
    assert "without model.onnx, so it needs torch to run: exporting to ONNX needs" in capsys.readouterr().out
    assert not (tmp_path / "out" / "model.onnx").exists()
    assert open_model(tmp_path / "out").size == model.inference.size
