"""What the generator's loss consists of: terms with weights, each of which compares predicted with target colors."""

import math
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.color_spaces import ColorSpace
from colorgan.models.config import Part
from colorgan.models.discriminators import Discriminator, Verdict


class Comparison:
    """A batch of predicted colors beside their targets. Whatever several terms need is computed once, on demand.

    Args:
        predicted: predicted color, (B, C, H, W) in [-1, 1].
        target: target color, of the same shape and range.
        gray: (B, 1, H, W) in [-1, 1].
        color_space: color space of all three.
        judge: the discriminator's verdict on colors of these photos; None where no discriminator takes part.
        output: what the generator predicted before it became color, (B, color_space.output_channels, h, w); the
            predicted color itself by default.

    Example:
        >>> from colorgan.models import RGB
        >>> gray, target = RGB().split(torch.full((1, 3, 2, 2), 0.25))
        >>> Comparison(target + 0.5, target, gray, RGB()).predicted_rgb.unique().item()
        0.5
    """

    def __init__(
        self,
        predicted: Tensor,
        target: Tensor,
        gray: Tensor,
        color_space: ColorSpace,
        judge: Callable[[Tensor], Verdict] | None = None,
        output: Tensor | None = None,
    ) -> None:
        self.predicted, self.target, self.gray, self.color_space = predicted, target, gray, color_space
        self.judge = judge
        self.output = predicted if output is None else output

    @cached_property
    def predicted_rgb(self) -> Tensor:
        """The colorized photos, float32 (B, 3, H, W) in [0, 1]; colors outside the gamut lie outside of it."""
        return self.color_space.merge(self.gray, self.predicted, clip=False)

    @cached_property
    def target_rgb(self) -> Tensor:
        """The target photos, float32 (B, 3, H, W) in [0, 1], without gradients."""
        with torch.no_grad():
            return self.color_space.merge(self.gray, self.target, clip=False)

    @cached_property
    def of_predicted(self) -> Verdict:
        """The discriminator's verdict on the predicted colors."""
        assert self.judge is not None
        return self.judge(self.predicted)

    @cached_property
    def of_target(self) -> Verdict:
        """The discriminator's verdict on the target colors, without gradients."""
        assert self.judge is not None
        with torch.no_grad():
            return self.judge(self.target)


class LossTerm(Part, ABC):
    """A term of the generator's loss, with its weight.

    Args:
        weight: factor of the term in the sum. The term itself is logged without it, in its own units.

    Attributes:
        name: the name under which the term is logged, as in ``train/l1``.
        needs_features: whether the term compares features of the discriminator.

    Raises:
        ColorganError: if the weight is negative or not finite.
    """

    name: ClassVar[str]
    needs_features: ClassVar[bool] = False

    def __init__(self, weight: float = 1.0) -> None:
        if not (math.isfinite(weight) and weight >= 0):
            raise ColorganError(f"{type(self).__name__}: weight must be a number >= 0, received {weight!r}")
        self.weight = weight

    @abstractmethod
    def __call__(self, comparison: Comparison) -> Tensor:
        """Computes the term, without its weight.

        Returns:
            A float32 scalar.
        """

    def load_frozen(self) -> None:
        """Loads weights that the term needs and checkpoints do not have. Training calls it before its first step."""

    def check(self, discriminator: Discriminator | None, color_space: ColorSpace) -> None:
        """Checks that the term can be computed in a model.

        Args:
            discriminator: that of the model, or None.
            color_space: that of the model.

        Raises:
            ColorganError: naming what is missing and the way out.
        """


def unique_names(terms: Iterable[LossTerm], taken: Iterable[str] = ()) -> list[str]:
    """The names under which terms are logged; the second of the same name ends in 2, and so on.

    Args:
        terms: the terms, in their order.
        taken: names of other losses.

    Example:
        >>> from colorgan.models import L1, MSE
        >>> unique_names([L1(), MSE(), L1("rgb")])
        ['l1', 'mse', 'l1_2']
    """
    used = Counter(taken)
    names = []
    for term in terms:
        used[term.name] += 1
        names.append(term.name if used[term.name] == 1 else f"{term.name}_{used[term.name]}")
    return names
