"""The network that predicts a photo's mean color from its gray."""

from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from colorgan.errors import ColorganError
from colorgan.files import newest_file
from colorgan.models.base import ImageNetwork, check_at_least
from colorgan.models.color_spaces.base import disable_autocast
from colorgan.models.weight_files import read_tensors


class ChromaNet(ImageNetwork):
    """The published chrominance regressor: predicts the mean color of a photo, in [-1, 1], from its gray.

    It consists of six 3×3 convolutions of stride 2, each with batch normalization and LeakyReLU, a linear layer, and a
    sigmoid, here mapped from [0, 1] to [-1, 1]. At the published 128 px the last feature map has 2×2 pixels; maps of
    other sizes are average-pooled to 2×2.

    Args:
        in_channels: input channels: 1, the gray.
        out_channels: number of color channels.
        width: hidden channels.
        num_downsamples: number of convolutions.

    Example:
        >>> ChromaNet()(torch.zeros(5, 1, 128, 128)).shape
        torch.Size([5, 2])
    """

    def __init__(self, in_channels: int = 1, out_channels: int = 2, width: int = 3, num_downsamples: int = 6) -> None:
        super().__init__(in_channels)
        self.out_channels = check_at_least(1, out_channels=out_channels)
        check_at_least(1, width=width)
        check_at_least(1, num_downsamples=num_downsamples)
        self.halve = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(in_channels if index == 0 else width, width, 3, stride=2, padding=1, bias=False),
                    nn.BatchNorm2d(width),
                    nn.LeakyReLU(0.2),
                )
                for index in range(num_downsamples)
            )
        )
        self.last = nn.Linear(4 * width, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Predicts mean colors: (B, in_channels, H, W) in [-1, 1] → (B, out_channels) in [-1, 1]."""
        self.check_input(x)
        # bfloat16 gains nothing in so small a network, and for maps of one pixel, torch 2.14 on a CPU computes the
        # gradient of a strided convolution's weight from uninitialized memory
        with disable_autocast(x):
            maps = self.halve(x.to(self.last.weight.dtype))
            pooled = _pool_to_2x2(maps) if torch.compiler.is_exporting() else adaptive_avg_pool2d(maps, 2)
            return 2 * torch.sigmoid(self.last(pooled.flatten(1))) - 1


def _pool_to_2x2(maps: Tensor) -> Tensor:
    """``adaptive_avg_pool2d(maps, 2)`` for exported graphs of dynamic size; the quarters of an odd size overlap."""
    height, width = maps.shape[-2:]
    rows = maps[..., : (height + 1) // 2, :], maps[..., height // 2 :, :]
    means = [part.mean((-2, -1)) for row in rows for part in (row[..., : (width + 1) // 2], row[..., width // 2 :])]
    return torch.stack(means, dim=-1).reshape(*maps.shape[:2], 2, 2)


class FrozenChromaNet(nn.Module):
    """A trained regressor inside another network: training does not change it.

    Its weights are saved in the checkpoints of the other network.

    Args:
        network: the regressor.
    """

    def __init__(self, network: ChromaNet) -> None:
        super().__init__()
        self.network = network.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Self:
        """Keeps the regressor in eval mode, so that its batch statistics stay fixed."""
        super().train(mode)
        self.network.eval()
        return self

    @torch.no_grad()
    def forward(self, gray: Tensor) -> Tensor:
        """Predicts mean colors: (B, 1, H, W) in [-1, 1] → (B, C) in [-1, 1]."""
        mean: Tensor = self.network(gray)
        return mean


def load_regressor(network: ChromaNet, source: str) -> None:
    """Loads the weights of a trained regressor.

    Args:
        network: the network to load them into.
        source: a checkpoint of a ``ChromaRegressor``, or a pattern such as
            ``checkpoints/chroma/*/checkpoints/best.ckpt``, which selects the newest matching file.

    Raises:
        CheckpointError: if the file is missing or damaged.
        ColorganError: if it is not a checkpoint of a regressor of the same size.
    """
    file = Path(newest_file(source, "model.generator.regressor"))
    state = {name.removeprefix("network."): tensor for name, tensor in read_tensors(file).items()}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ColorganError(
            f"model.generator.regressor: {file} is not a checkpoint of a ChromaRegressor of width "
            f"{network.last.in_features // 4} that predicts {network.out_channels} channels; "
            "use one that `colorgan chroma fit` wrote for this color space"
        ) from error
