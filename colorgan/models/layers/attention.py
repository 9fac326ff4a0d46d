"""Self-attention over the positions of a feature map."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Self-attention over all positions of a feature map: (B, C, H, W) → (B, C, H, W).

    After "Self-Attention Generative Adversarial Networks" (Zhang et al. 2019): 1×1 convolutions compute queries and
    keys with an eighth of the channels, and the result is added to the input with a learned weight that starts at zero.
    The cost grows with (H W)², so use it on small maps.

    Args:
        channels: channels of the feature map.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        key_channels = max(channels // 8, 1)
        self.query = nn.Conv2d(channels, key_channels, 1, bias=False)
        self.key = nn.Conv2d(channels, key_channels, 1, bias=False)
        self.value = nn.Conv2d(channels, channels, 1, bias=False)
        self.weight = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Adds the weighted attention to the input."""
        query, key, value = (layer(x).flatten(2).transpose(1, 2) for layer in (self.query, self.key, self.value))
        if torch.compiler.is_exporting():  # ONNX requires a dimension for heads: there is one
            attended = F.scaled_dot_product_attention(query[:, None], key[:, None], value[:, None])[:, 0]
        else:
            attended = F.scaled_dot_product_attention(query, key, value)
        return x + self.weight * attended.transpose(1, 2).reshape(x.shape)
