import itertools
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from colorgan.inference.batch import BatchOptions, Job, colorize_files, pipeline, plan_jobs, reader, writer
from tests.helpers import Painter, picture
from tests.inference.batch.helpers import FlickeringPainter, write_frames


def test_resumed_video_matches_uninterrupted_video(tmp_path: Path) -> None:
    write_frames(tmp_path / "video")
    options = BatchOptions(temporal=0.8, batch_size=1)
    uninterrupted = plan_jobs([tmp_path / "video"], tmp_path / "uninterrupted").jobs
    colorize_files(FlickeringPainter(), uninterrupted, options)
    resumed = plan_jobs([tmp_path / "video"], tmp_path / "resumed").jobs
    assert colorize_files(FlickeringPainter(), resumed[:4], options).written == 4
    result = colorize_files(FlickeringPainter(), resumed, options)
    assert (result.written, result.skipped) == (2, 4)
    for first, second in zip(uninterrupted, resumed, strict=True):
        assert first.target.read_bytes() == second.target.read_bytes()


@pytest.fixture
def max_in_memory(monkeypatch: pytest.MonkeyPatch) -> Callable[[], tuple[int, int]]:
    """Returns the largest number of loaded photos, and of pixels, that were in memory at once, with two cores."""
    in_memory: dict[int, int] = {}
    most = [0, 0]
    load = reader._load

    def counting_load(*args: Any) -> Any:
        photo = load(*args)
        in_memory[id(photo)] = photo.num_pixels
        weakref.finalize(photo, in_memory.pop, id(photo))
        most[:] = max(most[0], len(in_memory)), max(most[1], sum(list(in_memory.values())))
        return photo

    monkeypatch.setattr(reader, "_load", counting_load)
    monkeypatch.setattr(pipeline, "available_cores", lambda: 2)
    return lambda: (most[0], most[1])


def test_number_of_photos_in_memory_is_bounded(
    tmp_path: Path, max_in_memory: Callable[[], tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read ahead: 2; waiting for their shape: 8; in the network: 2; pending: 4, and what the loops hold."""
    picture(0).save(tmp_path / "a.png")
    jobs = [Job(tmp_path / "a.png", tmp_path / "out" / f"{n}.png", str(n)) for n in range(100)]
    monkeypatch.setattr(pipeline, "working_shape", lambda shape, size: next(shapes))
    shapes = itertools.cycle(range(7))  # so that the window fills up
    assert colorize_files(Painter(), jobs, BatchOptions(batch_size=2)).written == 100
    assert 8 <= max_in_memory()[0] <= 18


def test_large_photos_are_in_memory_one_at_a_time(
    tmp_path: Path, max_in_memory: Callable[[], tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "_LARGE_PHOTO_PIXELS", 5000)
    for number in range(12):
        picture(number, *((100, 80) if number % 3 else (20, 30))).save(tmp_path / f"{number}.png")
    jobs = [Job(tmp_path / f"{n}.png", tmp_path / "out" / f"{n}.png", str(n)) for n in range(12)]
    assert colorize_files(Painter(), jobs, BatchOptions(batch_size=2)).written == 12
    assert max_in_memory()[1] <= 8000 + 12 * 600  # a single large one, and some small ones


def test_photos_wait_for_others_of_the_same_shape(tmp_path: Path) -> None:
    for number in range(16):
        picture(number, *((40, 60) if number % 2 else (60, 40))).save(tmp_path / f"{number}.png")
    jobs = [Job(tmp_path / f"{n}.png", tmp_path / "out" / f"{n}.png", str(n)) for n in range(16)]
    painter = Painter()
    assert colorize_files(painter, jobs, BatchOptions(batch_size=4)).written == 16
    assert [shape[0] for shape in painter.batches] == [4, 4, 4, 4]
    for job in jobs:
        alone = job.target.with_suffix(".alone.png")
        colorize_files(Painter(), [Job(job.source, alone, "")], BatchOptions())
        assert alone.read_bytes() == job.target.read_bytes()


def test_no_photo_is_begun_after_an_interruption(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture(0).save(tmp_path / "a.png")
    jobs = [Job(tmp_path / "a.png", tmp_path / "out" / f"{n}.png", str(n)) for n in range(40)]
    begun = []

    def write_slowly(path: Path, *_: Any) -> None:
        begun.append(path)
        time.sleep(0.05)

    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(writer, "write_photo", write_slowly)
    monkeypatch.setattr(pipeline, "available_cores", lambda: 2)
    with pytest.raises(KeyboardInterrupt):
        colorize_files(Painter(), jobs, BatchOptions(batch_size=16), on_progress=interrupt)
    assert len(begun) <= 4  # the first, and those that the two threads had begun by then
    assert threading.active_count() == 1 or not any("ThreadPool" in each.name for each in threading.enumerate())
