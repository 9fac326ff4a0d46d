"""Checks that a trained model follows hints: the shipped model, or the one named by COLORGAN_HINT_MODEL."""

import os

import numpy as np
import pytest

from colorgan.errors import ColorganError
from colorgan.images import SAMPLE_PHOTOS
from colorgan.inference.torch_colorizer import TorchColorizer
from tests.helpers import REPOSITORY


@pytest.fixture(scope="module")
def model() -> TorchColorizer:
    path = os.environ.get("COLORGAN_HINT_MODEL")
    try:
        loaded = TorchColorizer.from_checkpoint(path)
    except ColorganError:
        if path:
            raise
        pytest.skip("no trained model: set COLORGAN_HINT_MODEL to a checkpoint that follows hints")
    if not loaded.takes_hints:
        pytest.skip("the shipped model takes no hints: set COLORGAN_HINT_MODEL to a checkpoint that does")
    return loaded


@pytest.mark.slow
def test_red_hint_changes_its_surroundings_only(model: TorchColorizer, monkeypatch: pytest.MonkeyPatch) -> None:
    """For all photos held out from the training of the shipped model, with a hint on their left."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "tools" / "model"))
    from red_point import measure

    files = sorted((SAMPLE_PHOTOS / "val").glob("*.jpg"))
    assert len(files) == 42
    points = [measure(model, file) for file in files]
    from_hint, changed, far = np.array([(point.from_hint, point.change, point.far) for point in points]).T
    assert from_hint.max() < 10
    assert changed.min() > 10
    assert far.max() < 4
