import pytest
import torch

from colorgan.errors import ColorganError
from colorgan.inference.device import choose_device


def test_device_by_name() -> None:
    assert choose_device("cpu") == torch.device("cpu")


@pytest.mark.parametrize(("accelerator", "expected"), [("mps", "mps"), (None, "cpu")])
def test_auto_selects_the_accelerator(monkeypatch: pytest.MonkeyPatch, accelerator: str | None, expected: str) -> None:
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: accelerator is not None)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device(str(accelerator)))
    assert choose_device("auto") == torch.device(expected)


@pytest.mark.parametrize("name", ["abacus", "cuda:4711", "cpu:x"])
def test_unavailable_devices_are_refused(name: str) -> None:
    with pytest.raises(ColorganError, match=f"the device '{name}' is not available .*; try cpu") as error:
        choose_device(name)
    assert "\n" not in str(error.value)
