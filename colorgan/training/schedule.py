"""Who trains when: the generator, the discriminator, or both."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

from colorgan.errors import CheckpointError, ColorganError


@dataclass(frozen=True)
class AdversarialSchedule:
    """The schedule of adversarial training.

    By default both networks are updated once in every batch. With warm-up epochs, training has three phases, as in
    DeOldify's "NoGAN": the generator alone, the discriminator alone, and both.

    Args:
        generator_warmup_epochs: epochs, at the start, that train the generator alone, without the adversarial loss.
        discriminator_warmup_epochs: epochs after those that train the discriminator alone.
        discriminator_every: update the discriminator only in every k-th batch.
        discriminator_updates: updates of the discriminator in such a batch (5 for a Wasserstein critic).
        discriminator_steps: ``joint`` takes one optimizer step on real and generated colors together, on the mean of
            the two losses (for a Wasserstein critic, on their sum); ``separate`` takes two, the first on the loss on
            real and the second on that on generated colors.

    Raises:
        ColorganError: for a number out of range, naming the key and the value.

    Example:
        >>> schedule = AdversarialSchedule(generator_warmup_epochs=2, discriminator_warmup_epochs=1)
        >>> [schedule.trains_generator(epoch) for epoch in range(5)]
        [True, True, False, True, True]
        >>> [schedule.trains_discriminator(epoch, batch_idx=0) for epoch in range(5)]
        [False, False, True, True, True]
    """

    generator_warmup_epochs: int = 0
    discriminator_warmup_epochs: int = 0
    discriminator_every: int = 1
    discriminator_updates: int = 1
    discriminator_steps: Literal["joint", "separate"] = "joint"

    def __post_init__(self) -> None:
        for name, least in (
            ("generator_warmup_epochs", 0),
            ("discriminator_warmup_epochs", 0),
            ("discriminator_every", 1),
            ("discriminator_updates", 1),
        ):
            value = getattr(self, name)
            if type(value) is not int or value < least:
                raise ColorganError(f"model.schedule.{name} must be an integer >= {least}, received {value!r}")
        if self.discriminator_steps not in ("joint", "separate"):
            raise ColorganError(
                "model.schedule.discriminator_steps must be 'joint' or 'separate', "
                f"received {self.discriminator_steps!r}"
            )

    def trains_generator(self, epoch: int) -> bool:
        """Whether the generator is updated in an epoch."""
        start = self.generator_warmup_epochs
        return not start <= epoch < start + self.discriminator_warmup_epochs

    def trains_discriminator(self, epoch: int, batch_idx: int) -> bool:
        """Whether the discriminator is updated in a batch."""
        return epoch >= self.generator_warmup_epochs and batch_idx % self.discriminator_every == 0

    def count_updates(self, batches: int) -> int:
        """How many updates of the discriminator a number of batches have, leaving warm-up epochs aside."""
        return batches // self.discriminator_every * self.discriminator_updates

    def is_adversarial(self, epoch: int) -> bool:
        """Whether the generator's loss has an adversarial term in an epoch."""
        return epoch >= self.generator_warmup_epochs + self.discriminator_warmup_epochs

    def check_accumulation(self, batches: int) -> None:
        """Refuses gradient accumulation with schedules that take several steps on one batch or skip batches.

        Raises:
            ColorganError: naming both keys.
        """
        if batches == 1:
            return
        for name, default in (
            ("discriminator_steps", "joint"),
            ("discriminator_updates", 1),
            ("discriminator_every", 1),
        ):
            value = getattr(self, name)
            if value != default:
                raise ColorganError(
                    f"model.accumulate={batches} does not go with model.schedule.{name}={value}: choose one of them"
                )

    @classmethod
    def from_config(cls, config: Any, *_: Any) -> "AdversarialSchedule":
        """Builds the schedule of a checkpoint, from plain data.

        Raises:
            CheckpointError: for anything but a mapping of these names to valid values.
        """
        known = {field.name for field in fields(cls)}
        if not isinstance(config, Mapping) or not config.keys() <= known:
            raise CheckpointError(f"expected a mapping of {', '.join(sorted(known))}, received {config!r:.80}")
        try:
            return cls(**config)
        except ColorganError as error:
            raise CheckpointError(str(error)) from error
