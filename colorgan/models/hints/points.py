"""Point hints: square patches at random positions, with the mean color of the photo there."""

import math
from typing import Literal

import torch
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.color_spaces import ColorSpace
from colorgan.models.hints.base import Hints
from colorgan.models.hints.patches import Points, rasterize_points, reveal_all
from colorgan.models.hints.sampling import (
    WORD_RANGE,
    WORDS_PER_NORMAL,
    normal_below,
    uniform_below,
    word_threshold,
    words_from_index,
)

Placement = Literal["uniform", "centered", "grid"]
"""The distribution of patches over a photo; see :class:`PointHints`."""


class PointHints(Hints):
    """Square patches with the photo's mean color there. Their number is uniformly distributed.

    Patches are sampled on the device, independently for each photo. Where patches overlap, the last one counts. The
    defaults are colorgan's own. For iColoriT (Yun et al. 2023) use ``max_points=128, patch_sizes=[2, 2],
    placement="grid", p_none=0``; for Zhang et al. 2017, :class:`GeometricPointHints`.

    Args:
        max_points: maximum number of patches.
        min_points: minimum number of patches.
        patch_sizes: minimum and maximum side length of a patch in pixels.
        placement: distribution of the patches: uniform over the photo; centered, normal around the center with a
            standard deviation of a quarter of the photo (Zhang et al. 2017); or grid, uniform over a grid of cells of
            the patch's size (iColoriT).
        p_none: probability that a photo gets no patch, in addition to those whose number is 0. Some photos must come
            without hints, so that the model works without them.
        p_full: probability that the color of a photo is revealed everywhere, among the other photos.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> PointHints().sample(torch.rand(4, 2, 32, 32)).shape
        torch.Size([4, 3, 32, 32])
    """

    def __init__(
        self,
        max_points: int = 100,
        min_points: int = 0,
        patch_sizes: tuple[int, int] = (1, 9),
        placement: Placement = "uniform",
        p_none: float = 0.1,
        p_full: float = 0.0,
    ) -> None:
        if not 0 <= min_points <= max_points:
            raise ColorganError(
                f"PointHints needs 0 <= min_points <= max_points, received min_points={min_points!r} and "
                f"max_points={max_points!r}"
            )
        self.max_points = max_points
        self.min_points = min_points
        self._set_options(patch_sizes, placement, p_none, p_full, always_hinted=min_points > 0)

    def _set_options(
        self, patch_sizes: tuple[int, int], placement: Placement, p_none: float, p_full: float, always_hinted: bool
    ) -> None:
        """Checks and stores the options that do not depend on the distribution of the number of patches.

        Args:
            patch_sizes: see the class.
            placement: see the class.
            p_none: see the class.
            p_full: see the class.
            always_hinted: whether the number of patches is never 0.
        """
        name = type(self).__name__
        if len(patch_sizes) != 2 or not 1 <= patch_sizes[0] <= patch_sizes[1]:
            raise ColorganError(
                f"{name}: patch_sizes must be a minimum and a maximum in pixels, such as [1, 9], "
                f"received {patch_sizes!r}"
            )
        if placement not in ("uniform", "centered", "grid"):
            raise ColorganError(f"{name}: placement must be 'uniform', 'centered' or 'grid', received {placement!r}")
        for argument, probability in (("p_none", p_none), ("p_full", p_full)):
            if not 0 <= probability <= 1:
                raise ColorganError(f"{name}: {argument} must be a probability in [0, 1], received {probability!r}")
        if p_none == 0 and (always_hinted or p_full == 1):
            raise ColorganError(f"{name} would never show a photo without hints: set p_none to a value such as 0.1")
        self.patch_sizes = patch_sizes[0], patch_sizes[1]
        self.placement = placement
        self.p_none = p_none
        self.p_full = p_full

    def channels(self, color_channels: int) -> int:
        """The color channels and the mask."""
        return color_channels + 1

    def sample(
        self,
        color: Tensor,
        generator: torch.Generator | None = None,
        color_space: ColorSpace | None = None,
    ) -> Tensor:
        """Samples patches of the target colors; see :meth:`Hints.sample`."""
        height, width = color.shape[-2:]
        shape = len(color), self._num_words(self._max_count(height, width))
        device = color.device if generator is None else generator.device
        words = torch.randint(WORD_RANGE, shape, generator=generator, device=device).to(color.device)
        points = self._points_from_words(words, height, width)
        full = (words[:, 0] >= word_threshold(self.p_none)) & (words[:, 1] < word_threshold(self.p_full))
        hints = rasterize_points(points, self.patch_sizes[1], color, color_space)
        return torch.where(full[:, None, None, None], reveal_all(color), hints)

    def validation(
        self, color: Tensor, index: Tensor, count: int | None = None, color_space: ColorSpace | None = None
    ) -> Tensor:
        """Creates validation patches; see :meth:`Hints.validation`.

        The first patches of a photo do not depend on ``count``, so a larger number of hints includes all hints of a
        smaller one. No photo is revealed everywhere.
        """
        height, width = color.shape[-2:]
        points = self.validation_points(index.to(color.device), height, width, count)
        return rasterize_points(points, self.patch_sizes[1], color, color_space)

    def validation_points(self, index: Tensor, height: int, width: int, count: int | None = None) -> Points:
        """The positions of the hints of :meth:`validation`.

        Args:
            index: int64 (B,), the photos' positions in the file list.
            height: height of the photos in pixels.
            width: width of the photos in pixels.
            count: number of patches per photo; by default distributed as in training.

        Raises:
            ColorganError: for a negative count.
        """
        if count is not None and count < 0:
            raise ColorganError(f"the number of hints must be 0 or more, received {count}")
        num_points = self._max_count(height, width) if count is None else count
        words = words_from_index(index, self._num_words(num_points))
        return self._points_from_words(words, height, width, count)

    def from_lab(self, rasterized: Tensor, color_space: ColorSpace) -> Tensor:
        """The colors in the network's color space, and the mask; see :meth:`Hints.from_lab`."""
        mask = rasterized[:, 3:]
        return torch.cat([color_space.from_lab(rasterized[:, :3]) * mask, mask], dim=1)

    def _max_count(self, height: int, width: int) -> int:
        """The maximum of :meth:`_sample_count`."""
        return self.max_points

    def _sample_count(self, word: Tensor, height: int, width: int) -> Tensor:
        """The number of patches of each photo, from one random word (B,) each."""
        return self.min_points + uniform_below(word, self.max_points - self.min_points + 1)

    def _words_per_coordinate(self) -> int:
        return WORDS_PER_NORMAL if self.placement == "centered" else 1

    def _num_words(self, num_points: int) -> int:
        """Words per photo: for p_none, p_full and the number of patches, then a size and two coordinates per patch."""
        return 3 + num_points * (1 + 2 * self._words_per_coordinate())

    def _points_from_words(self, words: Tensor, height: int, width: int, count: int | None = None) -> Points:
        """Derives the patches of a batch from random words (B, _num_words(N))."""
        none_word, _, count_word = words[:, :3].unbind(1)
        per_coordinate = self._words_per_coordinate()
        side, top, left = (
            words[:, 3:].reshape(len(words), -1, 1 + 2 * per_coordinate).tensor_split([1, 1 + per_coordinate], dim=2)
        )
        min_side, max_side = self.patch_sizes
        side = (min_side + uniform_below(side[..., 0], max_side - min_side + 1)).clamp(max=min(height, width))
        if count is None:
            is_empty = none_word < word_threshold(self.p_none)
            counts = torch.where(is_empty, 0, self._sample_count(count_word, height, width))
        else:
            counts = torch.full_like(count_word, count)
        slot = torch.arange(side.shape[1], device=words.device)
        return Points(
            top=self._sample_coordinate(top, height, side),
            left=self._sample_coordinate(left, width, side),
            side=side,
            present=slot < counts[:, None],
        )

    def _sample_coordinate(self, words: Tensor, length: int, side: Tensor) -> Tensor:
        """Upper or left edges, int64 (B, N), of patches that fit into ``length``."""
        if self.placement == "grid":
            return uniform_below(words[..., 0], length // side) * side
        num_positions = length - side + 1
        if self.placement == "uniform":
            return uniform_below(words[..., 0], num_positions)
        return normal_below(words, num_positions)


class GeometricPointHints(PointHints):
    """The hints of Zhang et al. 2017: square patches whose number is geometrically distributed.

    The defaults are those of the paper: 7 patches on average, none on one photo in eight, 1 to 9 pixels wide, around
    the center, and the whole color on one photo in a hundred.

    Args:
        p_stop: probability of stopping before each further patch; the mean number is (1 - p_stop) / p_stop. Numbers
            with a probability below one in a million are cut off.
        patch_sizes: minimum and maximum side length of a patch in pixels.
        placement: distribution of the patches: uniform, centered or grid, as in :class:`PointHints`.
        p_none: probability that a photo gets no patch, in addition to those whose number is 0.
        p_full: probability that the color of a photo is revealed everywhere, among the other photos.
    """

    def __init__(
        self,
        p_stop: float = 0.125,
        patch_sizes: tuple[int, int] = (1, 9),
        placement: Placement = "centered",
        p_none: float = 0.0,
        p_full: float = 0.01,
    ) -> None:
        if not 0 < p_stop < 1:
            raise ColorganError(f"GeometricPointHints: p_stop must be between 0 and 1, received {p_stop!r}")
        self.p_stop = p_stop
        self._set_options(patch_sizes, placement, p_none, p_full, always_hinted=False)
        p_more_than: list[float] = [1 - p_stop]
        while p_more_than[-1] > 1e-6:
            p_more_than.append(p_more_than[-1] * (1 - p_stop))
        self._more_than_thresholds = [word_threshold(probability) for probability in p_more_than]

    def _max_count(self, height: int, width: int) -> int:
        return len(self._more_than_thresholds)

    def _sample_count(self, word: Tensor, height: int, width: int) -> Tensor:
        return (word[:, None] < torch.tensor(self._more_than_thresholds, device=word.device)).sum(1)


class PixelHints(PointHints):
    """Single pixels, a fixed fraction of the photo: by default 2%, on half of the photos.

    Args:
        fraction: number of sampled pixels as a fraction of the photo's; pixels sampled twice count once.
        p_none: probability that a photo gets no hint.
    """

    def __init__(self, fraction: float = 0.02, p_none: float = 0.5) -> None:
        if not 0 < fraction <= 1:
            raise ColorganError(f"PixelHints: fraction must be in (0, 1], received {fraction!r}")
        self.fraction = fraction
        self._set_options((1, 1), "uniform", p_none, p_full=0.0, always_hinted=True)

    def _max_count(self, height: int, width: int) -> int:
        return math.ceil(self.fraction * height * width)

    def _sample_count(self, word: Tensor, height: int, width: int) -> Tensor:
        return torch.full_like(word, self._max_count(height, width))
