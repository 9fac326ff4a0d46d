import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import torch

from colorgan.errors import CheckpointError
from colorgan.files import digest
from colorgan.inference import checkpoint
from colorgan.training.checkpoints import CheckpointFiles

CONTENTS = {"state_dict": {"weight": torch.ones(3)}, "hyper_parameters": {"width": 4}}


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    file = tmp_path / "model.ckpt"
    CheckpointFiles().save_checkpoint(CONTENTS, file)
    return file


def test_round_trip_writes_a_digest_file(saved: Path) -> None:
    assert torch.equal(checkpoint.read(saved)["state_dict"]["weight"], torch.ones(3))
    sidecar = saved.with_name("model.ckpt.sha256").read_text()
    assert sidecar == f"{digest(saved)}  model.ckpt\n"  # the format of sha256sum
    assert sorted(path.name for path in saved.parent.iterdir()) == ["model.ckpt", "model.ckpt.sha256"]


def test_removing_a_checkpoint_removes_its_digest_file(tmp_path: Path) -> None:
    files, file = CheckpointFiles(), tmp_path / "model.ckpt"
    files.save_checkpoint(CONTENTS, file)
    files.remove_checkpoint(file)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path", ["folder", "folder/other.ckpt", "run/notes.txt", "run/link.ckpt", "run/missing.ckpt"])
@pytest.mark.parametrize("scheme", ["", "local://", "file://"])
def test_only_checkpoints_in_folders_saved_to_are_removed(tmp_path: Path, path: str, scheme: str) -> None:
    files = CheckpointFiles()
    files.save_checkpoint(CONTENTS, tmp_path / "run" / "last.ckpt")
    (tmp_path / "folder").mkdir()
    for name in ("folder/other.ckpt", "run/notes.txt"):
        (tmp_path / name).write_text("mine")
    (tmp_path / "run" / "link.ckpt").symlink_to(tmp_path / "folder" / "other.ckpt")
    before = sorted(tmp_path.rglob("*"))
    with pytest.warns(UserWarning, match="was not removed"):
        files.remove_checkpoint(f"{scheme}{tmp_path / path}")
    assert sorted(tmp_path.rglob("*")) == before


def test_failed_write_keeps_the_existing_checkpoint(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()

    def raise_no_space(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", raise_no_space)
    with pytest.raises(CheckpointError, match=r"cannot write the checkpoint .*no space left.*untouched"):
        CheckpointFiles().save_checkpoint(CONTENTS, saved)
    assert saved.read_bytes() == before
    assert checkpoint.read(saved)
    assert len(list(saved.parent.iterdir())) == 2


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_killed_process_leaves_a_valid_checkpoint(tmp_path: Path) -> None:
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
    for num_saves in (1, 3, 4):
        with subprocess.Popen([sys.executable, "-c", program, str(file)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(num_saves):
                process.stdout.readline()
            os.kill(process.pid, signal.SIGKILL)
        weights = checkpoint.read(file)["state_dict"]["w"]
        assert (weights == weights[0]).all()
