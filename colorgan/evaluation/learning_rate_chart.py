"""Draws the result of a learning-rate range test."""

import math
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from colorgan.training.lr_finder import LRCurve

_TEXT, _DOT, _GRID, _LINE, _MARK = (32, 32, 32), (150, 165, 185), (228, 228, 228), (31, 95, 191), (196, 60, 30)


def draw_lr_curve(curve: LRCurve, title: str = "") -> Image.Image:
    """Draws the measured losses as dots, the smoothed losses as a line, and the suggested learning rate.

    Args:
        curve: the result of a range test.
        title: heading of the chart.
    """
    return _Chart(curve, title).draw()


class _Chart:
    """A chart of the loss over the learning rate, on a logarithmic axis."""

    width, height = 900, 540
    left, right, top, bottom = 84, 24, 56, 62

    def __init__(self, curve: LRCurve, title: str) -> None:
        self.curve, self.title = curve, title
        min_loss, first_loss = min(curve.smoothed), curve.smoothed[0]
        span = max(first_loss - min_loss, abs(min_loss) * 1e-3, 1e-9)
        self.min_y = min_loss - 0.15 * span
        self.max_y = max(first_loss, min_loss) + 0.35 * span  # diverging losses are cut off
        self.min_x, self.max_x = math.log10(curve.lrs[0]), math.log10(curve.lrs[-1])

    def x(self, lr: float) -> float:
        """Horizontal position of a learning rate, in pixels."""
        fraction = (math.log10(lr) - self.min_x) / (self.max_x - self.min_x)
        return self.left + fraction * (self.width - self.left - self.right)

    def y(self, loss: float) -> float:
        """Vertical position of a loss, in pixels."""
        fraction = (min(loss, self.max_y) - self.min_y) / (self.max_y - self.min_y)
        return self.height - self.bottom - fraction * (self.height - self.top - self.bottom)

    def draw(self) -> Image.Image:
        image = Image.new("RGB", (self.width, self.height), (255, 255, 255))
        draw, font = ImageDraw.Draw(image), ImageFont.load_default(15)
        draw.text((self.left, 16), self.title, _TEXT, ImageFont.load_default(18))
        self._draw_axes(draw, font)
        curve = self.curve
        for lr, loss in zip(curve.lrs, curve.losses, strict=True):
            if self.min_y <= loss <= self.max_y:
                x, y = self.x(lr), self.y(loss)
                draw.ellipse((x - 2, y - 2, x + 2, y + 2), _DOT)
        line = [(self.x(lr), self.y(loss)) for lr, loss in zip(curve.lrs, curve.smoothed, strict=True)]
        draw.line(line, _LINE, width=3, joint="curve")
        self._draw_suggestion(draw, font)
        return image

    def _draw_suggestion(self, draw: ImageDraw.ImageDraw, font: Any) -> None:
        x = self.x(self.curve.suggestion)
        draw.line(((x, self.top), (x, self.height - self.bottom)), _MARK, width=2)
        label = f"suggested: {self.curve.suggestion:.1e}"
        fits_on_the_right = x + 8 + font.getlength(label) < self.width - self.right
        draw.text((x + 8 if fits_on_the_right else x - 8 - font.getlength(label), self.top + 6), label, _MARK, font)

    def _draw_axes(self, draw: ImageDraw.ImageDraw, font: Any) -> None:
        bottom, right = self.height - self.bottom, self.width - self.right
        for exponent in range(math.ceil(self.min_x - 1e-9), math.floor(self.max_x + 1e-9) + 1):
            x = self.x(10.0**exponent)
            draw.line(((x, self.top), (x, bottom)), _GRID)
            draw.text((x, bottom + 8), f"1e{exponent}", _TEXT, font, anchor="ma")
        step = _round_step((self.max_y - self.min_y) / 5)
        for number in range(math.ceil(self.min_y / step), math.floor(self.max_y / step) + 1):
            y = self.y(number * step)
            draw.line(((self.left, y), (right, y)), _GRID)
            draw.text((self.left - 8, y), f"{number * step:.3g}", _TEXT, font, anchor="rm")
        draw.rectangle((self.left, self.top, right, bottom), outline=_TEXT)
        draw.text(((self.left + right) / 2, self.height - 12), "learning rate", _TEXT, font, anchor="ms")
        draw.text((8, self.top - 8), "loss", _TEXT, font, anchor="lb")


def _round_step(minimum: float) -> float:
    """Rounds up to 1, 2 or 5 times a power of ten.

    >>> [_round_step(0.013), _round_step(3.0), _round_step(70)]
    [0.02, 5.0, 100.0]
    """
    power = 10.0 ** math.floor(math.log10(minimum))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= minimum)
