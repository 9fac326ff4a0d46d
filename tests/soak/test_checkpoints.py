"""All hostile checkpoints at all entries, and flipped bits: ``pytest -m soak tests/soak/test_checkpoints.py -s``."""

import io
import random
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml

from colorgan.errors import CheckpointError
from colorgan.inference import checkpoint
from colorgan.inference.onnx.export import export
from colorgan.inference.open_model import open_model
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.models import PointHints, UNet
from colorgan.training.checkpoints import CheckpointFiles
from tests.attacks.checkpoint_corpus import RELEASED, checkpoints, train_genuine
from tests.attacks.guard import Outcome, assert_clean, guarded, guarded_call
from tests.attacks.onnx_corpus import onnx_files
from tests.helpers import picture

pytestmark = pytest.mark.soak

FLIPS = 1000


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("soak")


@pytest.fixture(scope="module")
def genuine(place: Path) -> Path:
    return train_genuine(place / "genuine")


def load_colorizer(file: str) -> None:
    """What ``TorchColorizer.from_checkpoint`` does, with its error as a message."""
    try:
        TorchColorizer.from_checkpoint(file)
    except CheckpointError as error:
        raise SystemExit(f"error: {str(error)!r}") from None


def serve(file: str) -> int:
    """``colorgan app`` up to the moment when it would wait for requests."""
    import uvicorn

    from colorgan.cli import main

    uvicorn.Server.run = lambda *_, **__: None  # type: ignore[method-assign]
    return main(["app", "--port", "0", "--no-browser", "--checkpoint", file])


def attempts(file: Path, genuine: Path, folder: Path) -> Iterator[tuple[str, Outcome]]:
    """Gives a file to each entry that takes a checkpoint."""
    root = genuine.parents[4]
    photos, config, out = root / "photos", root / "tiny.yaml", folder / "out"
    here = "tests.soak.test_checkpoints"
    commands: dict[str, tuple[str, list[Any]]] = {
        "fit": ("fit", ["-c", config, "--data.root", photos, "--ckpt_path", file]),
        "fit without configuration": (
            "fit",
            ["--data.root", photos, "--data.batch_size=4", "--ckpt_path", file, "--trainer.max_epochs=2"],
        ),
        "transfer": (
            "fit",
            ["-c", config, "--data.root", photos, "--model.init_from", file, "--trainer.max_epochs=1"],
        ),
        "validate": ("validate", ["-c", config, "--data.root", photos, "--ckpt_path", file]),
        "test": ("test", ["-c", config, "--data.root", photos, "--ckpt_path", file]),
        "predict": ("predict", ["--data.predict", photos, "--ckpt_path", file, "--output", out / "predicted"]),
        "colorize": ("colorize", [photos / "0.png", "-o", out / "colorized", "--checkpoint", file]),
        "evaluate": ("evaluate", [file, "--data.root", photos, "--out", out / "report", "--limit", "2"]),
        "export": ("export", ["--checkpoint", file, "-o", out / "model.pt2"]),
        "release": ("release", [file, "-o", out / "released"]),
    }
    for name, (command, arguments) in commands.items():
        # torch makes this folder whatever it exports
        yield name, guarded(command, arguments, writable=folder, env={"TORCHINDUCTOR_CACHE_DIR": str(folder)})
    yield "from_checkpoint", guarded_call(f"{here}:load_colorizer", [file], writable=folder)
    yield "app", guarded_call(f"{here}:serve", [file], writable=folder)


