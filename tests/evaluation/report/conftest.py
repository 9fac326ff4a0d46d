"""Nothing is downloaded by the tests of this folder."""

import pytest


@pytest.fixture(autouse=True)
def offline(offline_cache: object) -> None:
    """Caches and downloads of each test stay in its own folder."""
