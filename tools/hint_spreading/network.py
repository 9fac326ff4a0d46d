"""The network that tells how far the color of a hint spreads."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SIZE_MULTIPLE = 16
_WIDTHS = (24, 40, 64, 96)
_SIMILARITY_CHANNELS = 24


class SpreadingNet(nn.Module):
    """A small U-Net that compares every place with the mark.

    At each level, the mean feature under the mark is compared with the feature of each pixel, and their cosine joins
    the decoder: a brightness, a texture or an object that is like the one marked is found wherever it is.

    Pixels are unshuffled: the first level has half the height and width, which saves most of the time.
    """

    def __init__(self) -> None:
        super().__init__()
        channels = [4 * 4, *_WIDTHS]
        below = [*_WIDTHS[1:], 0]
        self.encoder = nn.ModuleList(_Block(*pair) for pair in zip(channels[:-1], _WIDTHS, strict=True))
        self.similarity = nn.ModuleList(nn.Conv2d(width, _SIMILARITY_CHANNELS, 1) for width in _WIDTHS)
        self.decoder = nn.ModuleList(
            _Block(width + 1 + extra, width) for width, extra in zip(_WIDTHS, below, strict=True)
        )
        self.head = nn.Conv2d(_WIDTHS[0], 4, 1)

    def forward(self, lightness: Tensor, mark: Tensor, distance: Tensor) -> Tensor:
        """Tells for each pixel whether it belongs to the region that the mark lies in.

        Args:
            lightness: (B, 1, H, W) in [0, 1]; height and width are multiples of 16.
            mark: (B, 1, H, W), 1 in the mark and 0 elsewhere.
            distance: (B, 1, H, W), distance to the mark in units of the photo's shorter side.

        Returns:
            Logits, (B, 1, H, W).
        """
        contrast = 3 * (lightness - _mean_under(lightness, mark))
        x = torch.cat([2 * lightness - 1, contrast, mark, torch.log(distance + 0.05) / 2], dim=1)
        x, mark = F.pixel_unshuffle(x, 2), F.avg_pool2d(mark, 2)
        levels = []
        for number, block in enumerate(self.encoder):
            if number:
                x, mark = F.avg_pool2d(x, 2), F.avg_pool2d(mark, 2)
            x = block(x)
            levels.append((x, mark))
        up = None
        for (x, mark), project, block in reversed(list(zip(levels, self.similarity, self.decoder, strict=True))):
            feature = F.normalize(project(x), dim=1)
            cosine = (feature * F.normalize(_mean_under(feature, mark), dim=1)).sum(dim=1, keepdim=True)
            parts = [x, 3 * cosine] if up is None else [x, 3 * cosine, F.interpolate(up, scale_factor=2)]
            up = block(torch.cat(parts, dim=1))
        return F.pixel_shuffle(self.head(up), 2)


class _Block(nn.Module):
    """Two convolutions, the second with a shortcut."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.first = _convolution(in_channels, out_channels)
        self.second = _convolution(out_channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        return x + self.second(x)


def _convolution(in_channels: int, out_channels: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU()
    )


def _mean_under(features: Tensor, mark: Tensor) -> Tensor:
    return (features * mark).sum(dim=(2, 3), keepdim=True) / mark.sum(dim=(2, 3), keepdim=True).clamp_min(1e-6)
