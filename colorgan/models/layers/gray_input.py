"""The input layer of encoders that were pretrained on color photos, adapted to gray and hints."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from colorgan.errors import ColorganError


class GrayInput(nn.Module):
    """The first convolution of an encoder, adapted from normalized RGB photos to gray and hints.

    Args:
        conv: the convolution, which keeps its weights.
        hint_channels: number of hint channels. A new convolution of the same shape processes them, and its output is
            added.
        mean: mean of the encoder's normalization, per RGB channel in [0, 1].
        std: standard deviation of the encoder's normalization.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, conv: nn.Conv2d, hint_channels: int, mean: Sequence[float], std: Sequence[float]) -> None:
        super().__init__()
        self.photo = conv
        self.hints: nn.Conv2d | None = None
        if hint_channels:
            conv_type: Any = type(conv)  # a subclass may have its own padding
            self.hints = conv_type(
                hint_channels,
                conv.out_channels,
                conv.kernel_size,
                stride=conv.stride,
                padding=conv.padding,
                dilation=conv.dilation,
                bias=False,
            )
        self.register_buffer("mean", torch.tensor(mean).reshape(3, 1, 1))
        self.register_buffer("std", torch.tensor(std).reshape(3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Convolves a batch (B, 1 + hint_channels, H, W) with gray in [-1, 1]."""
        gray = (x[:, :1] + 1) / 2
        features: Tensor = self.photo((gray - self.mean) / self.std)
        return features if self.hints is None else features + self.hints(x[:, 1:])


def replace_input_layer(encoder: Any, hint_channels: int) -> GrayInput:
    """Replaces the first convolution of a timm encoder by a :class:`GrayInput`, and returns it.

    Raises:
        ColorganError: if that convolution does not take the three channels of a photo.
    """
    name, conv = next((name, module) for name, module in encoder.named_modules() if isinstance(module, nn.Conv2d))
    if conv.in_channels != 3 or conv.groups != 1:
        raise ColorganError(
            f"the first convolution of the encoder has {conv.in_channels} input channels instead of three, so it "
            "cannot be adapted to gray: choose another, such as a ResNet, ConvNeXt or EfficientNet"
        )
    config = encoder.pretrained_cfg
    gray_input = GrayInput(conv, hint_channels, config["mean"], config["std"])
    encoder.set_submodule(name, gray_input)
    return gray_input
