"""The discriminator of the published flowers system that gives one score per photo."""

from torch import Tensor, nn

from colorgan.models.base import check_at_least
from colorgan.models.discriminators.base import Verdict
from colorgan.models.discriminators.fixed_size import FixedSizeDiscriminator
from colorgan.models.discriminators.patch_gan import PatchGAN
from colorgan.models.layers.blocks import Norm, apply_spectral_norm, init_weights
from colorgan.models.layers.chain import chain


class ConvLinear(FixedSizeDiscriminator):
    """A :class:`PatchGAN` followed by two linear layers that reduce its patch scores to one score per photo.

    The linear layers fix the image size. At 128 px it has 6,119,810 parameters for gray and RGB in, 6,119,234 for gray
    and two color channels.

    Args:
        in_channels: gray (1) plus color (plus hint) channels; set by the model.
        size: height and width of the images, a multiple of 2**num_downsamples; null takes the size of the training
            photos.
        width: channels at full resolution, doubled at each downsampling step.
        num_downsamples: number of downsampling steps before the linear layers.
        hidden: features between the two linear layers.
        norm: normalization after each convolution: batch, instance or none (for a gradient penalty: instance or none).
        spectral_norm: whether to apply spectral normalization to every weight.
        init_std: standard deviation of normally distributed initial weights; null keeps PyTorch's defaults.

    Example:
        >>> import torch
        >>> ConvLinear(4, size=32, width=4)(torch.zeros(5, 4, 32, 32)).shape
        torch.Size([5, 1])
    """

    def __init__(
        self,
        in_channels: int,
        size: int | None = None,
        width: int = 64,
        num_downsamples: int = 3,
        hidden: int = 1024,
        norm: Norm = "batch",
        spectral_norm: bool = False,
        init_std: float | None = None,
    ) -> None:
        check_at_least(1, hidden=hidden)
        check_at_least(1, num_downsamples=num_downsamples)
        super().__init__(in_channels, size, num_downsamples)
        patches = PatchGAN(in_channels, width=width, num_downsamples=num_downsamples, norm=norm)
        num_patches = (self.size // 2**num_downsamples) ** 2
        self.layers = nn.Sequential(
            patches, nn.Flatten(), nn.Linear(num_patches, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, 1)
        )
        init_weights(self, init_std)
        if spectral_norm:
            apply_spectral_norm(self)

    def examine(self, x: Tensor) -> Verdict:
        """Scores a batch: (B, in_channels, size, size) → raw scores (B, 1).

        The features are those of the :class:`PatchGAN` and of the hidden layer, (B, hidden).
        """
        self.check_input(x)
        patches, *linear = self.layers
        assert isinstance(patches, PatchGAN)
        patch_scores, features = patches.examine(x)
        _, _, hidden, scores = chain(linear, patch_scores)
        return Verdict(scores, [*features, hidden])
