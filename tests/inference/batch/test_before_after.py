from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorgan.inference.batch import Job, before_after
from colorgan.inference.batch.before_after import write_sheets


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Job]:
    """Three red photos with green results, two to a sheet."""
    monkeypatch.setattr(before_after, "_PHOTOS_PER_SHEET", 2)
    made = []
    for number in range(3):
        job = Job(tmp_path / f"in{number}.png", tmp_path / f"out{number}.png", f"photo{number}")
        Image.new("RGB", (40, 30), (200, 0, 0)).save(job.source)
        Image.new("RGB", (40, 30), (0, 200, 0)).save(job.target)
        made.append(job)
    return made


def colors(file: Path) -> tuple[int, int]:
    """Numbers of red and of green pixels on a sheet."""
    pixels = np.asarray(Image.open(file).convert("RGB")).reshape(-1, 3).tolist()
    return pixels.count([200, 0, 0]), pixels.count([0, 200, 0])


def test_each_sheet_shows_photos_before_and_after(jobs: list[Job], tmp_path: Path) -> None:
    sheets = write_sheets(jobs, tmp_path)
    assert [sheet.name for sheet in sheets] == ["before_after_1.png", "before_after_2.png"]
    (red, green), (red_of_last, green_of_last) = map(colors, sheets)
    assert red == green == 2 * red_of_last == 2 * green_of_last > 0


def test_photos_without_a_result_are_left_out(jobs: list[Job], tmp_path: Path) -> None:
    jobs[0].target.unlink()
    jobs[2].target.write_bytes(b"damaged")
    (sheet,) = write_sheets(jobs, tmp_path)
    red, green = colors(sheet)
    assert red == green > 0


def test_existing_sheets_are_kept_unless_overwritten(jobs: list[Job], tmp_path: Path) -> None:
    first, _ = write_sheets(jobs, tmp_path)
    first.write_bytes(b"old")
    assert first in write_sheets(jobs, tmp_path)
    assert first.read_bytes() == b"old"
    write_sheets(jobs, tmp_path, overwrite=True)
    assert colors(first)[0] > 0
