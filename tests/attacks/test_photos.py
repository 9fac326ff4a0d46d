"""Hostile photos, one of each kind, at every entry: the others are used, and each that was left out is named."""

import json
import os
from pathlib import Path
from typing import TypeAlias

import pytest

from colorgan.data.manifest import LEFT_OUT, read_manifest
from colorgan.images import printable
from tests.attacks.guard import Outcome, assert_clean, assert_refused, guarded, guarded_call
from tests.attacks.photos_corpus import BAD, GOOD, NAMES, HostileFile, encoded, hostile_files, picture, write_corpus

ENTRIES = "tests.attacks.photos_entries"
Corpus: TypeAlias = tuple[Path, dict[str, HostileFile]]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    folder = tmp_path_factory.mktemp("hostile") / "photos"
    folder.mkdir()
    return folder, write_corpus(folder, len(list(hostile_files())))


def good(files: dict[str, HostileFile]) -> set[str]:
    return {name for name, file in files.items() if file.expected == GOOD}


def bad(files: dict[str, HostileFile]) -> set[str]:
    return {name for name, file in files.items() if file.expected == BAD}


def check_fit(corpus: Corpus, place: Path) -> tuple[Path, Outcome]:
    """Trains on the corpus, and checks that the manifest has each file once. Returns the checkpoint, too."""
    folder, files = corpus
    outcome = guarded_call(f"{ENTRIES}:fit", [folder, place], writable=place, seconds=120)
    assert_clean(outcome, max_seconds=60)
    assert outcome.exit_code == 0, outcome.stderr
    assert "loop" in outcome.stderr or "all are named in" in outcome.stderr
    (manifest,) = place.glob("*/*/photos.jsonl")
    entries = read_manifest(manifest)
    left_out = {entry.file for entry in entries if entry.status == LEFT_OUT}
    accepted = [entry.file for entry in entries if entry.status != LEFT_OUT]
    assert len(accepted) == len(set(accepted))
    assert set(files) | {"loop", "phone.jxl", "scan.tga"} == left_out | set(accepted)
    assert not left_out & set(accepted)
    assert bad(files) <= left_out
    assert good(files) <= set(accepted)
    (checkpoint,) = place.glob("*/*/checkpoints/last.ckpt")
    return checkpoint, outcome


def check_colorize(corpus: Corpus, place: Path) -> Outcome:
    folder, files = corpus
    outcome = guarded_call(f"{ENTRIES}:colorize", [folder, place / "out"], writable=place, seconds=120)
    assert_clean(outcome, max_seconds=60)
    check_written(outcome.stdout, outcome.stderr, outcome.exit_code, files, folder, place / "out")
    assert "phone.jxl: the format .jxl is not supported" in outcome.stderr
    return outcome


def check_predict(corpus: Corpus, checkpoint: Path, place: Path) -> Outcome:
    folder, files = corpus
    arguments = [f"--ckpt_path={checkpoint}", f"--data.predict={folder}", f"--output={place / 'out'}"]
    arguments += [f"--runs={place}", "--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false"]
    outcome = guarded("predict", arguments, writable=place, seconds=180)
    assert_clean(outcome, max_seconds=120)
    check_written(outcome.stdout, outcome.stderr, outcome.exit_code, files, folder, place / "out")
    return outcome


def check_written(
    stdout: str, stderr: str, exit_code: int, files: dict[str, HostileFile], folder: Path, output: Path
) -> None:
    """As many photos were written as reported, and each of the others is named."""
    num_written = sum(file.is_file() for file in output.rglob("*"))
    assert f"colorized {num_written} photos" in stdout or f"{num_written} photos colorized" in stdout
    named = {name for name in files if printable(folder / name) in stderr}
    assert bad(files) <= named
    assert not good(files) & named
    assert num_written + len(named) == len(files)
    assert exit_code == 1
    assert f"{folder / 'loop'}" in stderr


