"""Caches of the tests of this folder are not the user's."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keeps the tests' caches out of the user's."""
    place = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("COLORGAN_CACHE", str(place))
    return place
