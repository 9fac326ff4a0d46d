"""A folder with photos, configurations and a checkpoint of each model, in which wrong configurations are tried."""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from tests.attacks.config_corpus import (
    CHROMA,
    CHROMA_CHECKPOINT,
    GAN_CHECKPOINT,
    GRID,
    TINY,
    WrongConfiguration,
)
from tests.attacks.guard import Outcome, assert_refused, guarded

_NUM_PHOTOS = 12
_JARGON = re.compile(r"COLORGAN_TRACEBACK|Union|Namespace|NestedArg|typing\.|Errno|NoneType|<class|collections\.abc")
_INFORMATION = ("note:", "Seed set", "GPU available", "TPU available", "Restoring states", "Loaded model weights")


def make_place(folder: Path, checkpoints: bool = True) -> Path:
    """Writes the photos and configurations, and trains the checkpoints."""
    (folder / "photos").mkdir(parents=True)
    for seed in range(_NUM_PHOTOS):
        noise = np.random.default_rng(seed).integers(0, 256, (3, 4, 3), dtype=np.uint8)
        Image.fromarray(noise).resize((20, 18), Image.Resampling.BICUBIC).save(folder / "photos" / f"{seed:02d}.png")
    for name, text in {"tiny.yaml": TINY, "chroma.yaml": CHROMA, "grid.yaml": GRID}.items():
        (folder / name).write_text(text)
    if checkpoints:
        runs = {
            GAN_CHECKPOINT: guarded("fit", ["-c", "tiny.yaml"], folder, seconds=120),
            CHROMA_CHECKPOINT: guarded("chroma", ["fit", "-c", "chroma.yaml"], folder, seconds=120),
        }
        for name, outcome in runs.items():
            assert outcome.exit_code == 0, outcome.stderr
            stem = name.removesuffix(".ckpt")
            (run,) = (folder / "checkpoints" / {"gan": "tiny", "chroma": "chroma"}[stem]).iterdir()
            shutil.copy(run / "checkpoints" / "last.ckpt", folder / name)
            shutil.move(run, folder / f"{stem}_run")
        shutil.rmtree(folder / "checkpoints")
    return folder


def attempt(wrong: WrongConfiguration, place: Path, folder: Path) -> Outcome:
    """Runs a wrong configuration in a copy of the place, and asserts that it was refused before a photo was read."""
    shutil.copytree(place, folder, copy_function=os.link)
    try:
        wrong.write(folder)
        if wrong.pipe:
            os.mkfifo(folder / wrong.pipe)
        before = set(folder.rglob("*"))
        cache = {"COLORGAN_CACHE": str(folder / "cache")}
        outcome = guarded(wrong.command, wrong.args, folder, env=cache)
        assert_refused(outcome, *wrong.named)
        lines = list(_lines(outcome.stderr))
        assert len(lines) == 1, outcome.stderr
        assert lines[0].startswith("error: "), outcome.stderr
        assert len(lines[0]) < 600, lines[0]
        assert not _JARGON.search(lines[0]), lines[0]
        assert set(folder.rglob("*")) == before, "files were written"
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return outcome


def _lines(text: str) -> Iterator[str]:
    return (line for line in text.splitlines() if line.strip() and not line.startswith(_INFORMATION))
