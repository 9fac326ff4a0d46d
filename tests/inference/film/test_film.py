"""A film keeps its pictures, times and sound; its colors are smooth, and an interruption leaves no trace."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from skimage.color import rgb2lab

from colorgan.cli import main
from colorgan.inference.batch import BatchOptions, Job
from colorgan.inference.film import colorize_film, colorizing
from tests.helpers import Painter, picture
from tests.inference.batch.helpers import FlickeringPainter
from tests.inference.film.helpers import read_film, write_film


def gray(seed: int, height: int = 48, width: int = 64) -> np.ndarray:
    return np.asarray(picture(seed, height, width).convert("L").convert("RGB"))


@pytest.fixture
def colorize(monkeypatch: pytest.MonkeyPatch, painter: Painter) -> Callable[..., int]:
    """Runs the command with a model whose colors are known."""
    monkeypatch.setattr("colorgan.inference.open_models", lambda *_: painter)
    return lambda *args: main(["colorize", *map(str, args)])


@pytest.mark.parametrize(("before", "after"), [(".mp4", ".mp4"), (".mov", ".mov"), (".mkv", ".mkv"), (".avi", ".mkv")])
def test_pictures_times_and_sound_are_kept(
    colorize: Callable[..., int], tmp_path: Path, capsys: Any, before: str, after: str
) -> None:
    sound = "pcm_s16le" if before == ".avi" else "aac"
    source = write_film(tmp_path / f"a{before}", [gray(7)] * 7 + [gray(8)] * 6, sound=sound)
    assert colorize(source, "-o", tmp_path / "out") == 0
    target = tmp_path / "out" / f"a{after}"
    assert capsys.readouterr().out == f"colorized 1 film (13 pictures, 2 scenes)\n{target}\n"
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    old, new = read_film(source), read_film(target)
    assert len(new.pictures) == 13
    assert new.times == pytest.approx(old.times, abs=1e-3)
    assert new.sound == old.sound
    assert new.seconds == pytest.approx(old.seconds, abs=0.13)  # the length of the last packet of sound is rounded up
    first, second = (rgb2lab(film.pictures[3]) for film in (old, new))
    assert np.abs(first[..., 0] - second[..., 0]).mean() < 1
    assert np.abs(second[..., 2]).mean() > 5


def test_times_that_are_not_regular_are_kept(colorize: Callable[..., int], tmp_path: Path) -> None:
    source = write_film(tmp_path / "a.mp4", [gray(7)] * 5, times=[0, 1, 5, 6, 20], sound=None)
    assert colorize(source, "-o", tmp_path / "b.mp4") == 0
    assert read_film(tmp_path / "b.mp4").times == pytest.approx([0, 0.04, 0.2, 0.24, 0.8])


def test_turned_films_are_turned_upright_and_odd_sides_completed(colorize: Callable[..., int], tmp_path: Path) -> None:
    photo = gray(7, 64, 48)
    source = write_film(tmp_path / "a.mp4", [np.rot90(photo, -1).copy()] * 2, sound=None, rotation=90)
    assert colorize(source, "-o", tmp_path / "b.mp4") == 0
    shown = read_film(tmp_path / "b.mp4").pictures[0]
    assert shown.shape == photo.shape
    assert np.abs(rgb2lab(shown)[..., 0] - rgb2lab(photo)[..., 0]).mean() < 2
    source = write_film(tmp_path / "odd.mkv", [gray(7, 47, 63)] * 2, sound=None)
    assert colorize(source, "-o", tmp_path / "even.mkv") == 0
    assert read_film(tmp_path / "even.mkv").pictures[0].shape == (48, 64, 3)


class StoppedPainter(FlickeringPainter):
    """Is interrupted after some pictures."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def run_network(self, rgb: np.ndarray, hints: Any = None) -> np.ndarray:
        if self.num_frames >= self.limit:
            raise KeyboardInterrupt
        return super().run_network(rgb)


