"""Hints: colors that are known at some places of a photo, and how a network is told about them.

Hint channels are appended to the gray that a generator sees: the color channels, zero where nothing is known, and a
mask, 1 where something is.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.color_spaces import ColorSpace
from colorgan.models.config import Part

_WORD = 2**32
"""Every random decision is made from an integer below this, in integer arithmetic: the same on every device."""

_NORMAL_TERMS = 12
"""Uniform numbers whose sum stands for a normal one; its variance is 1 and it needs no function that rounds."""


class Hints(Part, ABC):
    """Which hints a model is trained and validated with."""

    @abstractmethod
    def channels(self, color_channels: int) -> int:
        """How many channels the hints add to the input of a network that predicts ``color_channels``."""

    @abstractmethod
    def sample(
        self,
        color: Tensor,
        index: Tensor | None = None,
        generator: torch.Generator | None = None,
        color_space: ColorSpace | None = None,
    ) -> Tensor:
        """Draws training hints from the target colors.

        Args:
            color: target color (B, C, H, W) in [-1, 1].
            index: int64 (B,), the photos' positions in the file list; hints of training do not depend on it.
            generator: where the randomness comes from; the global generator of the device by default.
            color_space: the space that the colors are in, which knows how to average them; without it they are averaged
                channel by channel, which suits all spaces but ``HSV("angle")``.

        Returns:
            (B, channels(C), H, W) on the device of ``color`` and of its dtype.
        """

    @abstractmethod
    def validation(
        self, color: Tensor, index: Tensor, count: int | None = None, color_space: ColorSpace | None = None
    ) -> Tensor:
        """Takes validation hints, a pure function of each photo's index: the same in every epoch, batch and machine.

        Args:
            color: target color (B, C, H, W) in [-1, 1].
            index: int64 (B,), the photos' positions in the file list.
            count: number of hinted points per photo; as many as in training, at random, by default.
            color_space: as in :meth:`sample`.

        Returns:
            (B, channels(C), H, W) on the device of ``color`` and of its dtype.
        """

    @abstractmethod
    def from_lab(self, rasterized: Tensor, color_space: ColorSpace) -> Tensor:
        """Turns hints that a user gave into those of the network.

        Args:
            rasterized: L*, a*, b* and a mask, (B, 4, H, W), as :func:`colorgan.inference.hint_file.rasterize_hints`
                makes them; the colors count only where the mask is 1.
            color_space: the color space of the network.

        Returns:
            (B, channels(C), H, W).
        """

    def empty(self, color: Tensor) -> Tensor:
        """The hints of a photo about which nothing is known.

        Args:
            color: any (B, C, H, W) tensor of the color's shape, dtype and device.

        Returns:
            Zeros, (B, channels(C), H, W).
        """
        batch, channels, height, width = color.shape
        return color.new_zeros(batch, self.channels(channels), height, width)


class NoHints(Hints):
    """A model that takes no hints: every method returns (B, 0, H, W).

    Example:
        >>> NoHints().sample(torch.zeros(4, 2, 8, 8)).shape
        torch.Size([4, 0, 8, 8])
    """

    def channels(self, color_channels: int) -> int:
        """Always 0."""
        return 0

    def sample(
        self,
        color: Tensor,
        index: Tensor | None = None,
        generator: torch.Generator | None = None,
        color_space: ColorSpace | None = None,
    ) -> Tensor:
        """No channels."""
        return self.empty(color)

    def validation(
        self, color: Tensor, index: Tensor, count: int | None = None, color_space: ColorSpace | None = None
    ) -> Tensor:
        """No channels."""
        return self.empty(color)

    def from_lab(self, rasterized: Tensor, color_space: ColorSpace) -> Tensor:
        """No channels."""
        return rasterized[:, :0]


@dataclass(frozen=True)
class Points:
    """Square patches of a batch of photos, N places per photo of which some are taken.

    Attributes:
        top: row of a patch's upper edge, int64 (B, N).
        left: column of its left edge, int64 (B, N).
        side: its side in pixels, int64 (B, N).
        present: whether there is a patch, bool (B, N).
    """

    top: Tensor
    left: Tensor
    side: Tensor
    present: Tensor


class PointHints(Hints):
    """Square patches of the photo's mean color there, as many as a uniform distribution says.

    All is drawn on the device, for each photo by itself. Where patches overlap, the later one covers the earlier. The
    defaults are colorgan's own. ``most=128, sides=[2, 2], places="grid", none=0`` are those of iColoriT (Yun et al.
    2023); those of Zhang et al. 2017 are the defaults of :class:`GeometricPointHints`.

    Args:
        most: the largest number of patches.
        least: the smallest number.
        sides: smallest and largest side of a patch in pixels.
        places: ``uniform`` over the photo; ``centered``, normal around the middle with a deviation of a quarter of the
            photo (Zhang et al.); ``grid``, uniform over a grid of cells of a patch's size (iColoriT).
        none: share of the photos that get no patch, besides those whose number came out as 0. A model must stay good
            without hints, so that some photos always come without.
        whole: share of the photos, among the others, whose color is revealed everywhere.

    Example:
        >>> _ = torch.manual_seed(0)
        >>> PointHints().sample(torch.rand(4, 2, 32, 32)).shape
        torch.Size([4, 3, 32, 32])
    """

    def __init__(
        self,
        most: int = 100,
        least: int = 0,
        sides: tuple[int, int] = (1, 9),
        places: Literal["uniform", "centered", "grid"] = "uniform",
        none: float = 0.1,
        whole: float = 0.0,
    ) -> None:
        if not 0 <= least <= most:
            raise ColorganError(
                f"PointHints needs 0 <= least <= most, but least {least!r} and most {most!r} were given"
            )
        self.most = most
        self.least = least
        self._set_patches(sides, places, none, whole, always_some=least > 0)

    def _set_patches(self, sides: tuple[int, int], places: str, none: float, whole: float, always_some: bool) -> None:
        """Takes over what all distributions of the number of points have in common."""
        name = type(self).__name__
        if len(sides) != 2 or not 1 <= sides[0] <= sides[1]:
            raise ColorganError(f"{name}'s sides must be two numbers of pixels such as [1, 9], but {sides!r} was given")
        if places not in ("uniform", "centered", "grid"):
            raise ColorganError(f"{name}'s places are 'uniform', 'centered' or 'grid', but {places!r} was given")
        for argument, share in (("none", none), ("whole", whole)):
            if not 0 <= share <= 1:
                raise ColorganError(f"{name}'s {argument} is a share of photos in [0, 1], but {share!r} was given")
        if none == 0 and (always_some or whole == 1):
            raise ColorganError(f"{name} would never show a photo without hints: give none a share such as 0.1")
        self.sides = sides[0], sides[1]
        self.places = places
        self.none = none
        self.whole = whole

    def channels(self, color_channels: int) -> int:
        """The color channels and the mask."""
        return color_channels + 1

    def sample(
        self,
        color: Tensor,
        index: Tensor | None = None,
        generator: torch.Generator | None = None,
        color_space: ColorSpace | None = None,
    ) -> Tensor:
        """Draws patches of the target colors; see :meth:`Hints.sample`."""
        height, width = color.shape[-2:]
        shape = len(color), self._words_needed(self._largest(height, width))
        device = color.device if generator is None else generator.device
        words = torch.randint(_WORD, shape, generator=generator, device=device).to(color.device)
        points = self._place(words, height, width)
        whole = (words[:, 0] >= _threshold(self.none)) & (words[:, 1] < _threshold(self.whole))
        hints = _paint(points, self.sides[1], color, color_space)
        return torch.where(whole[:, None, None, None], _everything(color), hints)

    def validation(
        self, color: Tensor, index: Tensor, count: int | None = None, color_space: ColorSpace | None = None
    ) -> Tensor:
        """Takes patches of the target colors; see :meth:`Hints.validation`.

        The first patches of a photo do not depend on ``count``, so that more hints never take away what fewer gave.
        No photo is revealed whole.
        """
        height, width = color.shape[-2:]
        points = self.validation_points(index.to(color.device), height, width, count)
        return _paint(points, self.sides[1], color, color_space)

    def validation_points(self, index: Tensor, height: int, width: int, count: int | None = None) -> Points:
        """Where the hints of :meth:`validation` lie.

        Args:
            index: int64 (B,), the photos' positions in the file list.
            height: of the photos, in pixels.
            width: of the photos, in pixels.
            count: number of patches per photo; as many as in training, at random, by default.
        """
        if count is not None and count < 0:
            raise ColorganError(f"the number of hints must not be negative, but {count} was given")
        largest = self._largest(height, width) if count is None else count
        return self._place(_hashed_words(index, self._words_needed(largest)), height, width, count)

    def from_lab(self, rasterized: Tensor, color_space: ColorSpace) -> Tensor:
        """The colors in the network's space, and the mask; see :meth:`Hints.from_lab`."""
        mask = rasterized[:, 3:]
        return torch.cat([color_space.from_lab(rasterized[:, :3]) * mask, mask], dim=1)

    def _largest(self, height: int, width: int) -> int:
        """The largest number of patches that :meth:`_number` gives."""
        return self.most

    def _number(self, word: Tensor, height: int, width: int) -> Tensor:
        """The number of patches of each photo, from one word (B,) each."""
        return self.least + _below(word, self.most - self.least + 1)

    def _words_per_coordinate(self) -> int:
        return _NORMAL_TERMS if self.places == "centered" else 1

    def _words_needed(self, points: int) -> int:
        """Three decisions per photo (none, whole, number), then a side and two coordinates per patch."""
        return 3 + points * (1 + 2 * self._words_per_coordinate())

    def _place(self, words: Tensor, height: int, width: int, count: int | None = None) -> Points:
        """Decides from random words (B, _words_needed(N)) which patches there are."""
        none, _, number = words[:, :3].unbind(1)
        terms = self._words_per_coordinate()
        side, top, left = words[:, 3:].reshape(len(words), -1, 1 + 2 * terms).tensor_split([1, 1 + terms], dim=2)
        smallest, largest = self.sides
        side = (smallest + _below(side[..., 0], largest - smallest + 1)).clamp(max=min(height, width))
        if count is None:
            taken = torch.where(none < _threshold(self.none), 0, self._number(number, height, width))
        else:
            taken = torch.full_like(number, count)
        order = torch.arange(side.shape[1], device=words.device)
        return Points(
            top=self._coordinate(top, height, side),
            left=self._coordinate(left, width, side),
            side=side,
            present=order < taken[:, None],
        )

    def _coordinate(self, words: Tensor, length: int, side: Tensor) -> Tensor:
        """Upper or left edges, int64 (B, N), of patches that fit into ``length``."""
        room = length - side + 1
        if self.places == "uniform":
            return _below(words[..., 0], room)
        if self.places == "grid":
            return _below(words[..., 0], length // side) * side
        # room / 2 + room / 4 · (sum - terms / 2), the sum being one of uniform numbers below 1
        centered = room * (words.sum(-1) + (2 - _NORMAL_TERMS // 2) * _WORD) // (4 * _WORD)
        return centered.clamp(min=0).minimum(room - 1)


class GeometricPointHints(PointHints):
    """As Zhang et al. 2017: after each patch, another one follows unless a coin of probability ``stop`` says no.

    The defaults are those of the paper: 7 patches on average, none at all on one photo in eight, 1 to 9 pixels wide,
    around the middle, and one photo in a hundred revealed whole.

    Args:
        stop: the probability of each patch not to come; numbers rarer than one in a million are cut off.
        sides: smallest and largest side of a patch in pixels.
        places: ``uniform``, ``centered`` or ``grid``, as in :class:`PointHints`.
        none: share of the photos that get no patch, besides those whose number came out as 0.
        whole: share of the photos, among the others, whose color is revealed everywhere.
    """

    def __init__(
        self,
        stop: float = 0.125,
        sides: tuple[int, int] = (1, 9),
        places: Literal["uniform", "centered", "grid"] = "centered",
        none: float = 0.0,
        whole: float = 0.01,
    ) -> None:
        if not 0 < stop < 1:
            raise ColorganError(f"GeometricPointHints's stop must be between 0 and 1, but {stop!r} was given")
        self.stop = stop
        self._set_patches(sides, places, none, whole, always_some=False)
        more_than: list[float] = [1 - stop]
        while more_than[-1] > 1e-6:
            more_than.append(more_than[-1] * (1 - stop))
        self._thresholds = [_threshold(probability) for probability in more_than]

    def _largest(self, height: int, width: int) -> int:
        return len(self._thresholds)

    def _number(self, word: Tensor, height: int, width: int) -> Tensor:
        return (word[:, None] < torch.tensor(self._thresholds, device=word.device)).sum(1)


class PixelHints(PointHints):
    """Single pixels, a fixed share of them: 2 % with probability one half, by default.

    Args:
        share: how many pixels are drawn, as a share of the photo's; one drawn twice counts once.
        none: share of the photos that get no hint.
    """

    def __init__(self, share: float = 0.02, none: float = 0.5) -> None:
        if not 0 < share <= 1:
            raise ColorganError(f"PixelHints's share of pixels must be in (0, 1], but {share!r} was given")
        self.share = share
        self._set_patches((1, 1), "uniform", none, whole=0.0, always_some=True)

    def _largest(self, height: int, width: int) -> int:
        return math.ceil(self.share * height * width)

    def _number(self, word: Tensor, height: int, width: int) -> Tensor:
        return torch.full_like(word, self._largest(height, width))


def _paint(points: Points, largest_side: int, color: Tensor, color_space: ColorSpace | None) -> Tensor:
    """Hint channels (B, C + 1, H, W): within each patch its mean color and 1, zero elsewhere."""
    batch, channels, height, width = color.shape
    number = points.side.shape[1]
    if number == 0:
        return color.new_zeros(batch, channels + 1, height, width)
    offset = torch.arange(min(largest_side, height, width), device=color.device)
    down, right = (grid.flatten() for grid in torch.meshgrid(offset, offset, indexing="ij"))
    covered = (down < points.side[..., None]) & (right < points.side[..., None]) & points.present[..., None]
    pixel = (points.top[..., None] + down) * width + points.left[..., None] + right
    pixel = torch.where(covered, pixel, 0).flatten(1)  # (B, N * patch)

    flat = color.flatten(2)
    seen = flat.gather(2, pixel[:, None].expand(-1, channels, -1)).view(batch, channels, number, -1)
    mean = (_channel_mean if color_space is None else color_space.mean)(seen, covered[:, None].to(color.dtype))

    order = torch.where(covered, torch.arange(number, device=color.device)[:, None], -1).flatten(1)
    owner = torch.full((batch, height * width), -1, device=color.device)
    owner.scatter_reduce_(1, pixel, order, "amax")
    mask = (owner >= 0)[:, None]
    painted = mean.gather(2, owner.clamp(min=0)[:, None].expand(-1, channels, -1))
    hints = torch.cat([torch.where(mask, painted, 0), mask.to(color.dtype)], dim=1)
    return hints.to(color.dtype).view(batch, channels + 1, height, width)


def _channel_mean(color: Tensor, weight: Tensor) -> Tensor:
    return (color * weight).sum(-1) / weight.sum(-1).clamp(min=1)


def _everything(color: Tensor) -> Tensor:
    """Hint channels that reveal the whole photo."""
    return torch.cat([color, torch.ones_like(color[:, :1])], dim=1)


def _threshold(probability: float) -> int:
    """A word is below this with the given probability."""
    return round(probability * _WORD)


def _below(word: Tensor, limit: Tensor | int) -> Tensor:
    """Maps words evenly to the integers from 0 to ``limit`` - 1."""
    return (word * limit) >> 32


def _hashed_words(index: Tensor, number: int) -> Tensor:
    """Random words (B, number) that depend on nothing but each photo's index (B,): a counter-based generator."""
    counter = torch.arange(1, number + 1, device=index.device)
    return _scramble(_scramble(index)[:, None] ^ _scramble(counter * 0x9E3779B9))


def _scramble(value: Tensor) -> Tensor:
    """Hashes the lower 32 bits of integers; the multipliers are below 2^31, so that no product leaves int64."""
    value = value & (_WORD - 1)
    for shift, multiplier in ((16, 0x7FEB352D), (15, 0x045D9F3B), (16, 0x2C1B3C6D)):
        value = ((value ^ (value >> shift)) * multiplier) & (_WORD - 1)
    return value ^ (value >> 15)
