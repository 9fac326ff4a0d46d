"""What the generator minimizes: a weighted sum of terms."""

from collections.abc import Sequence

from torch import Tensor

from colorgan.models import AdversarialLoss, Comparison, LossTerm, Reconstruction
from colorgan.models.losses.terms import unique_names

_TAKEN = ("generator", "discriminator", "adversarial")
"""Names of losses that are no terms."""


class GeneratorObjective:
    """A weighted sum of the reconstruction loss, other terms and the adversarial loss.

    Args:
        reconstruction: the distance between predicted and target colors.
        reconstruction_weight: its weight.
        terms: further terms, with weights of their own.
        adversarial: the adversarial loss.
        adversarial_weight: its weight.

    Attributes:
        names: the names under which the reconstruction loss and the other terms are logged.
        needs_features: whether a term compares features of the discriminator.
    """

    def __init__(
        self,
        reconstruction: Reconstruction,
        reconstruction_weight: float,
        terms: Sequence[LossTerm],
        adversarial: AdversarialLoss,
        adversarial_weight: float,
    ) -> None:
        self.terms = [reconstruction, *terms]
        self.weights = [reconstruction_weight, *(term.weight for term in terms)]
        self.adversarial, self.adversarial_weight = adversarial, adversarial_weight
        self.names = unique_names(self.terms, _TAKEN)
        self.needs_features = any(term.needs_features for term in terms)

    def __call__(self, comparison: Comparison) -> tuple[Tensor, dict[str, Tensor]]:
        """Computes the loss.

        Args:
            comparison: predicted and target colors; without a judge, terms that need one and the adversarial loss are
                left out.

        Returns:
            The sum, and each of its terms without its weight, by name.
        """
        values: dict[str, Tensor] = {}
        loss: Tensor | float = 0.0
        for name, weight, term in zip(self.names, self.weights, self.terms, strict=True):
            if comparison.judge is None and term.needs_features:
                continue
            values[name] = term(comparison)
            loss = loss + weight * values[name]
        if comparison.judge is not None:
            real_scores = comparison.of_target.scores if self.adversarial.is_paired else None
            values["adversarial"] = self.adversarial.generator_loss(comparison.of_predicted.scores, real_scores)
            loss = loss + self.adversarial_weight * values["adversarial"]
        assert isinstance(loss, Tensor)
        return loss, values