class Tally:
    """Counts attempts and failures, and notes the largest and the longest."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.failures: list[str] = []
        self.peak = self.cpu = self.wall = (0.0, "")  # type: tuple[float, str]

    def add(self, name: str, outcome: Outcome) -> None:
        self.counts["refused" if outcome.exit_code else "accepted"] += 1
        self.peak = max(self.peak, (outcome.peak_bytes / 2**20, name))
        self.cpu = max(self.cpu, (outcome.cpu_seconds, name))
        self.wall = max(self.wall, (outcome.seconds, name))
        try:
            assert_clean(outcome)
        except AssertionError as error:
            self.failures.append(f"{name}: {str(error)[-600:]}")
            print(self.failures[-1], flush=True)

    def __str__(self) -> str:
        return (
            f"{sum(self.counts.values())} attempts, {dict(self.counts)}, {len(self.failures)} failures, "
            f"at most {self.peak[0]:.0f} MiB ({self.peak[1]}), {self.cpu[0]:.1f} s of CPU ({self.cpu[1]}), "
            f"{self.wall[0]:.1f} s ({self.wall[1]})"
        )


def test_hostile_checkpoints_at_all_entries(genuine: Path, place: Path) -> None:
    tally, files = Tally(), 0
    start = time.monotonic()
    for name, file in checkpoints(genuine, place / "hostile"):
        files += 1
        valuable = file.parent.parent / "valuable"
        valuable.mkdir(exist_ok=True)
        (valuable / "best.ckpt").write_text("mine")
        work = file.parent / "work"
        work.mkdir()
        for entry, outcome in attempts(file, genuine, work):
            tally.add(f"{name} at {entry}", outcome)
        assert (valuable / "best.ckpt").read_text() == "mine", name
        assert genuine.is_file(), name
        shutil.rmtree(file.parent)
    print(f"\n{files} hostile checkpoints: {tally}, in {time.monotonic() - start:.0f} s")
    assert files >= 150
    assert not tally.failures


def test_hostile_released_models(place: Path) -> None:
    genuine = place / "released"
    make_colorizer().save_pretrained(genuine)
    picture(0).save(place / "photo.png")
    tally = Tally()
    for name, make in RELEASED.items():
        folder = shutil.copytree(genuine, place / "hostile model" / name)
        config = yaml.safe_load((folder / "config.yaml").read_text())
        (folder / "config.yaml").write_text(make(config))
        for command, arguments in (
            ("colorize", [place / "photo.png", "--checkpoint", folder, "-o", folder / "out"]),
            ("export", ["--checkpoint", folder, "-o", folder / "model.pt2"]),
            ("evaluate", [folder, "--data.root", genuine.parent, "--out", folder / "report"]),
        ):
            outcome = guarded(command, arguments, writable=folder)
            tally.add(f"{name} at {command}", outcome)
            assert outcome.exit_code == 1, (name, command)
    print(f"\nreleased models: {tally}")
    assert not tally.failures, tally.failures


def test_hostile_onnx_files(place: Path) -> None:
    folder = place / "onnx"
    folder.mkdir()
    picture(0).save(folder / "photo.png")
    tally = Tally()
    for name, file in onnx_files(folder):
        outcome = guarded("colorize", ["photo.png", "--checkpoint", file, "-o", "out"], writable=folder)
        tally.add(name, outcome)
        assert outcome.exit_code == 1, (name, outcome)
    print(f"\nONNX files: {tally}")
    assert not tally.failures


# -- flipped bits ------------------------------------------------------------------------------------------------------


def make_colorizer() -> TorchColorizer:
    torch.manual_seed(0)
    return TorchColorizer(UNet(4, 2, width=4, depth=2), hints=PointHints(), size=32).eval()


def flips(data: bytes, count: int = FLIPS) -> Iterator[bytes]:
    random_bits = random.Random(0)
    for _ in range(count):
        changed = bytearray(data)
        changed[random_bits.randrange(len(data))] ^= 1 << random_bits.randrange(8)
        yield bytes(changed)


def equal(one: Any, other: Any) -> bool:
    """Whether two checkpoints hold the same."""
    if isinstance(one, torch.Tensor):
        return isinstance(other, torch.Tensor) and torch.equal(one, other)
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(equal(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


@pytest.mark.parametrize("is_sealed", [True, False], ids=["sealed", "as torch writes it"])
def test_flipped_bits_of_checkpoints_without_a_digest_file(genuine: Path, tmp_path: Path, is_sealed: bool) -> None:
    file = tmp_path / "a.ckpt"
    contents = torch.load(genuine, weights_only=True)
    if is_sealed:
        CheckpointFiles().save_checkpoint(contents, file)
        file.with_name("a.ckpt.sha256").unlink()
    else:
        buffer = io.BytesIO()
        torch.save(contents, buffer)
        file.write_bytes(buffer.getvalue())
    expected, counts = checkpoint.read(file), Counter[str]()
    for data in flips(file.read_bytes()):
        file.write_bytes(data)
        try:
            counts["unharmed" if equal(checkpoint.read(file), expected) else "wrong"] += 1
        except CheckpointError:
            counts["refused"] += 1
    print(f"\n.ckpt, sealed: {is_sealed}: {dict(counts)}")
    assert counts["wrong"] == 0
    assert sum(counts.values()) == FLIPS


def test_flipped_bits_of_safetensors(tmp_path: Path) -> None:
    make_colorizer().save_pretrained(tmp_path)
    file = tmp_path / "model.safetensors"
    counts = Counter[str]()
    for data in flips(file.read_bytes()):
        file.write_bytes(data)
        try:
            TorchColorizer.from_pretrained(tmp_path)
            counts["wrong"] += 1
        except CheckpointError:
            counts["refused"] += 1
    print(f"\n.safetensors: {dict(counts)}")
    assert counts == {"refused": FLIPS}


def test_flipped_bits_of_onnx_files(tmp_path: Path) -> None:
    file = tmp_path / "a.onnx"
    export(make_colorizer(), file)
    photo = np.asarray(picture(0))
    expected, counts = np.asarray(open_model(file).colorize(photo)), Counter[str]()
    for data in flips(file.read_bytes()):
        file.write_bytes(data)
        try:
            counts["unharmed" if np.array_equal(open_model(file).colorize(photo), expected) else "wrong"] += 1
        except CheckpointError:
            counts["refused"] += 1
    print(f"\n.onnx: {dict(counts)}")
    assert counts["wrong"] == 0
    assert sum(counts.values()) == FLIPS
