"""The adversary of a generator: a discriminator, what it is shown, and what is added to its loss."""

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from colorgan.models import (
    AdversarialLoss,
    DiffAugment,
    Discriminator,
    GradientPenalty,
    Verdict,
)
from colorgan.training.photo_rows import mean_over_processes

Augment = Callable[[Tensor], Tensor]
DiscriminatorSteps = Literal["joint", "separate"]


class Adversary:
    """A discriminator with its adversarial loss, augmentation and gradient penalty.

    It is not an ``nn.Module``, so that the discriminator has one place in checkpoints.

    Args:
        discriminator: the network.
        loss: the adversarial loss.
        augmentation: what happens to photos before the discriminator; None shows it all as they are.
        penalty: penalty on the discriminator's gradient, beside that of the loss, or None.

    Attributes:
        strength: the adapted strength of augmentation, or None; it belongs into checkpoints.
    """

    def __init__(
        self,
        discriminator: Discriminator,
        loss: AdversarialLoss,
        augmentation: DiffAugment | None = None,
        penalty: GradientPenalty | None = None,
    ) -> None:
        self.discriminator, self.loss = discriminator, loss
        self.augmentation, self.gradient_penalty = augmentation, penalty
        self.strength = None if augmentation is None else augmentation.adaptive_strength()

    def logged(self) -> list[str]:
        """Names of what :meth:`update` and :meth:`adapt` return for the log."""
        return [
            "discriminator",
            "discriminator_accuracy_real",
            "discriminator_accuracy_fake",
            *(["gradient_penalty"] if self.gradient_penalty is not None else []),
            *(["augmentation_probability"] if self.strength is not None else []),
        ]

    def sample_augmentation(self, photos: Tensor) -> Augment:
        """Draws a transformation, for everything that the discriminator is shown of these photos.

        Args:
            photos: (B, C, H, W), of which only shape and device count.
        """
        if self.augmentation is None:
            return lambda pair: pair
        return self.augmentation.sample(photos, None if self.strength is None else self.strength.probability)

    def judge(self, condition: Tensor, with_features: bool) -> Callable[[Tensor], Verdict]:
        """What the discriminator says about colors of photos, under one transformation for all of them.

        Args:
            condition: gray and possibly hints, (B, C, H, W).
            with_features: whether its features are needed.

        Returns:
            A function of the color.
        """
        augment = self.sample_augmentation(condition)

        def verdict(color: Tensor) -> Verdict:
            pair = augment(torch.cat([condition, color], dim=1))
            return self.discriminator.examine(pair) if with_features else Verdict(self.discriminator(pair))

        return verdict

    def update(
        self, real: Tensor, fake: Tensor, update: int, steps: DiscriminatorSteps, descend: Callable[[Tensor], None]
    ) -> dict[str, Tensor]:
        """Updates the discriminator: real photos should score high, colorized ones low.

        Args:
            real: gray photos, possibly with hints, and their own colors, (B, C, H, W).
            fake: the same with generated colors.
            update: number of the update, from 0.
            steps: whether one step is taken on both, or one on each.
            descend: takes a step on a loss.

        Returns:
            What is to be logged.
        """
        real, fake = map(self.sample_augmentation(real), (real, fake))
        real_scores = self.discriminator(real)
        if steps == "joint":
            fake_scores = self.discriminator(fake)
            penalty, values = self.penalty(real, fake, update)
            loss = self.loss.discriminator_loss(real_scores, fake_scores) + penalty
            descend(loss)
        else:
            descend(self.loss.real_loss(real_scores))
            fake_scores = self.discriminator(fake)
            penalty, values = self.penalty(real, fake, update)
            descend(self.loss.fake_loss(fake_scores) + penalty)
            # for the log only: what a joint step would minimize, so that runs of both kinds can be compared
            loss = self.loss.discriminator_loss(real_scores, fake_scores) + penalty
        self.loss.after_discriminator_step(self.discriminator)
        real_accuracy, fake_accuracy = self.loss.accuracy(real_scores, fake_scores)
        return {
            **values,
            "discriminator": loss,
            "discriminator_accuracy_real": real_accuracy,
            "discriminator_accuracy_fake": fake_accuracy,
        }

    def measure(self, condition: Tensor, color: Tensor, predicted: Tensor) -> dict[str, Tensor]:
        """The generator's adversarial loss and the discriminator's accuracy, without augmentation.

        Args:
            condition: gray and possibly hints, (B, C, H, W).
            color: the colors of the photos.
            predicted: the predicted colors.

        Returns:
            One value per photo, (B,), by name.
        """
        fake_scores = self.discriminator(torch.cat([condition, predicted], dim=1))
        real_scores = self.discriminator(torch.cat([condition, color], dim=1))
        photos = [*zip(fake_scores.split(1), real_scores.split(1), strict=True)]  # losses average over all they get
        right = [self.loss.accuracy(real, fake) for fake, real in photos]
        return {
            "adversarial": torch.stack([self.loss.generator_loss(*photo) for photo in photos]),
            "discriminator_accuracy": torch.stack([(real + fake) / 2 for real, fake in right]),
        }

    def penalty(self, real: Tensor, fake: Tensor, update: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Computes what is added to the discriminator's loss in an update.

        Args:
            real: the discriminator's input for real photos, (B, C, H, W).
            fake: its input for colorized photos.
            update: number of the update, from 0.

        Returns:
            A scalar, and what is to be logged of it.
        """
        total = self.loss.penalty(self.discriminator, real, fake)
        if self.gradient_penalty is None or not self.gradient_penalty.due(update):
            return total, {}
        value = self.gradient_penalty(self.discriminator, real, fake)
        return total + self.gradient_penalty.factor * value, {"gradient_penalty": value}

    def adapt(self, real_accuracy: Tensor, photos: int) -> dict[str, Tensor]:
        """Adapts the strength of augmentation after an update of the discriminator.

        Args:
            real_accuracy: fraction of the scores of real photos that are right, in this process.
            photos: number of photos in all processes.

        Returns:
            What is to be logged.
        """
        if self.strength is None:
            return {}
        accuracy = mean_over_processes({"real": real_accuracy})["real"]
        self.strength.update(2 * accuracy - 1, photos)
        return {"augmentation_probability": self.strength.probability.clone()}
