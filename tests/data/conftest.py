"""Tests of this folder use a cache folder of their own."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from colorgan.data.cache import cached_photos
from colorgan.data.dataset import PhotoDataset
from colorgan.data.sources import file_source
from colorgan.images import list_photos


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary cache folder for each test."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("COLORGAN_CACHE", str(folder))
    return folder


@pytest.fixture
def make_dataset(make_photos: Callable[..., Path]) -> Callable[..., PhotoDataset]:
    """Creates datasets of 8 photos, cached at 18 x 18 pixels."""
    folder = make_photos("photos", 10)
    photos = cached_photos([file_source(path, folder) for path in list_photos(folder)], side=18)

    def make(size: int = 16, **options: object) -> PhotoDataset:
        return PhotoDataset(photos, np.arange(1, 9), size, **options)

    return make
