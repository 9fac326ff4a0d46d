import json
from pathlib import Path
from typing import Any

import pytest
import torch

from colorgan.training import precision
from colorgan.training.precision import bfloat16_speedup, choose_precision


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the cached result."""
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "precision"


@pytest.fixture
def probes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the probe will measure, call after call."""
    speedups = [2.5, 0.5]
    monkeypatch.setattr(precision, "_probe", lambda: speedups.pop(0))
    return speedups


@pytest.mark.parametrize(
    ("speedup", "expected"),
    [
        (3.44, "precision bf16-mixed: convolutions are 3.4 times as fast as in float32 here"
               " (--trainer.precision 32-true turns it off)"),
        (1.3, "precision bf16-mixed: convolutions are 1.3 times as fast as in float32 here"
              " (--trainer.precision 32-true turns it off)"),
        (1.29, "precision 32-true: convolutions in bfloat16 are 1.3 times as fast as in float32 here"),
        (0.43, "precision 32-true: convolutions in bfloat16 are 0.4 times as fast as in float32 here"),
    ],
)  # fmt: skip
def test_cpu_trains_in_bfloat16_where_that_is_faster(
    monkeypatch: pytest.MonkeyPatch, speedup: float, expected: str
) -> None:
    monkeypatch.setattr(precision, "bfloat16_speedup", lambda: speedup)
    assert str(choose_precision("cpu")) == expected


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [([(7, 5)], "16-mixed"), ([(8, 0)], "bf16-mixed"), ([(12, 0)], "bf16-mixed"), ([(9, 0), (7, 0)], "16-mixed")],
)
@pytest.mark.parametrize("accelerator", ["auto", "gpu", "cuda"])
def test_gpu_trains_in_bfloat16_from_ampere_on(
    monkeypatch: pytest.MonkeyPatch, accelerator: str, capabilities: list[tuple[int, int]], expected: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: len(capabilities))
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda index: capabilities[index])
    assert choose_precision(accelerator).name == expected


def test_mps_trains_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_precision("auto").name == choose_precision("mps").name == "32-true"


def test_accelerator_that_is_missing_is_left_to_lightning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_precision("cuda").name == "32-true"


# -- the cached result -------------------------------------------------------------------------------------------------


def test_machine_is_probed_once(probes: list[float], folder: Path) -> None:
    assert [bfloat16_speedup(), bfloat16_speedup()] == [2.5, 2.5]
    assert probes == [0.5]
    assert [path.suffix for path in folder.iterdir()] == [".json"]


def test_other_versions_of_torch_are_probed_again(probes: list[float], monkeypatch: pytest.MonkeyPatch) -> None:
    assert bfloat16_speedup() == 2.5
    monkeypatch.setattr(torch, "__version__", "9.9")
    assert bfloat16_speedup() == 0.5


@pytest.mark.parametrize(
    "change",
    [
        "", "{", "[]", "3", "\xff",
        {"speedup": "4"}, {"speedup": -1.0}, {"speedup": float("nan")}, {"speedup": float("inf")}, {"speedup": None},
        {"machine": {"processor": "another"}}, {"machine": None},
    ],
)  # fmt: skip
def test_damaged_file_is_replaced(probes: list[float], folder: Path, change: Any) -> None:
    bfloat16_speedup()
    file = next(folder.iterdir())
    text = change if isinstance(change, str) else json.dumps(json.loads(file.read_text()) | change)
    file.write_text(text, encoding="latin-1")
    assert bfloat16_speedup() == 0.5
    assert json.loads(file.read_text())["speedup"] == 0.5


def test_folder_that_cannot_be_written_is_no_obstacle(probes: list[float], folder: Path) -> None:
    folder.parent.write_text("a file where the cache folder should be")
    assert [bfloat16_speedup(), bfloat16_speedup()] == [2.5, 0.5]


# -- the probe ---------------------------------------------------------------------------------------------------------


def test_probe_leaves_threads_and_random_numbers_alone(folder: Path) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    threads = torch.get_num_threads()
    with torch.no_grad():  # whatever the caller has set
        assert bfloat16_speedup() > 0
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.rand(3), expected)


def test_probe_compares_the_fastest_runs_after_a_warm_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that only the two functions move: the first calls and one interruption take long."""
    clock = 0.0

    def takes(*seconds: float) -> Any:
        durations = iter(seconds)

        def run() -> None:
            nonlocal clock
            clock += next(durations)

        return run

    monkeypatch.setattr(precision.time, "perf_counter", lambda: clock)
    float32 = takes(1e-6, 0.04, 0.02, 0.03, 9.0)
    bfloat16 = takes(1e-6, 0.01, 0.05, 0.02, 9.0)
    assert precision._fastest_ratio(float32, bfloat16) == pytest.approx(2.0)
