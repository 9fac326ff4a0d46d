"""Trainings that are killed at random moments end as trainings that are not.

Run with ``pytest -m soak tests/soak/test_interruptions.py -s``; it takes about ten minutes on one core.
"""

import contextlib
import os
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.cli.test_trainer import TINY, photo
from tests.forked import Command, two_ranks

pytestmark = pytest.mark.soak

KILLS, RANK_KILLS, STARTS = 100, 12, 20
CONFIG = (
    (
        TINY.replace("max_epochs: 3", "max_epochs: 5").replace("class_path: SampleSheet", "class_path: PixelMetrics")
    ).replace("init_args: {num_photos: 3}", "init_args: {metrics: [psnr, tint]}")
    + """
    - class_path: MetricEMA
    - class_path: LearningRateMonitor
"""
)
FIT = ["fit", "-c", "tiny.yaml", "--data.root=photos", "--trainer.precision=32-true"]
PATHS = {"best_model_path", "kth_best_model_path", "last_model_path", "best_k_models", "dirpath"}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "photos").mkdir()
    for seed in range(16):
        photo(seed).save(tmp_path / "photos" / f"{seed:02d}.png")
    (tmp_path / "tiny.yaml").write_text(CONFIG)
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path


def runs(place: Path, name: str) -> list[Path]:
    return sorted((place / "checkpoints" / name).glob("*/"))


