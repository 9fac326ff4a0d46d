"""A training in two processes ends in one sentence when one of them is gone."""

import re
import time
from pathlib import Path

import pytest
import torch

from tests.cli.test_trainer import FIT, place
from tests.forked import Command, two_ranks

__all__ = ["place"]

pytestmark = pytest.mark.skipif(
    not torch.distributed.is_available() or not hasattr(__import__("os"), "fork"),
    reason="this PyTorch has no distributed training, or this system does not fork",
)
OPTIONS = [*FIT, "--trainer.precision=32-true", "--trainer.max_epochs=500"]


def wait_for(pattern: str, place: Path, ranks: list[Command]) -> None:
    deadline = time.monotonic() + 120
    while not list(place.glob(pattern)):
        assert time.monotonic() < deadline, ranks[0].output + ranks[1].output
        time.sleep(0.02)


@pytest.mark.parametrize("victim", [0, 1])
def test_other_process_ends_when_one_is_killed(place: Path, victim: int) -> None:
    ranks = two_ranks(OPTIONS, place, place / "log")
    wait_for("checkpoints/*/*/checkpoints/last.ckpt", place, ranks)
    ranks[victim].kill()
    assert ranks[victim].wait() == -9
    other = ranks[1 - victim]
    assert other.wait(30) == 1, other.output
    (folder,) = place.glob("checkpoints/tiny/*")  # both have the same
    sentence = (
        rf"error: process {victim} of this training has ended \(.*\), so that the others cannot go on; resume with "
        rf"--ckpt_path \S*{folder.name}/checkpoints/last\.ckpt\n"
    )
    assert len(re.findall(sentence, other.output)) == 1, other.output
    assert "Traceback" not in other.output


def test_process_that_fails_alone_says_why(place: Path) -> None:
    """The second one cannot write where only it writes."""
    (place / "broken.py").write_text(
        "from lightning.pytorch import Callback\n"
        "class Broken(Callback):\n"
        "    def on_train_epoch_end(self, trainer, pl_module):\n"
        "        if trainer.global_rank == 1:\n"
        "            raise ValueError('a fault of the second process')\n"
    )
    (place / "broken.yaml").write_text("trainer:\n  callbacks:\n    - class_path: broken.Broken\n")
    options = [*OPTIONS, "-c", "broken.yaml"]
    ranks = two_ranks(options, place, place / "log", PYTHONPATH=str(place))
    assert [rank.wait(60) for rank in ranks] == [1, 1], ranks[0].output + ranks[1].output
    assert "error: a fault of the second process" in ranks[1].output
    assert "error: process 1 of this training has ended" in ranks[0].output
    assert "Traceback" not in ranks[0].output + ranks[1].output


def test_process_that_waits_in_vain_ends(place: Path) -> None:
    """It may compute or wait where no connection reports the end of the other one."""
    (place / "stuck.py").write_text(
        "import time\n"
        "from lightning.pytorch import Callback\n"
        "class Stuck(Callback):\n"
        "    def on_train_epoch_end(self, trainer, pl_module):\n"
        "        open(f'stuck{trainer.global_rank}', 'w').close()\n"
        "        time.sleep(300)\n"
    )
    (place / "stuck.yaml").write_text("trainer:\n  callbacks:\n    - class_path: stuck.Stuck\n")
    ranks = two_ranks([*OPTIONS, "-c", "stuck.yaml"], place, place / "log", PYTHONPATH=str(place))
    for rank in (0, 1):
        wait_for(f"stuck{rank}", place, ranks)
    ranks[1].kill()
    assert ranks[1].wait() == -9
    assert ranks[0].wait(30) == 1
    assert ranks[0].output.count("error: process 1 of this training has ended") == 1
