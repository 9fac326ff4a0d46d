import os
import pickle
import signal
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from colorgan.errors import CheckpointError
from colorgan.files import digest
from colorgan.inference import checkpoint
from colorgan.inference.schema import check_state
from colorgan.training.checkpoints import CheckpointFiles


def contents(**changes: Any) -> dict[str, Any]:
    return {"state_dict": {"weight": torch.ones(3)}, "hyper_parameters": {"width": 4}, **changes}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    file = tmp_path / "model.ckpt"
    CheckpointFiles().save_checkpoint(contents(), file)
    return file


def test_round_trip_with_a_hash_beside_it(saved: Path) -> None:
    assert torch.equal(checkpoint.read(saved)["state_dict"]["weight"], torch.ones(3))
    sidecar = saved.with_name("model.ckpt.sha256").read_text()
    assert sidecar == f"{digest(saved)}  model.ckpt\n"  # the format of sha256sum
    assert sorted(path.name for path in saved.parent.iterdir()) == ["model.ckpt", "model.ckpt.sha256"]


def test_removing_takes_the_hash_along(tmp_path: Path) -> None:
    files, file = CheckpointFiles(), tmp_path / "model.ckpt"
    files.save_checkpoint(contents(), file)
    files.remove_checkpoint(file)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("victim", ["folder", "folder/other.ckpt", "run/notes.txt", "run/link.ckpt", "run/absent.ckpt"])
@pytest.mark.parametrize("scheme", ["", "local://", "file://"])
def test_removes_only_checkpoints_in_folders_that_it_has_saved_to(tmp_path: Path, victim: str, scheme: str) -> None:
    files = CheckpointFiles()
    files.save_checkpoint(contents(), tmp_path / "run" / "last.ckpt")
    (tmp_path / "folder").mkdir()
    for name in ("folder/other.ckpt", "run/notes.txt"):
        (tmp_path / name).write_text("mine")
    (tmp_path / "run" / "link.ckpt").symlink_to(tmp_path / "folder" / "other.ckpt")
    before = sorted(tmp_path.rglob("*"))
    with pytest.warns(UserWarning, match="was not removed"):
        files.remove_checkpoint(f"{scheme}{tmp_path / victim}")
    assert sorted(tmp_path.rglob("*")) == before


def test_paths_in_callbacks_name_nothing_but_checkpoints_beside_the_file(tmp_path: Path) -> None:
    files, run = CheckpointFiles(), tmp_path / "run"
    files.save_checkpoint(contents(), run / "best.ckpt")
    (tmp_path / "valuable.ckpt").write_text("mine")
    (run / "link.ckpt").symlink_to(tmp_path / "valuable.ckpt")
    state = {
        "best_model_path": "/elsewhere/run/best.ckpt",  # as after a move of the run
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
def test_refuses_callbacks_of_another_shape(tmp_path: Path, callbacks: Any) -> None:
    CheckpointFiles().save_checkpoint(contents(callbacks=callbacks), tmp_path / "a.ckpt")
    with pytest.raises(CheckpointError, match="must be a mapping"):
        checkpoint.read(tmp_path / "a.ckpt")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("absent.ckpt", "there is no checkpoint .*holds model.ckpt"),
        ("", "is not a file"),
        ("http://x.org/a.ckpt", "URL"),
    ],
)
def test_names_what_is_missing(saved: Path, name: str, sentence: str) -> None:
    with pytest.raises(CheckpointError, match=sentence):
        checkpoint.read(name if "://" in name else saved.parent / name)


def test_one_flipped_bit_is_noticed(saved: Path) -> None:
    data = bytearray(saved.read_bytes())
    data[len(data) // 2] ^= 1
    saved.write_bytes(data)
    with pytest.raises(CheckpointError, match="damaged: its SHA-256"):
        checkpoint.read(saved)


def test_a_file_cut_short_is_noticed_without_a_hash(saved: Path) -> None:
    saved.write_bytes(saved.read_bytes()[:-200])
    saved.with_name("model.ckpt.sha256").unlink()
    with pytest.raises(CheckpointError, match="not a checkpoint or is cut short"):
        checkpoint.read(saved)


class Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("owned"),))


