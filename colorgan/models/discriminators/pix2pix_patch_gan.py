"""The patch discriminator of the pix2pix paper."""

from torch import Tensor, nn

from colorgan.models.base import check_at_least
from colorgan.models.discriminators.base import Discriminator, Verdict
from colorgan.models.layers.blocks import Norm, apply_spectral_norm, init_weights, norm_layer
from colorgan.models.layers.chain import chain


class Pix2PixPatchGAN(Discriminator):
    """The PatchGAN of "Image-to-Image Translation with Conditional Adversarial Networks" (Isola et al. 2017).

    With three downsampling steps the receptive field of a score is 70×70 pixels. It has 2,768,705 parameters for six
    input channels.

    Args:
        in_channels: gray (1) plus color (plus hint) channels; set by the model.
        width: channels after the first downsampling step, doubled at each further one up to eight times this.
        num_downsamples: number of downsampling steps; 3 gives a receptive field of 70×70 pixels, 2 gives 34×34.
        norm: normalization after each convolution but the first and the last: batch, instance or none (for a gradient
            penalty: instance or none).
        spectral_norm: whether to apply spectral normalization to every weight.
        init_std: standard deviation of normally distributed initial weights; null keeps PyTorch's defaults.

    Example:
        >>> import torch
        >>> Pix2PixPatchGAN(3, width=4)(torch.zeros(1, 3, 64, 64)).shape
        torch.Size([1, 1, 6, 6])
    """

    def __init__(
        self,
        in_channels: int,
        width: int = 64,
        num_downsamples: int = 3,
        norm: Norm = "batch",
        spectral_norm: bool = False,
        init_std: float | None = 0.02,
    ) -> None:
        super().__init__(in_channels)
        check_at_least(1, width=width)
        check_at_least(1, num_downsamples=num_downsamples)
        self.min_size = 3 * 2**num_downsamples  # the last two convolutions shorten each side by one
        widths = [width * 2 ** min(level, 3) for level in range(num_downsamples + 1)]
        layers: list[nn.Module] = [nn.Conv2d(in_channels, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2)]
        for level in range(1, num_downsamples + 1):
            stride = 2 if level < num_downsamples else 1
            layers += [
                nn.Conv2d(widths[level - 1], widths[level], 4, stride=stride, padding=1, bias=norm == "none"),
                norm_layer(norm, widths[level]),
                nn.LeakyReLU(0.2),
            ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 4, padding=1))
        init_weights(self, init_std)
        if spectral_norm:
            apply_spectral_norm(self)

    def examine(self, x: Tensor) -> Verdict:
        """Scores a batch: (B, in_channels, H, W) → (B, 1, H / s - 2, W / s - 2), where s = 2**num_downsamples.

        The features are those after each LeakyReLU.
        """
        self.check_input(x)
        maps = chain(self.layers, x)
        features = [each for layer, each in zip(self.layers, maps, strict=True) if isinstance(layer, nn.LeakyReLU)]
        return Verdict(maps[-1], features)
