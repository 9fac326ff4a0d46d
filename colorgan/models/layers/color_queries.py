"""Learned color queries: vectors that look for their color in a photo, and say where it belongs."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ColorQueries(nn.Module):
    """Color queries that attend to feature maps of several scales (after Kang et al. 2023, DDColor).

    For each scale, every query gathers what it needs from the map (cross-attention), exchanges it with the other
    queries (self-attention) and works on it (a perceptron of two layers). What it holds at the end is a direction in
    the space of another feature map, onto which each pixel is projected.

    The paper has 100 queries of 256 channels, and nine blocks; and the positions of pixels are encoded, which here are
    only known from the features.

    Args:
        channels: channels of the feature maps, from coarse to fine.
        out_channels: channels of the map that the queries are multiplied with.
        queries: number of queries.
        width: channels of a query, a multiple of ``heads``.
        heads: attention heads.

    Example:
        >>> layer = ColorQueries([8, 4], 6, queries=5, width=16)
        >>> layer([torch.zeros(2, 8, 2, 3), torch.zeros(2, 4, 4, 6)]).shape
        torch.Size([2, 5, 6])
    """

    def __init__(
        self, channels: Sequence[int], out_channels: int, *, queries: int = 20, width: int = 64, heads: int = 4
    ) -> None:
        super().__init__()
        self.queries = nn.Parameter(torch.randn(queries, width) * 0.5)
        self.project = nn.ModuleList(nn.Conv2d(count, width, 1) for count in channels)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in channels)
        self.blocks = nn.ModuleList(_QueryBlock(width, heads) for _ in channels)
        perceptron = nn.Linear(width, width), nn.ReLU(), nn.Linear(width, out_channels)
        self.out = nn.Sequential(nn.LayerNorm(width), *perceptron)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Feature maps, each (B, C, H, W) → directions (B, queries, out_channels)."""
        queries = self.queries.expand(maps[0].shape[0], -1, -1)
        for features, project, norm, block in zip(maps, self.project, self.norms, self.blocks, strict=True):
            queries = block(queries, norm(project(features).flatten(2).transpose(1, 2)))
        directions: Tensor = self.out(queries)
        return directions


class _QueryBlock(nn.Module):
    """Cross-attention, self-attention and a perceptron, each normalized before and added to its input."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.cross, self.own = _Attention(width, heads), _Attention(width, heads)
        self.perceptron = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))

    def forward(self, queries: Tensor, pixels: Tensor) -> Tensor:
        """(B, N, width) and (B, M, width) → (B, N, width)."""
        queries = queries + self.cross(self.norms[0](queries), pixels)
        normalized = self.norms[1](queries)
        queries = queries + self.own(normalized, normalized)
        updated: Tensor = queries + self.perceptron(self.norms[2](queries))
        return updated


class _Attention(nn.Module):
    """Attention of several heads: (B, N, width) and (B, M, width) → (B, N, width)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.value, self.out = (nn.Linear(width, width) for _ in range(3))
        self.key = nn.Linear(width, width, bias=False)  # which would move all scores alike

    def forward(self, x: Tensor, source: Tensor) -> Tensor:
        """What each of ``x`` finds in ``source``."""
        query, key, value = (
            layer(inputs).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for layer, inputs in ((self.query, x), (self.key, source), (self.value, source))
        )
        found: Tensor = self.out(F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))
        return found