def leaves(value: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Everything in a checkpoint but paths, by key."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name not in PATHS:
                yield from leaves(item, f"{key}/{name}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from leaves(item, f"{key}/{number}")
    else:
        yield key, value


def different(one: Path, other: Path) -> list[str]:
    """Names of what differs between the files of two runs."""
    found = [] if (one / "metrics.csv").read_bytes() == (other / "metrics.csv").read_bytes() else ["metrics.csv"]
    for name in ("best", "last"):
        first, second = (
            dict(leaves(torch.load(run / "checkpoints" / f"{name}.ckpt", weights_only=True))) for run in (one, other)
        )
        found += [f"{name}{key}" for key in first.keys() ^ second.keys()]
        for key in first.keys() & second.keys():
            same = torch.equal(first[key], second[key]) if torch.is_tensor(first[key]) else first[key] == second[key]
            found += [] if same else [f"{name}{key}"]
    return found + sorted(
        path.name
        for path in (other / "checkpoints").iterdir()
        if path.name.removesuffix(".sha256") not in ("best.ckpt", "last.ckpt")
    )


def resume(place: Path, name: str) -> list[str]:
    saved = list(place.glob(f"checkpoints/{name}/*/checkpoints/last.ckpt"))
    return [*FIT, f"--name={name}", *(["--ckpt_path=last"] if saved else [])]


def finished(place: Path, name: str) -> Path:
    return max(place.glob(f"checkpoints/{name}/*/checkpoints/last.ckpt"), key=os.path.getmtime).parents[1]


def connection(ranks: list[Command]) -> float:
    """The time at which two processes are connected; before that, they do not know of each other."""
    deadline = time.monotonic() + 120
    while "registered" not in ranks[0].output:
        assert time.monotonic() < deadline, ranks[0].output + ranks[1].output
        time.sleep(0.02)
    return time.monotonic()


def test_killed_trainings_end_as_if_they_had_not_been(place: Path) -> None:
    whole = Command([*FIT, "--name=whole"], place, place / "whole.log")
    assert whole.wait() == 0, whole.output
    seconds = time.monotonic() - whole.started
    (expected,) = runs(place, "whole")
    moments, kills, chains, left, failures = random.Random(0), 0, 0, 0, []
    while kills < KILLS:
        chains += 1
        name, links = f"chain{chains}", 0
        while True:
            command = Command(resume(place, name), place, place / f"{name}.log")
            time.sleep(moments.uniform(0, seconds))
            command.kill()
            code = command.wait()
            left += len(list(place.glob(f"checkpoints/{name}/*/checkpoints/.*.tmp")))
            assert code in (0, -9), command.output
            if code == 0:
                break
            links += 1
        kills += links
        failures += [f"{name} after {links} kills: {key}" for key in different(expected, finished(place, name))]
    print(f"\n{kills} kills in {chains} chains, {left} temporary files left, {len(failures)} differences")
    print(f"an uninterrupted run takes {seconds:.1f} s")
    assert not failures, "\n".join(failures)


def test_killed_ranks_end_the_job_which_resumes_as_if_they_had_not_been(place: Path) -> None:
    whole = two_ranks([*FIT, "--name=whole"], place, place / "whole")
    connected = connection(whole)
    assert [rank.wait(120) for rank in whole] == [0, 0], whole[0].output + whole[1].output
    seconds = time.monotonic() - connected
    (expected,) = runs(place, "whole")
    moments, kills, chains, slowest, failures = random.Random(1), 0, 0, 0.0, []
    while kills < RANK_KILLS:
        chains += 1
        name = f"chain{chains}"
        while True:
            ranks = two_ranks(resume(place, name), place, place / f"{name}-{kills}")
            connection(ranks)
            victim = moments.randrange(2)
            time.sleep(moments.uniform(0, 0.7 * seconds))
            ranks[victim].kill()
            killed = time.monotonic()
            codes = {rank: ranks[rank].wait(60) for rank in (victim, 1 - victim)}
            slowest = max(slowest, time.monotonic() - killed)
            survivor = ranks[1 - victim].output
            if codes[victim] == 0:
                break
            kills += 1
            sentence = re.search(
                rf"^error: (process {victim}|another process) of this training has ended", survivor, re.M
            )
            if codes[1 - victim] != 1 or sentence is None or "Traceback" in survivor:
                failures.append(f"{name}, rank {victim}: {codes} {survivor[-2000:]}")
        failures += [f"{name}: {key}" for key in different(expected, finished(place, name))]
    print(f"\n{kills} kills of a rank in {chains} chains, {len(failures)} failures")
    print(f"the other one ended within {slowest:.1f} s")
    assert not failures, "\n".join(failures)
    assert slowest < 10


def started_by(pid: int) -> int:
    """The second process of a training, once the first one has started it."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        for child in children.read_text().split():
            with contextlib.suppress(OSError):  # of other programs, which end at once
                if b"LOCAL_RANK=1" in Path(f"/proc/{child}/environ").read_bytes():
                    return int(child)
        time.sleep(0.02)
    raise TimeoutError


@pytest.mark.parametrize("victim", ["first", "second"])
@pytest.mark.parametrize("moment", ["start", "training"])
def test_process_that_lightning_started(place: Path, victim: str, moment: str) -> None:
    """As ``python train.py fit --trainer.devices=2`` does, where Lightning's own observer kills without a word."""
    options = ["--trainer.devices=2", "--trainer.strategy=ddp_find_unused_parameters_true", "--trainer.max_epochs=500"]
    program = [sys.executable, "-m", "colorgan", *FIT, *options]
    with (place / "log").open("wb") as log:
        first = subprocess.Popen(program, cwd=place, stdout=log, stderr=log)
    try:
        second = started_by(first.pid)
        deadline = time.monotonic() + 300
        while moment == "training" and not list(place.glob("checkpoints/*/*/checkpoints/last.ckpt")):
            assert time.monotonic() < deadline, (place / "log").read_text()
            time.sleep(0.05)
        os.kill(first.pid if victim == "first" else second, 9)
        first.wait(60)
        while Path(f"/proc/{second}").exists():
            assert time.monotonic() < deadline, (place / "log").read_text()
            time.sleep(0.05)
    finally:
        first.kill()
        first.wait()
    output = (place / "log").read_text()
    assert "Traceback" not in output, output
    if moment == "training":
        assert len(re.findall("error: process . of this training has ended", output)) == 1, output


def test_trainings_that_start_at_once_have_folders_of_their_own(place: Path) -> None:
    options = [*FIT, "--name=same", "--trainer.max_epochs=1"]
    commands = [Command(options, place, place / f"start{number}.log") for number in range(STARTS)]
    codes = [command.wait(300) for command in commands]
    folders = runs(place, "same")
    named = {re.search(r"^run: (\S+)", command.output, re.MULTILINE).group(1) for command in commands}  # type: ignore[union-attr]
    print(f"\n{STARTS} starts at once: {len(folders)} folders, exit codes {set(codes)}")
    assert codes == [0] * STARTS
    assert len(folders) == len(named) == STARTS
    assert all((folder / "checkpoints" / "last.ckpt").is_file() for folder in folders)