def check_pack(corpus: Corpus, place: Path) -> Outcome:
    """Packs the corpus, and checks that each file is in a shard once, or among those that were left out."""
    folder, files = corpus
    outcome = guarded_call(f"{ENTRIES}:pack", [folder, place / "shards"], writable=place, seconds=180)
    assert_clean(outcome, max_seconds=120)
    assert outcome.exit_code == 0, outcome.stderr
    shards = [json.loads(file.read_text()) for file in (place / "shards").glob("*/shard-*.json")]
    packed = [name for shard in shards for name in shard["names"]]
    left_out = {name: why for shard in shards for name, why, _ in shard["left_out"]}
    assert len(packed) == len(set(packed))
    assert not left_out.keys() & set(packed)
    assert bad(files) <= {name for name, why in left_out.items() if why == "unreadable"}
    counts = [json.loads(file.read_text())["left_out"] for file in (place / "shards").glob("*/index.json")]
    assert len(packed) + sum(sum(count.values()) for count in counts) == len(files)
    assert good(files) <= {*packed, *(name for name, why in left_out.items() if why != "unreadable")}
    for name in ("loop", "phone.jxl"):
        assert f"{folder / name}" in outcome.stderr
    unreadable = [name for name, why in left_out.items() if why == "unreadable"]
    named = [name for name in unreadable if f"cannot read {printable(name)}: " in outcome.stderr]
    assert len(named) >= min(100, len(unreadable))
    return outcome


def check_evaluate(corpus: Corpus, place: Path) -> Outcome:
    folder, files = corpus
    (folder / "loop").unlink()  # links that lead to themselves are refused before all others
    try:
        outcome = guarded_call(f"{ENTRIES}:evaluate", [folder, folder, place / "report"], writable=place, seconds=120)
        assert_refused(outcome)
        by_header = [line for line in outcome.stderr.splitlines() if line.startswith("  cannot read")]
        assert f"{len(by_header)} of {len(files)} photos cannot be read" in outcome.stderr
        for name in bad(files):
            if files[name].kind in ("pipe", "endless device", "empty", "text", "missing target", "png bomb"):
                assert printable(folder / name) in outcome.stderr
    finally:
        (folder / "loop").symlink_to("loop")
    return outcome


def check_uploads(corpus: Corpus, place: Path) -> tuple[int, Outcome]:
    """Uploads each file of the corpus. Returns their number, too."""
    folder, files = corpus
    outcome = guarded_call(f"{ENTRIES}:upload", [folder, place / "answers.json"], writable=place, seconds=120)
    assert_clean(outcome, max_seconds=60)
    assert outcome.exit_code == 0, outcome.stderr
    answers = json.loads((place / "answers.json").read_text())
    for name, (status, text) in answers.items():
        assert status == 201 if name in good(files) else 200 < status < 500, (name, status, text)
        assert status != 201 or name not in bad(files), (name, files[name].kind)
        assert "Traceback" not in text
        assert str(folder) not in text
    return len(answers), outcome


def test_training_names_each_file_in_its_manifest(corpus: Corpus, tmp_path: Path) -> None:
    checkpoint, _ = check_fit(corpus, tmp_path)
    (tmp_path / "predict").mkdir()
    check_predict(corpus, checkpoint, tmp_path / "predict")


def test_colorize_writes_the_others(corpus: Corpus, tmp_path: Path) -> None:
    check_colorize(corpus, tmp_path)


def test_pack_takes_the_others(corpus: Corpus, tmp_path: Path) -> None:
    check_pack(corpus, tmp_path)


def test_evaluate_names_what_is_no_photo(corpus: Corpus, tmp_path: Path) -> None:
    check_evaluate(corpus, tmp_path)


def test_page_answers_each_upload(corpus: Corpus, tmp_path: Path) -> None:
    assert check_uploads(corpus, tmp_path)[0] > 60


def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    outcome = guarded_call(f"{ENTRIES}:read_mutations", [400, 1], writable=tmp_path)
    assert_clean(outcome)
    assert outcome.exit_code == 0, outcome.stderr


@pytest.mark.parametrize("hints", ["/dev/zero", "/proc/self/mem", "pipe.json", "."])
def test_hint_files_that_never_end_are_refused(tmp_path: Path, hints: str) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    next(hostile_files()).make(tmp_path / "a.jpg")
    arguments = [tmp_path / "a.jpg", tmp_path / "out", "--hints", hints]
    outcome = guarded_call(f"{ENTRIES}:colorize", arguments, writable=tmp_path)
    assert_refused(outcome)


def test_reports_survive_misleading_names(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        (folder / f"{name}{number}.png").write_bytes(encoded(picture(number), "PNG"))
    arguments = [folder, folder, tmp_path / "report"]
    outcome = guarded_call(f"{ENTRIES}:evaluate", arguments, writable=tmp_path)
    assert_clean(outcome)
    assert outcome.exit_code == 0, outcome.stderr
    assert "<b>html" not in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")
