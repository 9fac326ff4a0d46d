"""The network that guesses a photo's mean colour from its gray."""

from typing import Self

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

from colorgan.errors import ColorganError
from colorgan.models.base import ImageNetwork, at_least


class ChromaNet(ImageNetwork):
    """Six small convolutions and a linear layer: from the gray photo to its mean colour, in [-1, 1].

    The published chrominance regressor: modules of a 3×3 convolution of stride 2, batch normalisation and LeakyReLU, a
    linear layer, and a sigmoid, here mapped from [0, 1] to [-1, 1]. At the published 128 px the linear layer sees 2×2
    places; photos of other sizes are averaged down to as many.

    Args:
        in_channels: channels of the input: 1, the gray.
        out_channels: colour channels whose means it guesses.
        width: hidden channels.
        halvings: how many modules there are.

    Example:
        >>> ChromaNet()(torch.zeros(5, 1, 128, 128)).shape
        torch.Size([5, 2])
    """

    def __init__(self, in_channels: int = 1, out_channels: int = 2, width: int = 3, halvings: int = 6) -> None:
        super().__init__(in_channels)
        self.out_channels = at_least(1, out_channels=out_channels)
        at_least(1, width=width)
        at_least(1, halvings=halvings)
        self.halve = nn.Sequential(
            *(
                nn.Sequential(
                    nn.Conv2d(in_channels if number == 0 else width, width, 3, stride=2, padding=1, bias=False),
                    nn.BatchNorm2d(width),
                    nn.LeakyReLU(0.2),
                )
                for number in range(halvings)
            )
        )
        self.last = nn.Linear(4 * width, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Guesses mean colours: (B, in_channels, H, W) in [-1, 1] → (B, out_channels) in [-1, 1]."""
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
        """Stays as in validation: its batch normalisation must not follow other photos."""
        super().train(mode)
        self.network.eval()
        return self

    @torch.no_grad()
    def forward(self, gray: Tensor) -> Tensor:
        """Guesses mean colours: (B, 1, H, W) in [-1, 1] → (B, C) in [-1, 1]."""
        mean: Tensor = self.network(gray)
        return mean


def load_regressor(network: ChromaNet, source: str) -> None:
    """Fills a network with the weights of a trained regressor.

    Args:
        network: is filled in place.
        source: a checkpoint of :class:`colorgan.training.regressor.ChromaRegressor`, or a pattern such as
            ``checkpoints/chroma/*/checkpoints/best.ckpt``, of whose files the newest is taken.

    Raises:
        CheckpointError: if there is no such file or it is damaged.
        ColorganError: if it is no checkpoint of a regressor of this size.
    """
    from colorgan.inference.checkpoint import read  # brings Lightning, which released models do without
    from colorgan.training.transfer import newest

    file = newest(source, "model.generator.regressor")
    state = {name.removeprefix("network."): tensor for name, tensor in read(file)["state_dict"].items()}
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        raise ColorganError(
            f"model.generator.regressor: {file} is no checkpoint of a ChromaRegressor of width "
            f"{network.last.in_features // 4} that guesses {network.out_channels} channels; "
            "give one that `colorgan chroma fit` wrote for this colour space"
        ) from error
