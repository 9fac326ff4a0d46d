"""The patch discriminator of the pix2pix paper."""

from torch import Tensor, nn

from colorgan.models.base import at_least
from colorgan.models.discriminators.base import Discriminator
from colorgan.models.layers.blocks import Norm, constrain_spectrally, initialise, normalisation


class Pix2PixPatchGAN(Discriminator):
    """The PatchGAN of "Image-to-Image Translation with Conditional Adversarial Networks" (Isola et al. 2017).

    With three halvings each score sees 70×70 pixels; six channels in, it has 2,768,705 parameters.

    Args:
        in_channels: gray (1) plus colour (plus hint) channels; set by the model.
        width: channels after the first halving; they double up to eight times this.
        halvings: how many times height and width are halved; 3 gives the 70×70 field of view, 2 gives 34×34.
        norm: what follows each convolution but the first and the last: batch, instance or none (for a gradient penalty:
            instance or none).
        spectral_norm: keep the largest singular value of every weight at 1.
        init_std: standard deviation of normally distributed initial weights; null keeps PyTorch's own.

    Example:
        >>> import torch
        >>> Pix2PixPatchGAN(3, width=4)(torch.zeros(1, 3, 64, 64)).shape
        torch.Size([1, 1, 6, 6])
    """

    def __init__(
        self,
        in_channels: int,
        width: int = 64,
        halvings: int = 3,
        norm: Norm = "batch",
        spectral_norm: bool = False,
        init_std: float | None = 0.02,
    ) -> None:
        super().__init__(in_channels)
        at_least(1, width=width)
        at_least(1, halvings=halvings)
        self.min_size = 3 * 2**halvings  # the two last convolutions shorten each side by one
        widths = [width * 2 ** min(level, 3) for level in range(halvings + 1)]
        layers: list[nn.Module] = [nn.Conv2d(in_channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for level in range(1, halvings + 1):
            stride = 2 if level < halvings else 1
            layers += [
                nn.Conv2d(widths[level - 1], widths[level], 4, stride=stride, padding=1, bias=norm == "none"),
                normalisation(norm, widths[level]),
                nn.LeakyReLU(0.2),
            ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, padding=1))
        initialise(self, init_std)
        if spectral_norm:
            constrain_spectrally(self)

    def forward(self, x: Tensor) -> Tensor:
        """Judges a batch: (B, in_channels, H, W) → raw scores (B, 1, H / 2**halvings - 2, W / 2**halvings - 2)."""
        self.check_input(x)
        scores: Tensor = self.layers(x)
        return scores
