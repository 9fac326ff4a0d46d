import os
import pickle
from pathlib import Path

import pytest

from colorgan.data.sources import file_source
from colorgan.images import UnreadableImage
from tests.helpers import picture


def test_file_source_names_loads_and_stamps(tmp_path: Path) -> None:
    file = tmp_path / "trip" / "a.jpg"
    file.parent.mkdir()
    picture(0, 300, 400).save(file)
    source = file_source(file, tmp_path)
    assert source.name == "trip/a.jpg"
    assert source.origin == str(file)
    assert source.load(50).size == (400, 300)
    assert 50 <= min(source.load(50).rgb.shape[:2]) < 300  # decoded at a reduced size
    assert pickle.loads(pickle.dumps(source)).load(50).size == (400, 300)  # workers may be started by spawn
    assert file_source(file, tmp_path).stamp == source.stamp
    os.utime(file, (1, 1))
    assert file_source(file, tmp_path).stamp != source.stamp


def test_missing_file_is_reported_on_load(tmp_path: Path) -> None:
    source = file_source(tmp_path / "gone.jpg", tmp_path)
    assert source.stamp == (-1, -1, -1)
    with pytest.raises(UnreadableImage, match="gone.jpg"):
        source.load(32)
