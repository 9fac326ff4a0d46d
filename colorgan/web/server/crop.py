"""The part of a photo that the page shows when it is zoomed in."""

from dataclasses import dataclass

from colorgan.color.cielab import SRGBArray
from colorgan.errors import ColorganError
from colorgan.inference.full_size import Window
from colorgan.inference.small_image import downscale

VIEW_SIZE = 1440
"""Longer side of what is sent to the page, in pixels."""


@dataclass(frozen=True)
class Crop:
    """A rectangle in whole pixels of the upright photo.

    Attributes:
        left: columns to the left of it.
        top: rows above it.
        width: at least 1.
        height: at least 1.
    """

    left: int
    top: int
    width: int
    height: int

    def check_inside(self, width: int, height: int) -> None:
        """Checks that it is inside a photo.

        Raises:
            ColorganError: if it is not.
        """
        if self.left + self.width > width or self.top + self.height > height:
            raise ColorganError(
                f"the crop of {self.width} x {self.height} pixels at ({self.left}, {self.top}) is outside the photo of "
                f"{width} x {height} pixels"
            )

    def window(self, width: int, height: int) -> Window:
        """The crop in fractions of a photo of this size."""
        right, bottom = self.left + self.width, self.top + self.height
        return Window(self.left / width, self.top / height, right / width, bottom / height)

    def of(self, pixels: SRGBArray) -> SRGBArray:
        """Cuts the crop out of the photo, (H, W) or (H, W, 3)."""
        return pixels[self.top : self.top + self.height, self.left : self.left + self.width]


def fit_view(pixels: SRGBArray) -> SRGBArray:
    """Downscales pixels, (H, W) or (H, W, 3), to at most 1,440 per side; smaller ones are returned as they are."""
    height, width = pixels.shape[:2]
    shape = view_shape(height, width)
    return pixels if shape == (height, width) else downscale(pixels, shape)


def view_shape(height: int, width: int, size: int = VIEW_SIZE) -> tuple[int, int]:
    """Height and width of a photo whose longer side is at most ``size``.

    Example:
        >>> view_shape(2880, 1000), view_shape(30, 20)
        ((1440, 500), (30, 20))
    """
    scale = min(1.0, size / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))
