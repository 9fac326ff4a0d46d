"""Checks of what a ColorGAN minimizes: that its parts can work together, and that there is something to minimize."""

from collections.abc import Callable, Mapping
from typing import Any

from torch.optim import Optimizer

from colorgan.errors import ColorganError
from colorgan.inference.working_size import MAX_SIZE
from colorgan.models import AdversarialLoss, ColorSpace, DiffAugment, Discriminator, GradientPenalty
from colorgan.training.checks import check_optimizer, check_range
from colorgan.training.objective import GeneratorObjective
from colorgan.training.schedule import AdversarialSchedule


def check_arguments(
    numbers: Mapping[str, Any],
    schedule: AdversarialSchedule,
    generator_optimizer: Callable[[Any], Optimizer],
    discriminator_optimizer: Callable[[Any], Optimizer],
) -> None:
    """Checks arguments one by one.

    Args:
        numbers: arguments of the model by name.
        schedule: who trains when.
        generator_optimizer: makes the optimizer of the generator.
        discriminator_optimizer: makes that of the discriminator.

    Raises:
        ColorganError: naming the key, the range and the value received.
    """
    for name in ("reconstruction_weight", "adversarial_weight"):
        check_range(name, numbers[name], minimum=0)
    check_range("ema_decay", numbers["ema_decay"], minimum=0, below=1)
    check_range("image_size", numbers["image_size"], minimum=1, below=MAX_SIZE + 1)
    schedule.check_accumulation(numbers["accumulate"])
    if numbers["compile"] == "reduce-overhead" and numbers["accumulate"] > 1:
        raise ColorganError(
            f"model.accumulate={numbers['accumulate']} does not go with model.compile=reduce-overhead, whose gradients "
            "are in memory that the next batch reuses: set model.compile to true"
        )
    if numbers["compile"] and numbers["checkpoint_gradients"]:
        raise ColorganError(
            "model.compile does not go with model.checkpoint_gradients, as a compiler decides itself what to keep: "
            "set one of them to false"
        )
    check_optimizer("generator_optimizer", generator_optimizer)
    check_optimizer("discriminator_optimizer", discriminator_optimizer)


def check_objective(
    objective: GeneratorObjective,
    discriminator: Discriminator | None,
    color_space: ColorSpace,
    schedule: AdversarialSchedule,
) -> None:
    """Checks that the generator has a loss in every epoch that trains it, and that each of its terms can be computed.

    Args:
        objective: the generator's loss.
        discriminator: that of the model; None if it trains none.
        color_space: that of the model.
        schedule: who trains when.

    Raises:
        ColorganError: naming the keys.
    """
    reconstruction = objective.terms[0]
    if reconstruction.weight != 1:
        raise ColorganError(
            f"model.reconstruction has the weight {reconstruction.weight}, which counts in model.losses only: set "
            "model.reconstruction_weight instead"
        )
    for term in objective.terms:
        term.check(discriminator, color_space)
    plain = zip(objective.terms, objective.weights, strict=True)
    if any(weight > 0 and not term.needs_features for term, weight in plain):
        return
    if objective.adversarial_weight == 0:
        raise ColorganError(
            "model.reconstruction_weight and model.adversarial_weight are both 0: there is nothing to minimize"
        )
    if discriminator is None:
        raise ColorganError(
            "model.reconstruction_weight is 0 and model.discriminator is null: there is nothing to minimize; set "
            "the weight to a positive number, or give a discriminator"
        )
    if schedule.generator_warmup_epochs:
        raise ColorganError(
            "model.reconstruction_weight is 0, so the generator has nothing to minimize in the "
            f"{schedule.generator_warmup_epochs} epochs of model.schedule.generator_warmup_epochs: set one "
            "to a positive number or the other to 0"
        )


def check_adversary(
    discriminator: Discriminator | None,
    adversarial: AdversarialLoss,
    augmentation: DiffAugment | None,
    penalty: GradientPenalty | None,
    schedule: AdversarialSchedule,
) -> None:
    """Checks that the discriminator can be trained with a loss, an augmentation, a penalty and a schedule.

    Args:
        discriminator: that of the model; None if it trains none.
        adversarial: the adversarial loss.
        augmentation: augmentation of what the discriminator sees.
        penalty: penalty on its gradient.
        schedule: who trains when.

    Raises:
        ColorganError: naming the keys and the way out.
    """
    if discriminator is None:
        if schedule.discriminator_warmup_epochs:
            raise ColorganError(
                f"model.schedule.discriminator_warmup_epochs is {schedule.discriminator_warmup_epochs}, but no "
                "discriminator is trained, so these epochs would train nothing: set it to 0"
            )
        for name, part in (("augmentation", augmentation), ("penalty", penalty)):
            if part is not None:
                raise ColorganError(
                    f"model.discriminator_{name} is {type(part).__name__}, but no discriminator is trained: set it to "
                    "null, or give a discriminator and an adversarial_weight above 0"
                )
        return
    adversarial.check(discriminator)
    if penalty is not None:
        penalty.check(discriminator)
        if adversarial.is_penalized:
            raise ColorganError(
                f"{type(adversarial).__name__} constrains the discriminator itself: set model.discriminator_penalty, "
                f"which is {type(penalty).__name__}, to null, or take another adversarial loss"
            )
    if adversarial.is_paired and schedule.discriminator_steps == "separate":
        raise ColorganError(
            f"{type(adversarial).__name__} compares real with colorized photos in one loss: set "
            "model.schedule.discriminator_steps to joint"
        )
