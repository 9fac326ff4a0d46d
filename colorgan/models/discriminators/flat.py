"""The discriminator of the published Lab-landscapes system."""

from torch import Tensor, nn

from colorgan.models.base import check_at_least
from colorgan.models.discriminators.base import Verdict
from colorgan.models.discriminators.fixed_size import FixedSizeDiscriminator
from colorgan.models.layers.blocks import Norm, apply_spectral_norm, init_weights
from colorgan.models.layers.flat_body import FlatBody


class FlatDiscriminator(FixedSizeDiscriminator):
    """The constant-width U-Net of :class:`colorgan.models.FlatUNet`, flattened into one linear layer.

    The output of the linear layer is divided by the width. The sigmoid of the published network is left to the loss
    (``BCE``), as in every discriminator. At 256 px, for gray and two color channels, it has 264,341 parameters at width
    4 and 1,081,937 at width 16.

    Args:
        in_channels: gray (1) plus color (plus hint) channels; set by the model.
        size: height and width of the images, a multiple of 2**depth; null takes the size of the training photos.
        width: channels of every level (the study: 4 and 16).
        depth: number of downsampling steps.
        norm: normalization after each convolution but the outermost: batch, instance or none (for a gradient penalty:
            instance or none).
        dropout: dropout probability of every upsampling step but the last.
        spectral_norm: whether to apply spectral normalization to every weight.
        init_std: standard deviation of normally distributed initial weights; null keeps PyTorch's defaults.

    Example:
        >>> import torch
        >>> FlatDiscriminator(3, size=32)(torch.zeros(5, 3, 32, 32)).shape
        torch.Size([5, 1])
    """

    def __init__(
        self,
        in_channels: int,
        size: int | None = None,
        width: int = 4,
        depth: int = 3,
        norm: Norm = "batch",
        dropout: float = 0.5,
        spectral_norm: bool = False,
        init_std: float | None = None,
    ) -> None:
        check_at_least(1, depth=depth)
        super().__init__(in_channels, size, depth)
        self.width = width
        self.body = FlatBody(in_channels, width=width, depth=depth, norm=norm, dropout=dropout)
        self.last = nn.Linear(width * self.size * self.size, 1)
        init_weights(self, init_std)
        if spectral_norm:
            apply_spectral_norm(self)

    def examine(self, x: Tensor) -> Verdict:
        """Scores a batch: (B, in_channels, size, size) → raw scores (B, 1).

        The features are those of each step, (B, width, h, w).
        """
        self.check_input(x)
        features: list[Tensor] = []
        scores = self.last(self.body(x, features).flatten(1)) / self.width
        return Verdict(scores, features)
