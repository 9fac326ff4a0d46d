from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from colorgan.data.dataset import FileDataset
from colorgan.data.loader import FileLoader, first_sample
from colorgan.errors import ColorganError
from colorgan.training.callbacks.predictions import PredictionWriter


def write(writer: PredictionWriter, *photos: torch.Tensor) -> None:
    nothing: Any = None
    for number, photo in enumerate(photos):
        batch = {"path": [f"photo{number}.jpg"]}
        writer.write_on_batch_end(nothing, nothing, photo[None], None, batch, number, 0)
    writer.on_predict_end(nothing, nothing)


def photo(seed: int, height: int = 4, width: int = 5) -> torch.Tensor:
    return torch.randint(0, 256, (3, height, width), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


def test_array_matches_png_files(tmp_path: Path) -> None:
    photos = [photo(0), photo(1), photo(2)]
    write(PredictionWriter(str(tmp_path / "out"), array=str(tmp_path / "new" / "all.npy")), *photos)
    array = np.load(tmp_path / "new" / "all.npy")
    assert array.shape == (3, 4, 5, 3)
    for number, expected in enumerate(photos):
        written = np.asarray(Image.open(tmp_path / "out" / f"photo{number}.png"))
        assert (array[number] == written).all()
        assert (written == expected.permute(1, 2, 0).numpy()).all()


def test_photos_of_different_sizes_are_written_without_an_array(tmp_path: Path) -> None:
    with pytest.raises(ColorganError, match=r"different sizes \(5 x 4, 5 x 6\)"):
        write(PredictionWriter(str(tmp_path / "out"), array=str(tmp_path / "all.npy")), photo(0), photo(1, height=6))
    assert len(list((tmp_path / "out").iterdir())) == 2
    assert not (tmp_path / "all.npy").exists()


def test_existing_array_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "all.npy").write_bytes(b"mine")
    with pytest.raises(ColorganError, match="already exists"):
        write(PredictionWriter(str(tmp_path / "out"), array=str(tmp_path / "all.npy")), photo(0))
    assert (tmp_path / "all.npy").read_bytes() == b"mine"


def predict(writer: PredictionWriter, *sources: Path) -> None:
    loader = FileLoader(FileDataset(sources), batch_size=1, collate_fn=first_sample)
    trainer: Any = SimpleNamespace(predict_dataloaders=loader)
    nothing: Any = None
    writer.on_predict_start(trainer, nothing)
    for number, source in enumerate(sources):
        batch = {"path": [str(source)]}
        writer.write_on_batch_end(trainer, nothing, photo(number)[None], None, batch, number, 0)


def test_photos_that_differ_in_suffix_or_case_and_the_longest_names_are_written(tmp_path: Path) -> None:
    names = ["a.jpg", "a.png", "b.jpg", "B.jpg", "n" * 251 + ".jpg", "c.jpg"]
    writer = PredictionWriter(str(tmp_path / "out"), str(tmp_path))
    predict(writer, *(tmp_path / name for name in names))
    assert not writer.failures
    written = {file.name.casefold() for file in (tmp_path / "out").iterdir()}
    assert len(written) == writer.written == len(names)
    assert {"a.jpg.png", "a.png", "c.png", "n" * 251 + ".png"} <= written


def test_existing_files_are_refused_before_the_first_photo(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "b.png").write_bytes(b"mine")
    with pytest.raises(ColorganError, match=r"b\.png already exists: choose another --output"):
        predict(PredictionWriter(str(tmp_path / "out")), Path("a.jpg"), Path("b.jpg"))
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["b.png"]


def test_photo_that_cannot_be_written_does_not_stop_the_others(tmp_path: Path) -> None:
    (tmp_path / "out" / "b.png" / "folder").mkdir(parents=True)
    writer = PredictionWriter(str(tmp_path / "out"), overwrite=True)
    predict(writer, Path("a.jpg"), Path("b.jpg"), Path("c.jpg"))
    assert writer.written == 2
    assert len(writer.failures) == 1
    assert "b.png: " in writer.failures[0]
