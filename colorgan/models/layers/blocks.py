"""Normalization, convolution blocks and weight initialization."""

import math
from typing import Literal, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from colorgan.errors import ColorganError
from colorgan.models.layers.upsampling import PixelShuffleConv2d

Norm = Literal["batch", "instance", "none"]
"""The normalization after a convolution: batch, instance (both with a learned scale and shift), or none. Convolutions
have a bias only without normalization, which would cancel it."""


class InstanceNorm2d(nn.InstanceNorm2d):
    """Instance normalization with a learned scale and shift that also accepts a single pixel.

    PyTorch's version raises an error there. A single pixel equals its mean, so only the shift remains.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, affine=True)

    def forward(self, input: Tensor) -> Tensor:
        """Normalizes each channel of each image."""
        cudnn = torch.backends.cudnn.enabled
        return torch.instance_norm(input, self.weight, self.bias, None, None, True, 0.0, self.eps, cudnn)


def norm_layer(norm: Norm, channels: int) -> nn.Module:
    """Builds a normalization layer for ``channels`` channels.

    Raises:
        ColorganError: for a name that is not a :data:`Norm`.
    """
    match norm:
        case "batch":
            return nn.BatchNorm2d(channels)
        case "instance":
            return InstanceNorm2d(channels)
        case "none":
            return nn.Identity()
    raise ColorganError(f"norm must be 'batch', 'instance' or 'none', received {norm!r}")


class ConvertedConv2d(nn.Conv2d):
    """A convolution that replaces another one, with which it shares the weights."""

    @classmethod
    def from_conv(cls, layer: nn.Conv2d) -> Self:
        """Converts a convolution."""
        with torch.device("meta"):  # without drawing initial weights
            converted = cls(
                layer.in_channels,
                layer.out_channels,
                layer.kernel_size,  # type: ignore[arg-type]
                stride=layer.stride,  # type: ignore[arg-type]
                padding=layer.padding,  # type: ignore[arg-type]
                dilation=layer.dilation,  # type: ignore[arg-type]
                groups=layer.groups,
                bias=layer.bias is not None,
            )
        converted.weight, converted.bias = layer.weight, layer.bias
        return converted


class SameConv2d(ConvertedConv2d):
    """TensorFlow's "same" convolution: (B, in, H, W) → (B, out, ⌈H/s⌉, ⌈W/s⌉), with odd padding right and below.

    It replaces timm's ``Conv2dSame`` in exported graphs. There, heights and widths are multiples of the stride, so the
    padding is a constant; timm would compute it from the dynamic size of each map.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Pads and convolves."""
        top, bottom = self._padding(input.shape[-2], 0)
        left, right = self._padding(input.shape[-1], 1)
        return super().forward(F.pad(input, (left, right, top, bottom)))

    def _padding(self, length: int, axis: int) -> tuple[int, int]:
        stride = self.stride[axis]
        last = stride if torch.compiler.is_exporting() else length % stride or stride
        padding = max(self.dilation[axis] * (self.kernel_size[axis] - 1) + 1 - last, 0)
        return padding // 2, padding - padding // 2


class DepthwiseConv2d(ConvertedConv2d):
    """A depthwise convolution, in float32 where its gradients in bfloat16 are slow.

    Under autocast on a CPU, torch 2.14 computes the gradient of a strided depthwise convolution's input up to
    40 times as slowly in bfloat16 as in float32, and that of any depthwise convolution's weight up to 6 times.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Convolves: (B, C, H, W) → (B, C, H / s, W / s)."""
        if not self._prefers_float32(input):
            return super().forward(input)
        with torch.autocast("cpu", enabled=False):
            return super().forward(input.float())

    def _prefers_float32(self, input: Tensor) -> bool:
        if input.device.type != "cpu" or not torch.is_autocast_enabled("cpu") or not torch.is_grad_enabled():
            return False
        return self.weight.requires_grad or (input.requires_grad and max(self.stride) > 1)


