import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from colorgan.cli import main
from colorgan.errors import CheckpointError
from colorgan.inference import checkpoint
from colorgan.training.checkpoints import CheckpointFiles
from colorgan.training.regressor import ChromaRegressor
from tests.helpers import picture


def contents(**changes: Any) -> dict[str, Any]:
    return {"state_dict": {"weight": torch.ones(3)}, "hyper_parameters": {"width": 4}, **changes}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    file = tmp_path / "model.ckpt"
    CheckpointFiles().save_checkpoint(contents(), file)
    return file


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.ckpt", "there is no checkpoint .*contains model.ckpt"),
        ("", "is not a file"),
        ("http://x.org/a.ckpt", "URL"),
    ],
)
def test_missing_files_are_named(saved: Path, name: str, message: str) -> None:
    with pytest.raises(CheckpointError, match=message):
        checkpoint.read(name if "://" in name else saved.parent / name)


def test_flipped_bit_is_detected(saved: Path) -> None:
    data = bytearray(saved.read_bytes())
    data[len(data) // 2] ^= 1
    saved.write_bytes(data)
    with pytest.raises(CheckpointError, match="damaged: its SHA-256"):
        checkpoint.read(saved)


def test_truncated_file_is_detected_without_a_digest(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-200])
    saved.with_name("model.ckpt.sha256").unlink()
    with pytest.raises(CheckpointError, match="is not a checkpoint or is truncated"):
        checkpoint.read(saved)


class CodeOnLoad:
    """Creates a file when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("executed"),))


def test_code_is_not_executed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    torch.save(contents(more=CodeOnLoad()), "zip.ckpt")
    with pytest.raises(CheckpointError, match="more than data"):
        checkpoint.read("zip.ckpt")
    Path("pickle.ckpt").write_bytes(pickle.dumps(CodeOnLoad()))
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        checkpoint.read("pickle.ckpt")
    assert not Path("executed").exists()


def test_compressed_archives_are_refused(tmp_path: Path, saved: Path) -> None:
    bomb = tmp_path / "bomb.ckpt"
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    with pytest.raises(CheckpointError, match="compressed archive"):
        checkpoint.read(bomb)


def test_other_files_of_torch_are_refused(tmp_path: Path) -> None:
    torch.save({"model": torch.ones(1)}, tmp_path / "other.ckpt")
    with pytest.raises(CheckpointError, match="not a colorgan checkpoint: it lacks state_dict"):
        checkpoint.read(tmp_path / "other.ckpt")


def test_regressor_checkpoint_cannot_colorize(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    regressor = ChromaRegressor()
    file = tmp_path / "regressor.ckpt"
    CheckpointFiles().save_checkpoint(
        contents(state_dict=regressor.state_dict(), hyper_parameters=dict(regressor.hparams)), file
    )
    picture(0).save(tmp_path / "photo.png")
    assert main(["colorize", str(tmp_path / "photo.png"), "-o", str(tmp_path / "out"), "--checkpoint", str(file)]) == 1
    assert capsys.readouterr().err.strip().splitlines()[-1] == (
        f"error: {file} is a checkpoint of a ChromaRegressor, which predicts the mean color of photos and cannot "
        "colorize them: measure it with `colorgan chroma validate --ckpt_path FILE`, or train a generator with it, as "
        "--model.generator.regressor"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("value", [None, 16, ["bf16-mixed"], "", "BF16", "x" * 41, "a\nb", "<b>"])
def test_precision_that_is_no_name_is_ignored(value: Any) -> None:
    assert checkpoint.training_precision({"precision": value}) is None
