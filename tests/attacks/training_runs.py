"""A small training in a watched child, in which something goes wrong, and what holds for each way it ends."""

import errno
import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from tests.attacks.guard import guarded_call
from tests.attacks.training_faults import BATCHES, LATE_PHASES, TRAINING_PHASES

_FAULTS = "tests.attacks.training_faults"

CONFIG = """
seed_everything: 1
data: {root: photos, size: 16, batch_size: 4, num_workers: 0, val_fraction: 0.25}
model:
  ema_decay: 0.9
  generator: {class_path: UNet, init_args: {width: 4, depth: 2}}
  discriminator: {class_path: PatchGAN, init_args: {width: 4, num_downsamples: 2}}
trainer:
  accelerator: cpu
  max_epochs: 2
  num_sanity_val_steps: 1
  precision: 32-true
  enable_progress_bar: false
  enable_model_summary: false
  log_every_n_steps: 1
  logger:
    - class_path: colorgan.training.MetricsFile
  callbacks:
    - {class_path: SampleSheet, init_args: {num_photos: 3}}
    - {class_path: BestCheckpoint, init_args: {monitor: val/l1}}
    - {class_path: LastCheckpoint}
"""
FIT = ("fit", "-c", "tiny.yaml", "--name=tiny")


def make_place(folder: Path) -> Path:
    """Makes a folder with photos and a configuration, in which ``FIT`` takes about a second."""
    (folder / "photos").mkdir(parents=True)
    for seed in range(20):
        coarse = np.random.default_rng(seed).integers(0, 256, (3, 4, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((24, 20), Image.Resampling.BICUBIC).save(folder / "photos" / f"{seed:02d}.png")
    (folder / "tiny.yaml").write_text(CONFIG)
    return folder


def precision_options(precision: str) -> list[str]:
    """The options of ``fit`` that train in a precision."""
    if precision != "16-mixed":
        return [f"--trainer.precision={precision}"]
    plugin = f"{_FAULTS}.Float16OnCPU"
    return ["--trainer.precision=auto", f"--trainer.plugins={json.dumps([{'class_path': plugin}])}"]


@dataclass(frozen=True)
class Ending:
    """How a command ended in which something went wrong.

    Attributes:
        exit_code: exit code.
        sentences: lines on stderr that say why it ended.
        stderr: everything that was printed there.
        checkpoints: contents of all checkpoints by name.
        seconds: wall time.
        peak_bytes: memory that it added.
    """

    exit_code: int
    sentences: list[str]
    stderr: str
    checkpoints: dict[str, dict[str, Any]]
    seconds: float
    peak_bytes: int


def end(place: Path, fault: dict[str, Any], *args: str, function: str = "run", more: tuple[int, ...] = ()) -> Ending:
    """Runs a command with a fault in a watched child, and checks what holds for each ending.

    There is no traceback, no file outside is changed, no temporary file is left, and all checkpoints are complete and
    finite.
    """
    command = [json.dumps(fault), *more, *(args or FIT)]
    outcome = guarded_call(f"{_FAULTS}:{function}", command, place, seconds=120)
    assert not outcome.timed_out, outcome.stderr[-3000:]
    assert not outcome.violations, outcome.violations
    assert "Traceback" not in outcome.stderr, outcome.stderr[-3000:]
    assert not [file for file in place.rglob("*.tmp") if file.name.startswith(".")]
    sentences = [line for line in outcome.stderr.splitlines() if line.startswith(("error: ", "stopped on "))]
    found = finite_checkpoints(place / "checkpoints")
    return Ending(outcome.exit_code, sentences, outcome.stderr, found, outcome.seconds, outcome.peak_bytes)


def assert_stopped(ending: Ending, number: int, phase: str) -> None:
    """A signal ended the command in order: one sentence, its exit code, and everything saved once training began."""
    name = signal.Signals(number).name
    assert ending.exit_code == 128 + number, ending.stderr[-2000:]
    assert len(ending.sentences) == 1, ending.stderr[-2000:]
    assert ending.sentences[0].startswith(f"stopped on {name}")
    if phase in TRAINING_PHASES or phase in LATE_PHASES:
        assert phase == "summary" or "everything saved" in ending.sentences[0]
        assert "last.ckpt" in ending.checkpoints


def assert_file_named(ending: Ending, fault: dict[str, Any]) -> None:
    """A file could not be written: one sentence with the reason, exit code 1, and the run saved if it had begun."""
    if ending.exit_code == 0:  # the fault lies behind the last call
        assert "last.ckpt" in ending.checkpoints
        return
    assert ending.exit_code == 1, ending.stderr[-2000:]
    assert len(ending.sentences) == 1, ending.stderr[-2000:]
    reason = os.strerror(getattr(errno, fault["error"])).lower()
    assert reason in ending.sentences[0].lower(), ending.sentences[0]
    if fault["file"] in ("metrics.csv", "epoch_*.png", "best.ckpt"):
        assert "last.ckpt" in ending.checkpoints, ending.sentences[0]


def assert_diverged(ending: Ending, fault: dict[str, Any], precision: str) -> None:
    """A value was not finite: one sentence and exit code 1, unless float16's scaler has skipped the step."""
    if precision == "16-mixed" and fault["where"] in ("gradient", "optimizer") and ending.exit_code == 0:
        assert not ending.sentences
        return
    assert ending.exit_code == 1, ending.stderr[-2000:]
    assert len(ending.sentences) == 1, ending.stderr[-2000:]
    assert "became NaN or infinite" in ending.sentences[0]
    before = fault["batch"] // BATCHES  # epochs that had ended
    assert len(ending.checkpoints) == (2 if before else 0), ending.checkpoints.keys()


def finite_checkpoints(folder: Path) -> dict[str, dict[str, Any]]:
    """Reads all checkpoints below a folder, and checks that they are complete and hold finite values only."""
    from colorgan.inference import checkpoint

    found = {}
    for file in sorted(folder.rglob("*.ckpt")):
        contents = checkpoint.read(file)
        tensors = [*contents["state_dict"].values()]
        for optimizer in contents["optimizer_states"]:
            tensors += [value for state in optimizer["state"].values() for value in state.values()]
        assert all(tensor.isfinite().all() for tensor in tensors if isinstance(tensor, torch.Tensor)), file
        found[file.name] = contents
    return found
