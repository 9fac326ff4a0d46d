"""A generator."""

from torch import Tensor, nn

from colorgan.models import Generator


class DilatedNet(Generator):
    """Convolutions whose dilation doubles, so that a few of them see far (Yu and Koltun, arXiv 1511.07122).

    Args:
        in_channels: gray (1) plus hint channels; set by the model.
        out_channels: color channels of the color space; set by the model.
        width: channels between the layers.
        layers: number of dilated layers.
    """

    def __init__(self, in_channels: int, out_channels: int, width: int = 32, layers: int = 4) -> None:
        super().__init__(in_channels, out_channels)
        widths = [in_channels, *[width] * layers]
        self.body = nn.Sequential(
            *(
                nn.Sequential(nn.Conv2d(one, width, 3, padding=2**level, dilation=2**level), nn.ReLU())
                for level, one in enumerate(widths[:-1])
            )
        )
        self.last = nn.Conv2d(width, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, H, W) in [-1, 1] to (B, out_channels, H, W) in [-1, 1]."""
        self.check_input(x)
        return self.activate(self.last(self.body(x)))
