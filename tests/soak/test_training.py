"""Hundreds of signals, failed writes and values that are not finite, in the middle of trainings.

``pytest -m soak tests/soak/test_training.py``: about twenty minutes on one core. Each test prints what it tried.
"""

import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.guard import guarded_call
from tests.attacks.training_faults import (
    EARLY_PHASES,
    LATE_PHASES,
    MOMENTS,
    NETWORKS,
    PRECISIONS,
    SIGNALS,
    TRAINING_PHASES,
    WHERE,
    write_faults,
)
from tests.attacks.training_runs import (
    FIT,
    Ending,
    assert_diverged,
    assert_file_named,
    assert_stopped,
    end,
    finite_checkpoints,
    make_place,
    precision_options,
)
from tests.helpers import REPOSITORY

pytestmark = [pytest.mark.soak, pytest.mark.skipif(os.name == "nt", reason="the guard forks")]

_NOTHING = {"kind": "none"}


class Tally:
    """Runs cases, and goes on after a failure."""

    def __init__(self, kind: str, pristine: Path, place: Path) -> None:
        self.kind, self.pristine, self.place = kind, pristine, place
        self.tried = 0
        self.failures: list[str] = []
        self.peak_bytes, self.longest = 0, 0.0

    def run(self, name: Any, case: Callable[[Path], Ending | None]) -> None:
        """Runs a case in a fresh folder."""
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.pristine, self.place)
        self.tried += 1
        try:
            ending = case(self.place)
        except AssertionError as error:
            self.failures.append(f"{name}: {error}")
            return
        if ending is not None:
            self.peak_bytes, self.longest = max(self.peak_bytes, ending.peak_bytes), max(self.longest, ending.seconds)

    def finish(self, capsys: pytest.CaptureFixture[str]) -> None:
        """Prints the count, and fails if a case has failed."""
        row = f"{self.kind} | {self.tried} | {len(self.failures)} | {self.peak_bytes >> 20} MiB | {self.longest:.1f} s"
        with capsys.disabled():
            print(f"\n| {row} |", flush=True)
        assert not self.failures, "\n\n".join(self.failures[:20])


@pytest.fixture
def tally(tmp_path: Path) -> Callable[[str], Tally]:
    pristine = make_place(tmp_path / "pristine")
    return lambda kind: Tally(kind, pristine, tmp_path / "place")


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """The best checkpoint of a run."""
    place = make_place(tmp_path / "trained")
    assert end(place, _NOTHING).exit_code == 0
    return next(place.rglob("best.ckpt"))


