"""Small photos for the tests of this folder."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def photo_of(seed: int, height: int = 24, width: int = 32) -> np.ndarray:
    """A smooth picture with colours: a few random blobs, different for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


@pytest.fixture
def make_photos(tmp_path: Path) -> Callable[..., Path]:
    """Writes photos of given seeds into a new folder below the test's own."""

    def make(folder: str, seeds: int | range, suffix: str = ".png", gray: bool = False) -> Path:
        place = tmp_path / folder
        place.mkdir(parents=True, exist_ok=True)
        for seed in range(seeds) if isinstance(seeds, int) else seeds:
            image = Image.fromarray(photo_of(seed))
            (image.convert("L") if gray else image).save(place / f"photo_{seed:03d}{suffix}")
        return place

    return make


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keeps the tests' caches out of the user's."""
    place = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("COLORGAN_CACHE", str(place))
    return place
