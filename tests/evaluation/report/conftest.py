"""Tests of this folder run offline."""

import pytest


@pytest.fixture(autouse=True)
def offline(offline_cache: object) -> None:
    """Each test has its own caches and downloads nothing."""
