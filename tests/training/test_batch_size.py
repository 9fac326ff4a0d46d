"""The largest batch that fits a memory, which here is made up: each photo of a batch takes a part of it."""

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from colorgan.errors import ColorganError
from colorgan.training import Trainer
from colorgan.training.batch_size import BatchTrial, GPUMemory, find_batch_size, largest_batch_size
from colorgan.training.schedule import AdversarialSchedule


@given(
    base=st.floats(0, 0.8), per_photo=st.floats(1e-4, 0.05), bend=st.floats(0.0, 0.3), limit=st.integers(1, 3000)
)  # fmt: skip
def test_largest_batch_fits_and_is_nearly_the_largest(base: float, per_photo: float, bend: float, limit: int) -> None:
    """Also where memory does not grow quite linearly."""
    trials: list[int] = []

    def trial(size: int) -> float:
        trials.append(size)
        used = base + per_photo * size * (1 + bend * (size % 3 == 0))
        return used if used < 1 else math.inf

    if trial(1) > 0.9:
        with pytest.raises(ColorganError, match="not even a batch of one photo fits"):
            largest_batch_size(trial, limit)
        return
    trials.clear()
    found = largest_batch_size(trial, limit)
    assert trial(found) <= 0.9
    assert found <= limit
    exact = min(limit, int((0.9 - base) / (per_photo * (1 + bend))))
    assert found >= min(exact, max(exact // 8 * 8, 1)) / (1 if bend == 0 else 2)
    assert len(trials) <= 26


class CountedMemory:
    """Holds a number of photos."""

    def __init__(self, photos: int) -> None:
        self.photos, self.largest = photos, 0

    def reset(self) -> None:
        self.largest = 0

    def used(self) -> float:
        return self.largest / self.photos


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], CountedMemory]:
    """Makes a memory for a number of photos, beyond which training runs out of it."""
    from colorgan.training.gan import ColorGAN

    step = ColorGAN.training_step

    def make(photos: int) -> CountedMemory:
        made = CountedMemory(photos)

        def counted(self: Any, batch: Any, batch_idx: int) -> Any:
            made.largest = max(made.largest, len(batch["rgb"]))
            if made.largest > photos:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return step(self, batch, batch_idx)

        monkeypatch.setattr(ColorGAN, "training_step", counted)
        return made

    return make


def trainer() -> Trainer:
    return Trainer(accelerator="cpu", precision="32-true", logger=False, enable_checkpointing=False)


def test_search_leaves_the_model_and_random_numbers_alone(
    tiny_model: Any, memory: Any, caplog: pytest.LogCaptureFixture
) -> None:
    model = tiny_model(ema_decay=0.9, schedule=AdversarialSchedule(generator_warmup_epochs=3))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(7)
    expected = torch.rand(1)
    torch.manual_seed(7)
    with caplog.at_level("INFO"):
        assert find_batch_size(model, 16, trainer(), photos=10_000, memory=memory(30)) == 24  # 27, as a multiple of 8
    assert torch.equal(torch.rand(1), expected)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model.schedule.generator_warmup_epochs == 3
    assert "batch size 24: the largest that fits the memory (--data.batch_size sets another)" in caplog.text


def test_epochs_keep_ten_batches(tiny_model: Any, memory: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        assert find_batch_size(tiny_model(), 16, trainer(), photos=59, memory=memory(1000)) == 5
    assert "batch size 5: a tenth of the photos" in caplog.text


def test_trial_trains_both_networks_from_its_first_batch(tiny_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from colorgan.training.gan import ColorGAN

    trained: list[str] = []
    for name in ("discriminator", "generator"):
        update = getattr(ColorGAN, f"_update_{name}")
        monkeypatch.setattr(ColorGAN, f"_update_{name}", lambda *args, n=name, u=update: trained.append(n) or u(*args))
    model = tiny_model(schedule=AdversarialSchedule(generator_warmup_epochs=1, discriminator_warmup_epochs=1))
    arguments = {"accelerator": "cpu", "precision": "32-true"}
    assert BatchTrial(model, 16, arguments, CountedMemory(1))(4) == 0
    assert trained == ["discriminator", "generator"] * 2


def test_errors_other_than_a_full_memory_are_raised(tiny_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from colorgan.training.gan import ColorGAN

    def broken(*_: Any) -> None:
        raise RuntimeError("shapes differ")

    monkeypatch.setattr(ColorGAN, "training_step", broken)
    with pytest.raises(RuntimeError, match="shapes differ"):
        find_batch_size(tiny_model(), 16, trainer(), photos=100, memory=CountedMemory(100))


def test_memory_of_a_cpu_is_not_to_be_filled(tiny_model: Any) -> None:
    with pytest.raises(ColorganError, match=r"data\.batch_size=auto fills .* CUDA device, but this run trains on cpu"):
        find_batch_size(tiny_model(), 16, trainer(), photos=100)
    with pytest.raises(ColorganError, match="trains on mps: give a number"):
        GPUMemory(torch.device("mps"))
