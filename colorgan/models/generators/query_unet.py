"""A U-Net with a pretrained encoder and learned color queries."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from colorgan.errors import ColorganError
from colorgan.models.base import check_at_least
from colorgan.models.generators.encoder_unet import EncoderUNet
from colorgan.models.layers.blocks import Norm
from colorgan.models.layers.color_queries import ColorQueries

_SCALES = 3
_HEADS = 4


class QueryUNet(EncoderUNet):
    """An :class:`EncoderUNet` whose last layer depends on the photo, through learned color queries.

    This is the idea of DDColor (Kang et al. 2023, https://arxiv.org/abs/2212.11613), small. The queries attend to the
    three coarsest feature maps of the encoder, so each can look for its color anywhere in the photo. Each is then
    multiplied into the last map of the expanding path, which gives a map of where its color belongs. The output is a
    linear function of these maps and of the expanding path's own. DDColor has 100 queries over ConvNeXt-L, and the
    queries attend to its decoder.

    Args:
        in_channels: gray (1) plus hint channels, the last of which is the mask; set by the model.
        out_channels: color channels; set by the model.
        encoder: see :class:`EncoderUNet`.
        weights: see :class:`EncoderUNet`.
        width: see :class:`EncoderUNet`.
        depth: see :class:`EncoderUNet`.
        norm: see :class:`EncoderUNet`.
        blur: see :class:`EncoderUNet`.
        attention: see :class:`EncoderUNet`.
        output_stride: see :class:`EncoderUNet`.
        queries: number of color queries.
        query_width: channels of a query, a multiple of 4.

    Raises:
        ColorganError: as for :class:`EncoderUNet`, and for a query_width that is no multiple of 4.

    Example:
        >>> QueryUNet(1, 2, encoder="resnet18", width=8, output_stride=2)(torch.zeros(1, 1, 32, 64)).shape
        torch.Size([1, 2, 16, 32])
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
        output_stride: int = 1,
        queries: int = 20,
        query_width: int = 64,
    ) -> None:
        super().__init__(
            in_channels, out_channels, encoder, weights, width, depth, norm, blur, attention, output_stride
        )
        check_at_least(1, queries=queries)
        if check_at_least(1, query_width=query_width) % _HEADS:
            raise ColorganError(f"query_width must be a multiple of {_HEADS}, received {query_width}")
        channels = self.last.in_channels
        scales = self._encoder_channels[::-1][:_SCALES]
        self.queries = ColorQueries(scales, channels, queries=queries, width=query_width, heads=_HEADS)
        self.last = nn.Conv2d(channels + queries, out_channels, 1)

    def _last_features(self, features: Tensor, maps: Sequence[Tensor]) -> Tensor:
        directions = self.queries(maps[::-1][:_SCALES])
        belonging = torch.einsum("bqc,bchw->bqhw", directions, features)
        return torch.cat([features, belonging], dim=1)
