"""A discriminator at several scales."""

import functools
from collections.abc import Callable, Mapping
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from colorgan.models.base import check_at_least
from colorgan.models.color_spaces import ColorSpace
from colorgan.models.discriminators.base import Discriminator, Verdict
from colorgan.models.discriminators.building import build_discriminator
from colorgan.models.discriminators.patch_gan import PatchGAN
from colorgan.models.layers.blocks import Norm


class MultiScale(Discriminator):
    """Several discriminators of one kind: the first sees the photo, each further one half the size of the last.

    After pix2pixHD (Wang et al. 2018, https://arxiv.org/abs/1711.11585). The finer ones see details, the coarser ones
    whole objects. The scores of the coarser ones are repeated until they are as many as those of the finest, so that
    every scale has the same weight in the mean of the scores.

    Args:
        in_channels: gray (1) plus color (plus hint) channels; set by the model.
        discriminator: the discriminator at each scale, with its arguments.
        scales: number of scales.
        norm: normalization of the discriminators: batch, instance or none; null leaves it to their own arguments.
        spectral_norm: whether to apply spectral normalization to their weights; null leaves it to their own arguments.
        size: height and width of the training photos, for discriminators that are built for one size; null takes those
            of the data.
        color_space: color space of the model, for discriminators that need it; set by the model.

    Example:
        >>> from functools import partial
        >>> network = MultiScale(3, partial(PatchGAN, width=4, num_downsamples=2), scales=2)
        >>> network(torch.zeros(5, 3, 32, 48)).shape
        torch.Size([5, 2, 8, 12])
    """

    filled_in: ClassVar[tuple[str, ...]] = ("size", "color_space")
    parts: ClassVar[Mapping[str, type]] = {"color_space": ColorSpace}
    factories: ClassVar[Mapping[str, type]] = {"discriminator": Discriminator}

    def __init__(
        self,
        in_channels: int,
        discriminator: Callable[[int], Discriminator] = PatchGAN,
        scales: int = 2,
        norm: Norm | None = None,
        spectral_norm: bool | None = None,
        size: int | None = None,
        color_space: ColorSpace | None = None,
    ) -> None:
        super().__init__(in_channels)
        check_at_least(1, scales=scales)
        given = {"norm": norm, "spectral_norm": spectral_norm}
        discriminator = functools.partial(discriminator, **{k: v for k, v in given.items() if v is not None})
        self.networks = nn.ModuleList(
            build_discriminator(discriminator, in_channels, None if size is None else size // 2**scale, color_space)
            for scale in range(scales)
        )
        networks = self._discriminators()
        self.size_multiple = networks[0].size_multiple * 2 ** (scales - 1)
        self.min_size = networks[-1].min_size * 2 ** (scales - 1)
        self.frozen_parameters = sum(network.frozen_parameters for network in networks)

    def _discriminators(self) -> list[Discriminator]:
        return [network for network in self.networks if isinstance(network, Discriminator)]

    def load_frozen(self) -> None:
        """Loads the frozen weights of each discriminator."""
        for network in self._discriminators():
            network.load_frozen()

    def forward(self, x: Tensor) -> Tensor:
        """Scores a batch: (B, in_channels, H, W) → raw scores (B, scales * C, ...).

        Here (C, ...) is the shape of a photo's scores at full size.
        """
        return _join([network(each) for network, each in zip(self.networks, self._pyramid(x), strict=True)])

    def examine(self, x: Tensor) -> Verdict:
        """As :meth:`forward`, with the features of all discriminators."""
        pyramid = self._pyramid(x)
        verdicts = [network.examine(each) for network, each in zip(self._discriminators(), pyramid, strict=True)]
        features = [feature for verdict in verdicts for feature in verdict.features]
        return Verdict(_join([verdict.scores for verdict in verdicts]), features)

    def _pyramid(self, x: Tensor) -> list[Tensor]:
        """The photo at each scale, by averages of 2×2 pixels."""
        self.check_input(x)
        pyramid = [x]
        for _ in self.networks[1:]:
            pyramid.append(F.avg_pool2d(pyramid[-1], 2))
        return pyramid


def _join(scores: list[Tensor]) -> Tensor:
    """Concatenates scores along the second dimension, at the size of the first ones."""
    if scores[0].ndim == 2:
        return _join([each[:, None] for each in scores]).flatten(1)
    size = scores[0].shape[2:]
    same = [each if each.shape[2:] == size else F.interpolate(each, size, mode="nearest-exact") for each in scores]
    return torch.cat(same, dim=1)