def test_signals(tally: Callable[[str], Tally], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    whole = end(make_place(tmp_path / "whole"), _NOTHING).checkpoints["last.ckpt"]["state_dict"]
    signals = tally("signals in all phases of a training, resumed")
    phases = (*EARLY_PHASES, *TRAINING_PHASES, *LATE_PHASES)
    for number, (phase, signal_number) in enumerate(itertools.product(phases, SIGNALS)):

        def case(
            place: Path, phase: str = phase, number: int = signal_number, resumed: bool = number % 4 == 0
        ) -> Ending:
            ending = end(place, {"kind": "signal", "phase": phase, "number": number})
            assert_stopped(ending, number, phase)
            if resumed and ending.checkpoints:
                after = end(place, _NOTHING, *FIT, "--ckpt_path=last")
                assert after.exit_code == 0, after.stderr[-2000:]
                weights = after.checkpoints["last.ckpt"]["state_dict"]
                assert all(value.equal(weights[name]) for name, value in whole.items())
            return ending

        signals.run((phase, signal_number), case)
    signals.finish(capsys)


def test_signals_to_two_ranks(tally: Callable[[str], Tally], capsys: pytest.CaptureFixture[str]) -> None:
    signals = tally("signals to one of two ranks")
    options = ("--trainer.devices=2", "--trainer.strategy=ddp_find_unused_parameters_true", "--data.batch_size=2")
    numbers = itertools.cycle(SIGNALS)
    for rank, phase in itertools.product((0, 1), (*TRAINING_PHASES, "last validation")):
        if rank == 1 and phase in ("best.ckpt", "last.ckpt", "metrics"):  # written by rank 0
            continue
        number = next(numbers)

        def case(place: Path, phase: str = phase, rank: int = rank, number: int = number) -> Ending:
            fault = {"kind": "signal", "phase": phase, "number": number}
            ending = end(place, fault, *FIT, *options, function="run_two_ranks", more=(rank, _free_port()))
            assert_stopped(ending, number, phase)
            return ending

        signals.run((phase, rank, number), case)
    signals.finish(capsys)


def test_signals_to_ranks_that_lightning_starts(
    tally: Callable[[str], Tally], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Ctrl-C, SIGTERM of a scheduler and so on: to the first process, or to all; 2 to 14 seconds after the start."""
    signals = tally("signals to a run of two processes, at any time")
    options = ("--trainer.devices=2", "--trainer.strategy=ddp_find_unused_parameters_true", "--data.batch_size=2")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]))
    for number, delay in zip(itertools.cycle(SIGNALS), range(2, 16, 2), strict=False):

        def case(place: Path, number: int = number, delay: int = delay) -> None:
            monkeypatch.setenv("COLORGAN_CACHE", str(place / "cache"))
            command = [sys.executable, "-m", "colorgan", *FIT, *options, "--trainer.max_epochs=200"]
            process = subprocess.Popen(
                command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
            )
            time.sleep(delay)
            os.killpg(process.pid, number)
            _, error = process.communicate(timeout=120)
            assert "Traceback" not in error, error[-3000:]
            assert process.returncode == 128 + number, error[-2000:]
            finite_checkpoints(place / "checkpoints")

        signals.run((number, delay), case)
    signals.finish(capsys)


def test_signals_while_libraries_are_imported(
    tally: Callable[[str], Tally], capsys: pytest.CaptureFixture[str]
) -> None:
    signals = tally("signals while a command is starting")
    moments = ("importlib.metadata", "numpy", "torch", "torch._dynamo", "lightning", "torchmetrics", "albumentations")
    for command, (module, number) in itertools.product(
        (("fit", "--help"), ("colorize", "--help")), zip(moments, itertools.cycle(SIGNALS), strict=False)
    ):

        def case(place: Path, module: str = module, number: int = number, command: tuple[str, ...] = command) -> None:
            process = subprocess.Popen(
                [sys.executable, "-X", "importtime", "-m", "colorgan", *command],
                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY,
            )  # fmt: skip
            assert process.stderr is not None
            sent, lines = False, []
            for line in process.stderr:
                if not sent and module in line:
                    process.send_signal(number)
                    sent = True
                if not line.startswith("import time:"):
                    lines.append(line)
            code = process.wait()
            if sent and code != 0:  # it may have ended before
                assert code == 128 + number, (code, lines)
                assert lines == [f"stopped on {signal.Signals(number).name}\n"]

        signals.run((command, module, number), case)
    signals.finish(capsys)


def test_signals_to_other_commands(
    tally: Callable[[str], Tally], capsys: pytest.CaptureFixture[str], trained: Path
) -> None:
    signals = tally("signals to the other commands")
    measure = ("--data.root=photos", "--trainer.accelerator=cpu", f"--ckpt_path={trained}")
    chroma = ("--data.root=photos", "--data.size=64", "--data.batch_size=4", "--trainer.accelerator=cpu")
    colorize = ("colorize", "photos", "--checkpoint", trained)
    evaluate = ("evaluate", f"m={trained}", "--data.root=photos", "--out=r")
    commands = (
        (colorize, "colorgan.inference.batch.writer:_paint"),
        (colorize, "colorgan.inference.batch.pipeline:read_photos"),
        (evaluate, "colorgan.evaluation.report.measure:_write_png"),
        (evaluate, "colorgan.evaluation.report.evaluation:_write_report"),
        (("inspect", "photos"), "colorgan.data.decoding:_decode"),
        (("validate", *measure, "--data.val_fraction=0.25"), "colorgan.training.gan:ColorGAN.validation_step"),
        (("test", *measure, "--data.test_fraction=0.25"), "colorgan.training.gan:ColorGAN.test_step"),
        (("predict", *measure[1:], "--data.predict=photos"), "colorgan.training.gan:ColorGAN.predict_step"),
        (("predict", *measure[1:], "--data.predict=photos"), "colorgan.training.callbacks.predictions:write_photo"),
        (("lr-find", "-c", "tiny.yaml"), "colorgan.training.gan:ColorGAN.training_step"),
        (("chroma", "fit", *chroma), "colorgan.training.regressor:ChromaRegressor.training_step"),
        (("cache",), "colorgan.files.photo_caches:size_limit"),
    )  # fmt: skip
    for (command, place), number in itertools.product(commands, SIGNALS):

        def case(folder: Path, command: tuple[Any, ...] = command, place: str = place, number: int = number) -> Ending:
            ending = end(folder, {"kind": "signal", "phase": place, "number": number}, *map(str, command))
            assert_stopped(ending, number, place)
            return ending

        signals.run((command[0], place, number), case)
    signals.finish(capsys)


def test_files_that_cannot_be_written(tally: Callable[[str], Tally], capsys: pytest.CaptureFixture[str]) -> None:
    faults = tally("writes that fail")
    for fault in write_faults():

        def case(place: Path, fault: dict[str, Any] = fault) -> Ending:
            ending = end(place, fault)
            assert_file_named(ending, fault)
            return ending

        faults.run(fault, case)
    assert faults.tried >= 300
    faults.finish(capsys)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root mounts a file system")
def test_full_disk(
    tally: Callable[[str], Tally], capsys: pytest.CaptureFixture[str], trained: Path, tmp_path: Path
) -> None:
    """A file system of a few pages, which every command fills."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", str(disk)], check=False)
    if mounted.returncode:
        pytest.skip("no file system can be mounted")
    commands = (
        ("colorize", "photos", "-o", f"{disk}/out", "--checkpoint", trained, "--grid"),
        ("evaluate", f"m={trained}", "--data.root=photos", f"--out={disk}/report"),
        ("release", trained, "-o", f"{disk}/released"),
        ("inspect", "photos", "--out", f"{disk}/sheet.png"),
        ("predict", f"--ckpt_path={trained}", "--data.predict=photos", "--trainer.accelerator=cpu", f"--output={disk}"),
        ("lr-find", "-c", "tiny.yaml", f"--runs={disk}"),
        (*FIT, f"--runs={disk}"),
        (*FIT, f"--data.cache_dir={disk}"),
    )
    full = tally("commands on a full disk")
    try:
        for command, free in itertools.product(commands, (0, 4096, 12288)):

            def case(place: Path, command: tuple[Any, ...] = command, free: int = free) -> None:
                for file in disk.iterdir():
                    shutil.rmtree(file) if file.is_dir() else file.unlink()
                (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free - free))
                arguments = [json.dumps(_NOTHING), *map(str, command)]
                outcome = guarded_call(
                    "tests.attacks.training_faults:run", arguments, [place, disk], place, seconds=120
                )
                assert outcome.exit_code == 1, outcome.stderr[-2000:]
                assert "Traceback" not in outcome.stderr, outcome.stderr[-3000:]
                assert outcome.message.startswith("error: "), outcome.message
                assert "no space left" in outcome.message.lower() or "disk is full" in outcome.message, outcome.message
                assert not [file for file in disk.rglob("*.tmp") if file.name.startswith(".")]

            full.run((command[0], free), case)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    full.finish(capsys)


def test_values_that_are_not_finite(tally: Callable[[str], Tally], capsys: pytest.CaptureFixture[str]) -> None:
    drills = tally("values that are not finite")
    moments = itertools.cycle(MOMENTS)
    for precision, where, network in itertools.product(PRECISIONS, WHERE, NETWORKS):
        for value in (float("nan"), float("inf")):
            batch = next(moments)

            def case(
                place: Path,
                precision: str = precision,
                where: str = where,
                network: str = network,
                batch: int = batch,
                value: float = value,
            ) -> Ending:
                fault = {"kind": "value", "where": where, "network": network, "batch": batch, "value": value}
                ending = end(place, fault, *FIT, *precision_options(precision))
                assert_diverged(ending, fault, precision)
                return ending

            drills.run((precision, where, network, batch, value), case)
    assert drills.tried >= 40
    drills.finish(capsys)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
