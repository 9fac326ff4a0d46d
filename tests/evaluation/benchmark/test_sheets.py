"""The sheet of the same photos, from checkpoints that runs have left."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from colorgan.data.manifest import FILE_NAME, ManifestEntry, write_manifest
from colorgan.evaluation.benchmark import sheets
from colorgan.evaluation.benchmark.grid import Grid
from colorgan.evaluation.benchmark.grid_file import read_grid
from colorgan.evaluation.benchmark.page import write_report
from colorgan.evaluation.benchmark.records import GridRunFolder, Record
from colorgan.evaluation.benchmark.results import collect_results
from colorgan.inference.open_model import open_model
from tests.evaluation.benchmark.fake_fit import log
from tests.evaluation.pages import Page, check_self_contained

GROUPS = {"a": {"runs": {"one": None, "two": None, "three": None}}}
CELLS = {"a-one": "One", "a-two": "Two"}


@pytest.fixture
def grid(write_grid: Callable[..., Path]) -> Grid:
    metrics = {"val/fd": {"better": "lower"}}
    return read_grid(write_grid(groups=GROUPS, metrics=metrics, seeds=[1], sheet={"photos": 3, "cells": CELLS}))


@pytest.fixture
def finish(
    grid: Grid, tmp_path: Path, make_photos: Callable[..., Path], tiny_model: Callable[..., Any], fit: Any
) -> Callable[[str], GridRunFolder]:
    """Writes what a finished run leaves."""
    photos = make_photos("photos/val", 5)
    (tmp_path / "photos" / "train").mkdir()

    def write(name: str) -> GridRunFolder:
        run = next(run for run in grid.runs() if run.variant.name == name)
        folder = GridRunFolder(tmp_path / "out", run.name)
        folder.path.mkdir(parents=True)
        model = tiny_model(image_size=16)
        torch.manual_seed(sum(name.encode()))
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
        fit(model, limit_train_batches=1, limit_val_batches=0).save_checkpoint(folder.last_checkpoint)
        arguments = {"root": str(photos.parent), "train": None, "val": None, "test": None}
        (folder.path / "config.yaml").write_text(json.dumps({"data": {"init_args": arguments}, "model": {}}))
        entries = [ManifestEntry("val", file.name, "accepted") for file in sorted(photos.iterdir())]
        write_manifest(
            folder.path / FILE_NAME, [ManifestEntry("val", "0.png", "left out", "it has no color"), *entries]
        )
        log(folder.path, 0, 50.0)
        folder.write_record(Record("finished", run.digest))
        return folder

    return write


def report(grid: Grid, folder: Path) -> Page:
    html = write_report(collect_results(grid, grid.runs(), folder), folder).read_text("utf-8")
    page = Page(html)
    check_self_contained(html, page)
    return page


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "images").glob("photos_*.webp"))


def test_sheet_shows_what_the_models_make_of_the_photos(
    grid: Grid, finish: Callable[[str], GridRunFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[dict[str, Any]] = []

    def draw(columns: dict[str, Any], **options: Any) -> Image.Image:
        drawn.append(columns)
        return contact_sheet(columns, **options)

    contact_sheet = sheets.contact_sheet
    monkeypatch.setattr(sheets, "contact_sheet", draw)
    out = tmp_path / "out"
    one = finish("a-one")
    finish("a-three")
    report(grid, out)
    assert [list(columns) for columns in drawn] == [["gray", "reference", "One"]]
    finish("a-two")
    report(grid, out)
    text = (out / "report.md").read_text("utf-8")
    (file,) = kept(out)
    assert f"](images/{file.name})" in text
    assert list(drawn[-1]) == ["gray", "reference", "One", "Two"]
    assert {len(column) for column in drawn[-1].values()} == {3}
    names = [f"photo_{number:03d}.png" for number in (0, 2, 4)]
    photos = [np.asarray(Image.open(tmp_path / "photos" / "val" / name).convert("RGB")) for name in names]
    expected = open_model(one.last_checkpoint).colorize(photos)
    for number, photo in enumerate(photos):
        assert np.array_equal(drawn[-1]["reference"][number], photo)
        assert np.array_equal(drawn[-1]["One"][number], expected[number])
        assert np.ptp(drawn[-1]["gray"][number].astype(int), axis=2).max() <= 1
    assert not np.array_equal(drawn[-1]["One"][0], drawn[-1]["Two"][0])

    report(grid, out)
    assert len(drawn) == 2  # nothing has changed
    assert kept(out) == [file]


def test_a_damaged_checkpoint_is_named_and_the_others_are_shown(
    grid: Grid, finish: Callable[[str], GridRunFolder], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    finish("a-one")
    finish("a-two").last_checkpoint.write_bytes(b"no checkpoint")
    page = report(grid, out)
    assert "The sheet of photos lacks Two: " in page.text
    assert "The same photos" in page.text
    assert [file.name for file in kept(out)] == ["photos_incomplete.webp"]


def test_photos_that_are_gone_are_reported(grid: Grid, finish: Callable[[str], GridRunFolder], tmp_path: Path) -> None:
    finish("a-one")
    (tmp_path / "photos" / "val" / "photo_002.png").unlink()
    text = report(grid, tmp_path / "out").text
    assert "The sheet of photos is missing: " in text
    assert "photo_002.png" in text
    assert "The same photos" not in text
