from pathlib import Path
from typing import Any

import pytest
import torch

from colorgan.errors import CheckpointError
from colorgan.inference import checkpoint
from colorgan.inference.schema import check_state
from colorgan.training.checkpoints import CheckpointFiles


def contents(**changes: Any) -> dict[str, Any]:
    return {"state_dict": {"weight": torch.ones(3)}, "hyper_parameters": {"width": 4}, **changes}


def test_paths_in_callbacks_are_confined_to_the_folder_of_the_checkpoint(tmp_path: Path) -> None:
    files, run = CheckpointFiles(), tmp_path / "run"
    files.save_checkpoint(contents(), run / "best.ckpt")
    (tmp_path / "valuable.ckpt").write_text("mine")
    (run / "link.ckpt").symlink_to(tmp_path / "valuable.ckpt")
    state = {
        "best_model_path": "/elsewhere/run/best.ckpt",  # as after moving the run
        "kth_best_model_path": f"local://{tmp_path}",
        "last_model_path": str(tmp_path / "valuable.ckpt"),
        "best_k_models": {"/elsewhere/run/best.ckpt": 1.0, f"{run}/link.ckpt": 2.0, "..": 3.0},
        "dirpath": str(tmp_path),
    }
    files.save_checkpoint(contents(callbacks={"LastCheckpoint": state}), run / "last.ckpt")
    best = str((run / "best.ckpt").resolve())
    assert checkpoint.read(run / "last.ckpt")["callbacks"]["LastCheckpoint"] == {
        "best_model_path": best,
        "kth_best_model_path": "",
        "last_model_path": "",
        "best_k_models": {best: 1.0},
        "dirpath": str(run.resolve()),
    }


@pytest.mark.parametrize("callbacks", [[], {"LastCheckpoint": "x"}, {"LastCheckpoint": {"best_k_models": [1]}}])
def test_invalid_callbacks_are_refused(tmp_path: Path, callbacks: Any) -> None:
    CheckpointFiles().save_checkpoint(contents(callbacks=callbacks), tmp_path / "a.ckpt")
    with pytest.raises(CheckpointError, match="must be a mapping"):
        checkpoint.read(tmp_path / "a.ckpt")


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.zeros(1).expand(10**12), "claims 1000000000000 values for weight"),
        (torch.tensor([1.0, float("nan")]), "weight holds NaN"),
        ("text", "weight is not a tensor"),
    ],
)
def test_invalid_tensors_are_refused(tmp_path: Path, tensor: Any, message: str) -> None:
    torch.save(contents(state_dict={"weight": tensor}), tmp_path / "bad.ckpt")
    with pytest.raises(CheckpointError, match=message):
        checkpoint.read(tmp_path / "bad.ckpt")


@pytest.mark.parametrize("number", [10**9, -(10**9), float("inf"), float("nan")])
def test_absurd_hyperparameters_are_refused(tmp_path: Path, number: float) -> None:
    torch.save(contents(hyper_parameters={"generator": {"init_args": {"width": [number]}}}), tmp_path / "bad.ckpt")
    with pytest.raises(CheckpointError, match="was refused: it asks for a network with the argument"):
        checkpoint.read(tmp_path / "bad.ckpt")


def test_state_names_and_shapes_are_compared_with_the_model() -> None:
    model = torch.nn.Linear(2, 3)
    check_state(model, model.state_dict(), "same.ckpt")
    state = {"weight": torch.zeros(4, 2), "extra": torch.zeros(1)}
    with pytest.raises(
        CheckpointError, match=r"weight is \(4, 2\), the model needs \(3, 2\); bias is missing; extra is not"
    ):
        check_state(model, state, "other.ckpt")
