import weakref
from pathlib import Path
from typing import Any

import pytest

from colorgan.inference.batch import BatchOptions, Job, colorize_files, pipeline, plan_jobs
from tests.helpers import Painter, picture
from tests.inference.batch.helpers import FlickeringPainter, write_frames


def test_resumed_video_matches_uninterrupted_video(tmp_path: Path) -> None:
    write_frames(tmp_path / "video")
    options = BatchOptions(temporal=0.8, batch_size=1)
    uninterrupted = plan_jobs([tmp_path / "video"], tmp_path / "uninterrupted")
    colorize_files(FlickeringPainter(), uninterrupted, options)
    resumed = plan_jobs([tmp_path / "video"], tmp_path / "resumed")
    assert colorize_files(FlickeringPainter(), resumed[:4], options).written == 4
    result = colorize_files(FlickeringPainter(), resumed, options)
    assert (result.written, result.skipped) == (2, 4)
    for first, second in zip(uninterrupted, resumed, strict=True):
        assert first.target.read_bytes() == second.target.read_bytes()


def test_number_of_photos_in_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_memory: set[int] = set()
    max_in_memory = 0
    load = pipeline._load

    def counting_load(job: Job, *args: Any) -> Any:
        nonlocal max_in_memory
        photo = load(job, *args)
        in_memory.add(id(photo))
        weakref.finalize(photo, in_memory.discard, id(photo))
        max_in_memory = max(max_in_memory, len(in_memory))
        return photo

    monkeypatch.setattr(pipeline, "_load", counting_load)
    picture(0).save(tmp_path / "a.png")
    jobs = [Job(tmp_path / "a.png", tmp_path / "out" / f"{n}.png", str(n)) for n in range(40)]
    assert colorize_files(Painter(), jobs, BatchOptions(batch_size=2)).written == 40
    assert max_in_memory <= 6
