from typing import Any

import pytest

from colorgan.errors import CheckpointError, ColorganError
from colorgan.models.config import to_config
from colorgan.training.schedule import AdversarialSchedule


def phases(schedule: AdversarialSchedule, epochs: int) -> str:
    """G, D or B (both) for each epoch; lower case where the generator has no adversarial loss."""
    letters = ""
    for epoch in range(epochs):
        generator, discriminator = schedule.trains_generator(epoch), schedule.trains_discriminator(epoch, 0)
        letter = "B" if generator and discriminator else "G" if generator else "D"
        letters += letter if schedule.is_adversarial(epoch) else letter.lower()
    return letters


@pytest.mark.parametrize(
    ("generator", "discriminator", "expected"), [(0, 0, "BBBB"), (2, 0, "ggBB"), (0, 1, "dBBB"), (2, 1, "ggdB")]
)
def test_warmup_phases(generator: int, discriminator: int, expected: str) -> None:
    schedule = AdversarialSchedule(generator_warmup_epochs=generator, discriminator_warmup_epochs=discriminator)
    assert phases(schedule, 4) == expected


def test_discriminator_is_updated_in_every_kth_batch() -> None:
    schedule = AdversarialSchedule(discriminator_every=3)
    assert [batch for batch in range(7) if schedule.trains_discriminator(0, batch)] == [0, 3, 6]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"generator_warmup_epochs": -1},
            "model.schedule.generator_warmup_epochs must be an integer >= 0, received -1",
        ),
        ({"discriminator_every": 0}, "model.schedule.discriminator_every must be an integer >= 1, received 0"),
        ({"discriminator_updates": 1.5}, "received 1.5"),
        ({"discriminator_steps": "both"}, "must be 'joint' or 'separate', received 'both'"),
    ],
)
def test_values_out_of_range_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        AdversarialSchedule(**changes)


def test_config_round_trip() -> None:
    schedule = AdversarialSchedule(discriminator_updates=5)
    assert AdversarialSchedule.from_config(to_config(schedule)) == schedule


@pytest.mark.parametrize("config", [[], {"discriminator_updates": "many"}, {"os": 1}, "joint"])
def test_config_of_a_checkpoint_is_validated(config: Any) -> None:
    with pytest.raises(CheckpointError):
        AdversarialSchedule.from_config(config)
