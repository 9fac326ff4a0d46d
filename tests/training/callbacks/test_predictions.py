from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

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
