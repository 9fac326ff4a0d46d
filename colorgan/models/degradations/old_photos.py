"""Makes the gray of clean photos look like that of old ones."""

from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.degradations import effects
from colorgan.models.degradations.base import Degradation, Draws


class OldPhotos(Degradation):
    """Fading, contrast, grain, blur, scratches, stains, halftone dots and JPEG, for gray that looks old.

    A model is trained on clean photos and used on old ones. It must not take a scratch for an edge, or grain for
    foliage. Effects come in the order in which they do to a photo: lens and film, print, years, scan.

    Args:
        p_clean: probability that a photo stays as it is.
        blur: probability of a blur, among the other photos; and so on.
        contrast: probability of another gamma and contrast.
        fading: probability that black and white fade.
        grain: probability of film grain.
        halftone: probability of the dots of a newspaper.
        stains: probability of stains.
        scratches: probability of scratches.
        jpeg: probability of JPEG.

    Raises:
        ColorganError: for a number that is no probability.

    Example:
        >>> import torch
        >>> _ = torch.manual_seed(0)
        >>> gray = torch.zeros(4, 1, 32, 32)
        >>> OldPhotos()(gray).shape, torch.equal(OldPhotos(p_clean=1)(gray), gray)
        (torch.Size([4, 1, 32, 32]), True)
    """

    def __init__(
        self,
        p_clean: float = 0.3,
        blur: float = 0.3,
        contrast: float = 0.6,
        fading: float = 0.5,
        grain: float = 0.5,
        halftone: float = 0.05,
        stains: float = 0.2,
        scratches: float = 0.2,
        jpeg: float = 0.3,
    ) -> None:
        probabilities = {
            "p_clean": p_clean, "blur": blur, "contrast": contrast, "fading": fading, "grain": grain,
            "halftone": halftone, "stains": stains, "scratches": scratches, "jpeg": jpeg,
        }  # fmt: skip
        for name, probability in probabilities.items():
            if not 0 <= probability <= 1:
                raise ColorganError(f"OldPhotos: {name} must be a probability in [0, 1], received {probability!r}")
        self.p_clean = p_clean
        self.steps = (
            (effects.blur, blur),
            (effects.change_contrast, contrast),
            (effects.fade, fading),
            (effects.add_grain, grain),
            (effects.add_halftone, halftone),
            (effects.add_stains, stains),
            (effects.add_scratches, scratches),
            (effects.compress, jpeg),
        )

    def _degrade(self, gray: Tensor, draws: Draws) -> Tensor:
        is_old = draws.uniform() >= self.p_clean
        for effect, probability in self.steps:
            if probability:
                wanted = is_old & (draws.uniform() < probability)
                gray = gray.where(~wanted, effect(gray.clamp(0, 1), draws))
        return gray
