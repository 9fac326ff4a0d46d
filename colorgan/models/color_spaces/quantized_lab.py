"""CIE Lab whose colors are classified: a network predicts how probable each bin of the a*b* plane is."""

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from colorgan.errors import ColorganError
from colorgan.models.color_spaces.ab_bins import ab_bins
from colorgan.models.color_spaces.base import check_image, disable_autocast
from colorgan.models.color_spaces.lab import Lab

MIN_GRID, MAX_GRID = 5, 40


class QuantizedLab(Lab):
    """CIE Lab for networks that classify color ("Colorful Image Colorization", Zhang et al. 2016).

    A network predicts a score of each bin of the a*b* plane that holds colors of sRGB. Train it with the loss
    :class:`~colorgan.models.CrossEntropy`. Where several colors are possible, regression predicts their mean, which is
    grayish; probabilities keep them apart. Their annealed mean is the color: the mean after the probabilities are
    raised to the power of 1 / ``temperature`` and normalized again. At 1 it is the mean of the distribution, and toward
    0 its mode.

    Targets, hints, discriminators and photos see a and b as in :class:`Lab`. So the discriminators and hints of that
    space work in this one.

    With ``grid=10`` there are 261 bins, the number of squares that any 8-bit color falls into. The paper's list has
    313, so its published weights do not fit.

    Args:
        grid: side length of the bins, in units of a and b.
        temperature: temperature of the annealed mean, in (0, 1]; the paper's is 0.38.
        smoothing: standard deviation, in units of a and b, of the weights of the ``neighbors`` bins among which a
            target is divided; the paper's is 5.
        neighbors: number of nearest bins among which a target is divided; the paper's is 5.
        ab_scale: divisor of a and b, as in :class:`Lab`.

    Raises:
        ColorganError: for arguments out of range.

    Example:
        >>> space = QuantizedLab()
        >>> space.channels, space.output_channels
        (2, 261)
        >>> gray, color = space.split(torch.tensor([0.9, 0.1, 0.1]).view(1, 3, 1, 1))
        >>> index, weight = space.encode(color)
        >>> round(weight.sum().item(), 4), space.centers[index[0, 0, 0, 0]].tolist()
        (1.0, [70.0, 50.0])
    """

    predicts_scores = True

    def __init__(
        self,
        grid: int = 10,
        temperature: float = 0.38,
        smoothing: float = 5.0,
        neighbors: int = 5,
        ab_scale: float = 110.0,
    ) -> None:
        super().__init__(ab_scale)
        if isinstance(grid, bool) or not isinstance(grid, int) or not MIN_GRID <= grid <= MAX_GRID:
            raise ColorganError(
                f"QuantizedLab: grid must be an integer from {MIN_GRID} to {MAX_GRID}, received {grid!r}"
            )
        if not 0 < temperature <= 1:
            raise ColorganError(f"QuantizedLab: temperature must be above 0 and at most 1, received {temperature!r}")
        if not (math.isfinite(smoothing) and smoothing > 0):
            raise ColorganError(f"QuantizedLab: smoothing must be a positive number such as 5, received {smoothing!r}")
        if isinstance(neighbors, bool) or not isinstance(neighbors, int) or not 1 <= neighbors <= 5:
            raise ColorganError(f"QuantizedLab: neighbors must be an integer from 1 to 5, received {neighbors!r}")
        self.bins = ab_bins(grid)
        self.temperature = temperature
        self.smoothing = smoothing
        self.neighbors = neighbors

    @property
    def centers(self) -> Tensor:
        """a* and b* of the bins' centers, float32 (output_channels, 2), on the CPU."""
        return torch.tensor(self.bins.centers, device="cpu")

    @property
    def output_channels(self) -> int:
        """The number of bins."""
        return len(self.bins)

    def probabilities(self, output: Tensor) -> Tensor:
        """The probability of each bin: scores (B, output_channels, H, W) → float32 of the same shape."""
        output = check_image(output, self.output_channels, "output")
        with disable_autocast(output):
            return output.softmax(dim=1)

    def uncertainty(self, output: Tensor) -> Tensor:
        """How unsure the network is of the color.

        Args:
            output: scores, (B, output_channels, H, W).

        Returns:
            The entropy of the probabilities as a fraction of the largest possible, float32 (B, 1, H, W): 0 if a single
            bin is certain, 1 if all are equally probable.
        """
        output = check_image(output, self.output_channels, "output")
        with disable_autocast(output):
            logs = output.log_softmax(dim=1)
            return -(logs.exp() * logs).sum(dim=1, keepdim=True) / math.log(self.output_channels)

    def decode(self, output: Tensor) -> Tensor:
        """The annealed mean of the bins: scores (B, output_channels, H, W) → a and b (B, 2, H, W), scaled."""
        output = check_image(output, self.output_channels, "output")
        with disable_autocast(output):
            sharpened = (output / self.temperature).softmax(dim=1)
            centers = (self.centers / self.ab_scale).to(output)
            return F.conv2d(sharpened, centers.T[..., None, None])

    def encode(self, color: Tensor) -> tuple[Tensor, Tensor]:
        """Divides colors among the nearest bins, with weights that fall with the distance like a normal distribution.

        Args:
            color: (B, 2, H, W) in [-1, 1].

        Returns:
            The indices of the bins, int64 (B, neighbors, H, W), and their weights, float32 of the same shape, which sum
            to 1.
        """
        color = check_image(color, self.channels, "color")
        batch, _, height, width = color.shape
        ab = color.permute(0, 2, 3, 1).reshape(-1, 2).float() * self.ab_scale
        index, distance = self.bins.nearest(ab, self.neighbors)
        nearest = distance[:, :1]  # the smallest, without which all weights of colors outside the gamut could vanish
        weight = ((nearest - distance) / (2 * self.smoothing**2)).exp()
        weight = weight / weight.sum(1, keepdim=True)
        shape = batch, height, width, self.neighbors
        return index.reshape(shape).permute(0, 3, 1, 2), weight.reshape(shape).permute(0, 3, 1, 2)