def test_runs_no_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    torch.save(contents(more=Evil()), "evil.ckpt")
    with pytest.raises(CheckpointError, match="more than data"):
        checkpoint.read("evil.ckpt")
    Path("old.ckpt").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(CheckpointError, match="not a checkpoint"):
        checkpoint.read("old.ckpt")
    assert not Path("owned").exists()


def test_refuses_archives_that_grow(tmp_path: Path, saved: Path) -> None:
    bomb = tmp_path / "bomb.ckpt"
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            target.writestr(entry.filename, source.read(entry))
    with pytest.raises(CheckpointError, match="compressed archive"):
        checkpoint.read(bomb)


@pytest.mark.parametrize(
    ("tensor", "sentence"),
    [
        (torch.zeros(1).expand(10**12), "claims 1000000000000 values for weight"),
        (torch.tensor([1.0, float("nan")]), "weight holds NaN"),
        ("text", "weight is not a tensor"),
    ],
)
def test_refuses_tensors_that_cannot_be_weights(tmp_path: Path, tensor: Any, sentence: str) -> None:
    torch.save(contents(state_dict={"weight": tensor}), tmp_path / "bad.ckpt")
    with pytest.raises(CheckpointError, match=sentence):
        checkpoint.read(tmp_path / "bad.ckpt")


@pytest.mark.parametrize("number", [10**9, -(10**9), float("inf"), float("nan")])
def test_refuses_numbers_that_no_network_has(tmp_path: Path, number: float) -> None:
    torch.save(contents(hyper_parameters={"generator": {"init_args": {"width": [number]}}}), tmp_path / "bad.ckpt")
    with pytest.raises(CheckpointError, match="asks for a network with the number"):
        checkpoint.read(tmp_path / "bad.ckpt")


def test_names_what_a_foreign_file_lacks(tmp_path: Path) -> None:
    torch.save({"model": torch.ones(1)}, tmp_path / "other.ckpt")
    with pytest.raises(CheckpointError, match="not a colorgan checkpoint: it lacks state_dict"):
        checkpoint.read(tmp_path / "other.ckpt")


def test_compares_names_and_shapes() -> None:
    model = torch.nn.Linear(2, 3)
    check_state(model, model.state_dict(), "same.ckpt")
    state = {"weight": torch.zeros(4, 2), "extra": torch.zeros(1)}
    with pytest.raises(
        CheckpointError, match=r"weight is \(4, 2\), the model needs \(3, 2\); bias is missing; extra is not"
    ):
        check_state(model, state, "other.ckpt")


def test_an_unwritable_folder_is_an_error_and_the_old_file_stays(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(CheckpointError, match=r"cannot write the checkpoint .*No space left.*untouched"):
        CheckpointFiles().save_checkpoint(contents(), saved)
    assert saved.read_bytes() == before
    assert checkpoint.read(saved)
    assert len(list(saved.parent.iterdir())) == 2


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path: Path) -> None:
    program = textwrap.dedent(
        """
        import sys, torch
        from colorgan.training.checkpoints import CheckpointFiles
        files, number = CheckpointFiles(), 0
        while True:
            weights = torch.full((200_000,), number)
            files.save_checkpoint({"state_dict": {"w": weights}, "hyper_parameters": {}}, sys.argv[1])
            number += 1
            print(number, flush=True)
        """
    )
    file = tmp_path / "model.ckpt"
    for saves in (1, 3, 4):
        with subprocess.Popen([sys.executable, "-c", program, str(file)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(saves):
                process.stdout.readline()
            os.kill(process.pid, signal.SIGKILL)
        weights = checkpoint.read(file)["state_dict"]["w"]
        assert (weights == weights[0]).all()