class SameDepthwiseConv2d(DepthwiseConv2d, SameConv2d):
    """A :class:`DepthwiseConv2d` that pads as :class:`SameConv2d` does."""


class ReflectConv2d(nn.Conv2d):
    """A 3×3 convolution with reflection padding: (B, in, H, W) → (B, out, H, W).

    A single row or column cannot be reflected and is replicated instead, so networks work down to their minimum size.
    """

    def __init__(self, in_channels: int, out_channels: int, *, bias: bool = True) -> None:
        super().__init__(in_channels, out_channels, 3, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """Pads by one pixel and convolves."""
        if torch.compiler.is_exporting():
            return super().forward(_pad_by_one(input))
        mode = "reflect" if min(input.shape[-2:]) > 1 else "replicate"
        return super().forward(F.pad(input, (1, 1, 1, 1), mode=mode))


def _pad_by_one(image: Tensor) -> Tensor:
    """The same padding for exported graphs of dynamic size, which cannot branch."""
    height, width = image.shape[-2:]
    offset = torch.sym_min(torch.sym_min(height, width) - 1, 1)
    for dim, length in ((-2, height), (-1, width)):
        before, after = image.narrow(dim, offset, 1), image.narrow(dim, length - 1 - offset, 1)
        image = torch.cat([before, image, after], dim)
    return image


class ConvBlock(nn.Sequential):
    """3×3 convolution with reflection padding, normalization, LeakyReLU(0.2): (B, in, H, W) → (B, out, H, W)."""

    def __init__(self, in_channels: int, out_channels: int, *, norm: Norm = "batch") -> None:
        super().__init__(
            ReflectConv2d(in_channels, out_channels, bias=norm == "none"),
            norm_layer(norm, out_channels),
            nn.LeakyReLU(0.2),
        )


class Downsample(nn.Sequential):
    """4×4 convolution of stride 2, normalization, LeakyReLU(0.2), 3×3 blocks: (B, in, H, W) → (B, out, H/2, W/2)."""

    def __init__(self, in_channels: int, out_channels: int, *, norm: Norm = "batch", blocks: int = 1) -> None:
        super().__init__(
            nn.Conv2d(in_channels, out_channels, 4, stride=2, padding=1, bias=norm == "none"),
            norm_layer(norm, out_channels),
            nn.LeakyReLU(0.2),
            *(ConvBlock(out_channels, out_channels, norm=norm) for _ in range(blocks)),
        )


class Clip(nn.Module):
    """Clips to [-1, 1] with a straight-through gradient, so that values outside the range keep learning."""

    def forward(self, input: Tensor) -> Tensor:
        """Clips each value."""
        return input + (input.clamp(-1, 1) - input).detach()


def output_activation(tanh: bool) -> nn.Module:
    """Builds the output activation of a network, into [-1, 1]: tanh, or :class:`Clip`."""
    return nn.Tanh() if tanh else Clip()


def init_weights(network: nn.Module, std: float | None) -> None:
    """Initializes weights as in DCGAN and pix2pix: N(0, std), normalization scales N(1, std), biases 0.

    Pixel-shuffle layers are initialized with ICNR.

    Args:
        network: the network, changed in place.
        std: the standard deviation (pix2pix: 0.02), or None to keep PyTorch's defaults.

    Raises:
        ColorganError: if ``std`` is negative or not finite.
    """
    if std is None:
        return
    if not (math.isfinite(std) and std >= 0):
        raise ColorganError(f"init_std must be a finite number of at least 0, or null, received {std}")
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, std)
        elif isinstance(module, nn.BatchNorm2d | nn.InstanceNorm2d) and module.affine:
            nn.init.normal_(module.weight, 1.0, std)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    for module in network.modules():
        if isinstance(module, PixelShuffleConv2d):
            module.icnr_()


def apply_spectral_norm(network: nn.Module) -> None:
    """Normalizes every weight matrix to a largest singular value of 1 (Miyato et al. 2018).

    Call it last, after the weights are initialized.
    """
    for module in list(network.modules()):
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            parametrizations.spectral_norm(module)
