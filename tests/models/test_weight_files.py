import io
import pickle
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from colorgan.errors import CheckpointError
from colorgan.models.weight_files import check_finite, read_safetensors, read_tensors, read_torch_file

WEIGHTS = {"weight": torch.arange(3.0), "bias": torch.ones(1)}


def test_tensors_of_every_format_are_read(tmp_path: Path) -> None:
    save_file(WEIGHTS, tmp_path / "weights.safetensors")
    torch.save(WEIGHTS, tmp_path / "bare.pt")
    torch.save({"state_dict": WEIGHTS, "epoch": 3}, tmp_path / "state_dict.ckpt")
    torch.save({"model": WEIGHTS}, tmp_path / "model.pth")
    for file in tmp_path.iterdir():
        tensors = read_tensors(file)
        assert tensors.keys() == WEIGHTS.keys()
        assert all(torch.equal(tensors[name], WEIGHTS[name]) for name in WEIGHTS)


def test_torch_files_are_read_from_memory() -> None:
    buffer = io.BytesIO()
    torch.save(WEIGHTS, buffer)
    assert torch.equal(read_torch_file(buffer, "upload")["weight"], WEIGHTS["weight"])


@pytest.mark.parametrize("content", [[1, 2], {"weight": "text"}, torch.ones(2)])
def test_files_without_a_state_dict_are_refused(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "other.pt")
    with pytest.raises(CheckpointError, match=r"other\.pt .*state_dict"):
        read_tensors(tmp_path / "other.pt")


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"none\.pt: train one first"):
        read_tensors(tmp_path / "none.pt", "train one first")


def test_pickled_code_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": io.BytesIO}, tmp_path / "code.pt")
    with pytest.raises(CheckpointError, match="more than data"):
        read_torch_file(tmp_path / "code.pt", "code.pt")
    (tmp_path / "old.pt").write_bytes(pickle.dumps(io.BytesIO, protocol=2))
    with pytest.raises(CheckpointError, match=r"old\.pt"):
        read_torch_file(tmp_path / "old.pt", "old.pt")


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    torch.save(WEIGHTS, tmp_path / "weights.pt")
    save_file(WEIGHTS, tmp_path / "weights.safetensors")
    for name, read in (
        ("weights.pt", lambda file: read_torch_file(file, file)),
        ("weights.safetensors", read_safetensors),
    ):
        file = tmp_path / name
        file.write_bytes(file.read_bytes()[:40])
        with pytest.raises(CheckpointError, match=f"{name} is damaged"):
            read(file)


def test_archives_that_claim_more_than_their_size_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.pkl", bytes(1 << 20))
    with pytest.raises(CheckpointError, match="compressed archive"):
        read_torch_file(tmp_path / "bomb.pt", "bomb.pt")


def test_infinite_weights_are_refused() -> None:
    check_finite({"steps": torch.tensor(3), "weight": torch.ones(2)}, "fine")
    with pytest.raises(CheckpointError, match=r"model\.pt .*weight .*NaN or infinite values"):
        check_finite({"weight": torch.tensor([1.0, float("inf")])}, "model.pt")
