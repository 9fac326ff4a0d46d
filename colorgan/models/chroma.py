"""The network that guesses a photo's mean color from its gray."""

from pathlib import Path
from typing import Self

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from colorgan.errors import ColorganError
from colorgan.files import check_digest, newest_file
from colorgan.models.base import ImageNetwork, check_at_least
from colorgan.models.weight_files import read_tensors


class ChromaNet(ImageNetwork):
    """Six small convolutions and a linear layer: from the gray photo to its mean color, in [-1, 1].

    The published chrominance regressor: modules of a 3×3 convolution of stride 2, batch normalization and LeakyReLU, a
    linear layer, and a sigmoid, here mapped from [0, 1] to [-1, 1]. At the published 128 px the linear layer sees 2×2
    places; photos of other sizes are averaged down to as many.

    Args:
        in_channels: channels of the input: 1, the gray.
        out_channels: color channels whose means it guesses.
        width: hidden channels.
        num_downsamples: how many modules there are.

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
                    nn.Conv2d(in_channels if number == 0 else width, width, 3, stride=2, padding=1, bias=False),
                    nn.BatchNorm2d(width),
                    nn.LeakyReLU(0.2),
                )
                for number in range(num_downsamples)
            )
        )
        self.last = nn.Linear(4 * width, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Guesses mean colors: (B, in_channels, H, W) in [-1, 1] → (B, out_channels) in [-1, 1]."""
        self.check_input(x)
        maps = self.halve(x)
        places = _quarters(maps) if torch.compiler.is_exporting() else adaptive_avg_pool2d(maps, 2)
        return 2 * torch.sigmoid(self.last(places.flatten(1))) - 1


def _quarters(maps: Tensor) -> Tensor:
    """``adaptive_avg_pool2d(maps, 2)`` in an exported graph, which does not know the size: where odd, they overlap."""
    height, width = maps.shape[-2:]
    rows = maps[..., : (height + 1) // 2, :], maps[..., height // 2 :, :]
    places = [part.mean((-2, -1)) for row in rows for part in (row[..., : (width + 1) // 2], row[..., width // 2 :])]
    return torch.stack(places, dim=-1).reshape(*maps.shape[:2], 2, 2)


class FrozenChromaNet(nn.Module):
    """A regressor that is done learning: a part of another network that no training changes.

    Its weights are in the other network's checkpoints, which need its own no more.

    Args:
        network: the regressor.
    """

    def __init__(self, network: ChromaNet) -> None:
        super().__init__()
        self.network = network.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Self:
        """Stays as in validation: its batch normalization must not follow other photos."""
        super().train(mode)
        self.network.eval()
        return self

    @torch.no_grad()
    def forward(self, gray: Tensor) -> Tensor:
        """Guesses mean colors: (B, 1, H, W) in [-1, 1] → (B, C) in [-1, 1]."""
        mean: Tensor = self.network(gray)
        return mean


def load_regressor(network: ChromaNet, source: str) -> None:
    """Fills a network with the weights of a trained regressor.

    Args:
        network: is filled in place.
        source: a checkpoint of :class:`colorgan.training.ChromaRegressor`, or a pattern such as
            ``checkpoints/chroma/*/checkpoints/best.ckpt``, of whose files the newest is taken.

    Raises:
        CheckpointError: if there is no such file or it is damaged.
        ColorganError: if it is no checkpoint of a regressor of this size.
    """
    file = Path(newest_file(source, "model.generator.regressor"))
    check_digest(file)
    state = {name.removeprefix("network."): tensor for name, tensor in read_tensors(file).items()}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ColorganError(
            f"model.generator.regressor: {file} is no checkpoint of a ChromaRegressor of width "
            f"{network.last.in_features // 4} that guesses {network.out_channels} channels; "
            "give one that `colorgan chroma fit` wrote for this color space"
        ) from error
