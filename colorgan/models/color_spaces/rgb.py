"""RGB: a network that predicts the whole photo."""

from torch import Tensor

from colorgan.models.color_spaces.base import ColorSpace, luma


class RGB(ColorSpace):
    """Predicts the photo itself: gray is Rec. 601 luma, color is R, G and B, all as 2x - 1.

    Since all three channels are predicted, :meth:`merge` ignores the gray.

    Example:
        >>> import torch
        >>> gray, color = RGB().split(torch.tensor([1.0, 0.5, 0.0]).view(1, 3, 1, 1))
        >>> gray.item(), color.flatten().tolist()
        (0.18499..., [1.0, 0.0, -1.0])
    """

    channels = 3
    names = ("R", "G", "B")

    def neutral(self, gray: Tensor) -> Tensor:
        """The gray in all three channels."""
        return gray.expand(-1, 3, -1, -1)

    def _split(self, rgb: Tensor) -> tuple[Tensor, Tensor]:
        return luma(rgb) * 2 - 1, rgb * 2 - 1

    def _merge(self, gray: Tensor, color: Tensor, clip: bool) -> Tensor:
        return (color + 1) / 2
