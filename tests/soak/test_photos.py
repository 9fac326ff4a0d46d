"""Three hundred hostile photos at six entries, and ten thousand damaged ones.

Run with `pytest -m soak tests/soak/test_photos.py`.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.attacks import test_photos as attacks
from tests.attacks.guard import assert_clean, guarded_call
from tests.attacks.photos_corpus import HostileFile, mutations, write_corpus

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

NUM_FILES = int(os.environ.get("COLORGAN_SOAK_PHOTOS", "300"))
NUM_MUTATIONS = int(os.environ.get("COLORGAN_SOAK_MUTATIONS", "10000"))
NUM_AT_ENTRIES = 200
_PER_CALL = 1000


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> attacks.Corpus:
    folder = tmp_path_factory.mktemp("hostile") / "photos"
    folder.mkdir()
    return folder, write_corpus(folder, NUM_FILES)


@pytest.fixture
def note(record_property: Callable[[str, object], None], capsys: pytest.CaptureFixture[str]) -> Callable[..., None]:
    """Prints and records a row of the table of what was tried."""

    def write(**values: object) -> None:
        for name, value in values.items():
            record_property(name, value)
        with capsys.disabled():
            print(f"\n{json.dumps(values)}")

    return write


def test_fit_and_predict(corpus: attacks.Corpus, tmp_path: Path, note: Callable[..., None]) -> None:
    checkpoint, outcome = attacks.check_fit(corpus, tmp_path)
    note(entry="fit", tried=NUM_FILES, failed=0, peak_mib=outcome.peak_bytes >> 20, cpu_seconds=outcome.cpu_seconds)
    (tmp_path / "predict").mkdir()
    outcome = attacks.check_predict(corpus, checkpoint, tmp_path / "predict")
    note(entry="predict", tried=NUM_FILES, failed=0, peak_mib=outcome.peak_bytes >> 20, cpu_seconds=outcome.cpu_seconds)


@pytest.mark.parametrize("entry", ["colorize", "evaluate", "pack"])
def test_folder(corpus: attacks.Corpus, tmp_path: Path, note: Callable[..., None], entry: str) -> None:
    outcome = getattr(attacks, f"check_{entry}")(corpus, tmp_path)
    note(entry=entry, tried=NUM_FILES, failed=0, peak_mib=outcome.peak_bytes >> 20, cpu_seconds=outcome.cpu_seconds)


def test_uploads(corpus: attacks.Corpus, tmp_path: Path, note: Callable[..., None]) -> None:
    count, outcome = attacks.check_uploads(corpus, tmp_path)
    note(entry="upload", tried=count, failed=0, peak_mib=outcome.peak_bytes >> 20, cpu_seconds=outcome.cpu_seconds)


def test_mutations_at_the_gate(tmp_path: Path, note: Callable[..., None]) -> None:
    totals = {"tried": 0, "read": 0, "refused": 0, "wrong": 0}
    peak, longest = 0, 0.0
    for seed in range(-(-NUM_MUTATIONS // _PER_CALL)):
        outcome = guarded_call(f"{attacks.ENTRIES}:read_mutations", [_PER_CALL, seed], writable=tmp_path, seconds=300)
        assert_clean(outcome, max_seconds=200)
        result = json.loads(outcome.stdout)
        totals = {name: count + result[name] for name, count in totals.items()}
        peak, longest = max(peak, outcome.peak_bytes), max(longest, result["longest"])
    note(entry="gate", **totals, peak_mib=peak >> 20, longest=longest)
    assert totals["wrong"] == 0


def test_sample_of_mutations_at_the_entries(tmp_path: Path, note: Callable[..., None]) -> None:
    folder = tmp_path / "photos"
    (folder / "00").mkdir(parents=True)
    files = {}
    for number, (kind, data) in enumerate(mutations(NUM_AT_ENTRIES, seed=99)):
        name = f"00/{number:03d}.png"
        (folder / name).write_bytes(data)
        files[name] = HostileFile(kind, ".png", (folder / name).touch, "any")
    for name in ("phone.jxl", "scan.tga"):
        (folder / name).write_bytes(b"x")
    (folder / "loop").symlink_to("loop")
    for entry in ("fit", "colorize", "evaluate", "pack", "uploads"):
        place = tmp_path / entry
        place.mkdir()
        getattr(attacks, f"check_{entry}")((folder, files), place)
    note(entry="mutations at fit, colorize, evaluate, pack, upload", tried=5 * NUM_AT_ENTRIES, failed=0)
