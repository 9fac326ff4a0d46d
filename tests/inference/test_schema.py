from pathlib import Path
from typing import Any

import pytest
import torch

from colorgan.errors import CheckpointError
from colorgan.inference import checkpoint
from colorgan.inference.schema import check_state, check_training_checkpoint
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
        "kth_best_model_path": best,
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
        (torch.zeros(1).expand(10**12), "claims 1000000000000 values for a tensor"),
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


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"epoch": -1}, "epoch must be a count"),
        ({"global_step": "many"}, "global_step must be a count"),
        ({"pytorch-lightning_version": 2}, "must be a version"),
        ({"loops": []}, "loops must be a mapping"),
        ({"loops": {"fit_loop": []}}, "loops must be a mapping of mappings"),
        ({"loops": {"fit_loop": {"ready": "x"}}}, "loops: ready must be a count"),
        ({"optimizer_states": {}}, "optimizer_states must be a list"),
        ({"optimizer_states": [{"state": []}]}, "optimizer_states lacks its parts"),
        ({"optimizer_states": [{"state": {}, "param_groups": [{"params": "x"}]}]}, "must be a list of counts"),
        (
            {"optimizer_states": [{"state": {}, "param_groups": [{"params": [0], "lr": float("nan")}]}]},
            "lr of an optimizer is not a finite number",
        ),
        (
            {"optimizer_states": [{"state": {0: {"step": torch.tensor([float("nan")])}}, "param_groups": []}]},
            "step of an optimizer holds NaN",
        ),
        (
            {"optimizer_states": [{"state": {0: {"sum": torch.zeros(1).expand(10**11)}}, "param_groups": []}]},
            "claims 100000000000 values",
        ),
        ({"lr_schedulers": [[]]}, "lr_schedulers must be a list of mappings"),
        ({"lr_schedulers": [{"step": 5}]}, "step is no state of a schedule"),
        ({"lr_schedulers": [{"optimizer": {}}]}, "optimizer is no state of a schedule"),
        ({"callbacks": {"a": {"best_model_score": "x"}}}, "score of a checkpoint must be a number"),
        ({"more": {1}}, "a set, which is not plain data"),
    ],
)
def test_other_parts_are_validated(tmp_path: Path, changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(CheckpointError, match=problem):
        check_training_checkpoint(contents(**changes), write_something(tmp_path))


@pytest.mark.parametrize(
    ("tensor", "problem"),
    [
        (torch.eye(3).to_sparse(), "a tensor that is not dense"),
        (torch.ones(3, dtype=torch.complex64), "a tensor that is not dense"),
        (torch.ones(3, device="meta"), "a tensor that is not dense"),
        (torch.ones(3).to(torch.float8_e5m2), "a tensor that is not dense"),
    ],
)
def test_only_dense_tensors_are_accepted(tmp_path: Path, tensor: torch.Tensor, problem: str) -> None:
    with pytest.raises(CheckpointError, match=problem):
        check_training_checkpoint(contents(state_dict={"weight": tensor}), write_something(tmp_path))


def test_many_views_of_one_storage_are_refused(tmp_path: Path) -> None:
    tensor = torch.ones(1000)
    views = {f"weight_{number}": tensor for number in range(1000)}
    with pytest.raises(CheckpointError, match="claims 1000 values"):
        check_training_checkpoint(contents(state_dict=views), write_something(tmp_path))


@pytest.mark.parametrize("size", [torch.tensor(12_000), torch.tensor(0), torch.tensor(1.0), torch.tensor([1, 2])])
def test_working_sizes_are_bounded(tmp_path: Path, size: torch.Tensor) -> None:
    state = {"colorizer.working_size": size}
    with pytest.raises(CheckpointError, match="size"):
        check_training_checkpoint(contents(state_dict=state), write_something(tmp_path))


@pytest.mark.parametrize(
    "arguments",
    [
        {"generator": {"init_args": {"depth": 60_000}}},
        {"generator": {"init_args": {"widths": [1] * 20_000}}},
        {"image_size": 12_000},
        {5: 1},
    ],
)
def test_networks_out_of_bounds_are_refused(tmp_path: Path, arguments: dict[Any, Any]) -> None:
    with pytest.raises(CheckpointError):
        check_training_checkpoint(contents(hyper_parameters=arguments), write_something(tmp_path))


def test_long_schedules_are_accepted(tmp_path: Path) -> None:
    scheduler = {"class_path": "torch.optim.lr_scheduler.OneCycleLR", "init_args": {"total_steps": 1_000_000}}
    arguments = {"generator_scheduler": scheduler}
    check_training_checkpoint(contents(hyper_parameters=arguments), write_something(tmp_path))


def write_something(folder: Path) -> Path:
    """A file of a few kilobytes, as the contents would make."""
    file = folder / "a.ckpt"
    file.write_bytes(bytes(4000))
    return file