def test_interruption_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colorizing, "PICTURES_PER_PART", 4)
    source = write_film(tmp_path / "a.mp4", [gray(7)] * 8 + [gray(8)] * 7)
    whole, resumed = (Job(source, tmp_path / name / "a.mp4", "a.mp4") for name in ("whole", "resumed"))
    options = BatchOptions(temporal=0.8, batch_size=2)
    assert colorize_film(FlickeringPainter(), whole, options).pictures == 15
    with pytest.raises(KeyboardInterrupt):
        colorize_film(StoppedPainter(14), resumed, options)
    assert not resumed.target.exists()
    progress: list[tuple[int | None, int]] = []
    result = colorize_film(
        FlickeringPainter(), resumed, options, on_start=lambda total, done: progress.append((total, done))
    )
    assert (result.pictures, result.resumed % 4, result.scenes) == (15, 0, 2)
    assert 4 <= result.resumed <= 12
    assert progress == [(15, result.resumed)]
    first, second = (read_film(job.target) for job in (whole, resumed))
    assert all(np.array_equal(*pair) for pair in zip(first.pictures, second.pictures, strict=True))
    assert (first.times, first.sound) == (second.times, second.sound)


def test_parts_of_other_options_are_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(colorizing, "PICTURES_PER_PART", 4)
    job = Job(write_film(tmp_path / "a.mp4", [gray(7)] * 12), tmp_path / "b.mp4", "a.mp4")
    with pytest.raises(KeyboardInterrupt):
        colorize_film(StoppedPainter(10), job, BatchOptions(temporal=0.8, batch_size=1))
    assert colorize_film(FlickeringPainter(), job, BatchOptions(temporal=0.5, batch_size=1)).resumed == 0


def test_smoothing_reduces_flicker(tmp_path: Path) -> None:
    source = write_film(tmp_path / "a.mp4", [gray(7)] * 10, sound=None)

    def flicker(weight: float) -> float:
        job = Job(source, tmp_path / f"{weight}.mp4", "a.mp4")
        colorize_film(FlickeringPainter(), job, BatchOptions(temporal=weight, batch_size=1))
        chroma = np.stack([rgb2lab(shown)[..., 1:] for shown in read_film(job.target).pictures])
        return float(np.abs(np.diff(chroma, axis=0)).mean())

    assert flicker(0.8) < 0.4 * flicker(0)


def test_place_is_dropped_and_date_kept(colorize: Callable[..., int], tmp_path: Path) -> None:
    metadata = {"location": "+52.5200+013.4050/", "creation_time": "1999-12-31T23:59:00.000000Z", "title": "Party"}
    source = write_film(tmp_path / "a.mp4", [gray(7)] * 2, metadata=metadata)
    assert "location" in read_film(source).metadata
    assert colorize(source, "-o", tmp_path / "b.mp4") == 0
    kept = read_film(tmp_path / "b.mp4").metadata
    assert (kept["creation_time"], kept["title"]) == (metadata["creation_time"], "Party")
    assert "location" not in kept
    assert b"+52.5" not in (tmp_path / "b.mp4").read_bytes()


def test_unreadable_films_are_reported_in_one_sentence(
    colorize: Callable[..., int], tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "text.mp4").write_text("no film")
    (tmp_path / "list.mp4").write_text("#EXTM3U\n#EXTINF:1,\nsecret.ts\n")
    whole = write_film(tmp_path / "whole.mkv", [gray(7)] * 5).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(whole[:400])
    write_film(tmp_path / "alaw.mov", [gray(7)] * 2, sound="pcm_alaw")
    for arguments, message in (
        (["text.mp4"], "cannot read {}/text.mp4: it is damaged, or not a film in a supported format"),
        (["list.mp4"], "cannot read {}/list.mp4: it is damaged, or not a film in a supported format"),
        (["cut.mkv"], "cannot read {}/cut.mkv: "),
        (["alaw.mov", "-o", tmp_path / "b.mp4"], "the sound of {}/alaw.mov (pcm_alaw) does not fit into .mp4 files"),
        (["whole.mkv", "--hints", "h.json"], "--hints applies to a single photo, received 0 photos and 1 film"),
    ):
        assert colorize(tmp_path / str(arguments[0]), *arguments[1:]) == 1
        captured = capsys.readouterr()
        assert captured.err.startswith("error: " + message.format(tmp_path))
        assert (captured.err.count("\n"), captured.out) == (1, "")


def test_films_need_a_package(
    colorize: Callable[..., int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (tmp_path / "a.mp4").touch()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert colorize(tmp_path / "a.mp4") == 1
    assert capsys.readouterr().err == "error: films need PyAV, which is not installed; run: pip install av\n"
