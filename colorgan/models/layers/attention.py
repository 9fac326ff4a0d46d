"""Self-attention between the places of a feature map."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Lets every place of a feature map look at every other: (B, C, H, W) → (B, C, H, W).

    "Self-Attention Generative Adversarial Networks" (Zhang et al. 2019): 1×1 convolutions give queries and keys of an
    eighth of the channels; what is gathered is added, weighted by a number that begins at zero. The cost grows with
    (H W)², so it belongs on small maps.

    Args:
        channels: channels of the feature map.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        narrow = max(channels // 8, 1)
        self.query = nn.Conv2d(channels, narrow, 1, bias=False)
        self.key = nn.Conv2d(channels, narrow, 1, bias=False)
        self.value = nn.Conv2d(channels, channels, 1, bias=False)
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Adds to every place what it gathers from all places."""
        query, key, value = (layer(x).flatten(2).transpose(1, 2) for layer in (self.query, self.key, self.value))
        if torch.compiler.is_exporting():  # ONNX knows attention of several heads: this is one
            gathered = F.scaled_dot_product_attention(query[:, None], key[:, None], value[:, None])[:, 0]
        else:
            gathered = F.scaled_dot_product_attention(query, key, value)
        return x + self.weight * gathered.transpose(1, 2).reshape(x.shape)
