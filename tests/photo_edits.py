"""Edited copies of photos, and synthetic photos with details."""

import io
import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageOps


def scene(seed: int, width: int = 160, height: int = 120) -> Image.Image:
    """Overlapping colored shapes on a gradient, different for each seed."""
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, 256, (2, 2, 3), dtype=np.uint8)
    image = Image.fromarray(corners).resize((width, height), Image.Resampling.BILINEAR)
    draw = ImageDraw.Draw(image)
    for _ in range(40):
        x, y = rng.uniform(-0.1, 1.0) * width, rng.uniform(-0.1, 1.0) * height
        box = (x, y, x + rng.uniform(0.03, 0.3) * width, y + rng.uniform(0.03, 0.3) * height)
        color = tuple(rng.integers(0, 256, 3).tolist())
        (draw.ellipse if rng.random() < 0.5 else draw.rectangle)(box, fill=color)
    return image


def recompressed(image: Image.Image, quality: int = 40) -> Image.Image:
    """After a round trip through JPEG."""
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality)
    return Image.open(stream).convert("RGB")


def cropped(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """Without fractions of the width and height."""
    width, height = image.size
    return image.crop(
        (round(width * left), round(height * top), width - round(width * right), height - round(height * bottom))
    )


def framed(image: Image.Image, fraction: float, color: tuple[int, int, int]) -> Image.Image:
    """With a border as wide as a fraction of the shorter side."""
    return ImageOps.expand(image, border=max(1, round(min(image.size) * fraction)), fill=color)


def tilted(image: Image.Image, degrees: float) -> Image.Image:
    """Turned by a small angle, without the empty corners."""
    width, height = image.size
    sine = abs(math.sin(math.radians(degrees)))
    x, y = round(height * sine / 2) + 1, round(width * sine / 2) + 1
    return image.rotate(degrees, Image.Resampling.BICUBIC).crop((x, y, width - x, height - y))


EDITS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "recompressed, quality 40": recompressed,
    "halved": lambda image: image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS),
    "brightness +15 %": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
    "brightness -15 %": lambda image: ImageEnhance.Brightness(image).enhance(0.85),
    "contrast +20 %": lambda image: ImageEnhance.Contrast(image).enhance(1.2),
    "contrast -20 %": lambda image: ImageEnhance.Contrast(image).enhance(0.8),
    "gray": lambda image: image.convert("L").convert("RGB"),
    "mirrored": ImageOps.mirror,
    "turned by 90°": lambda image: image.rotate(90, expand=True),
    "turned by 180°": lambda image: image.rotate(180),
    "turned by 270°": lambda image: image.rotate(270, expand=True),
    "mirrored and turned": lambda image: ImageOps.mirror(image).rotate(90, expand=True),
    "cropped by 5 % in all": lambda image: cropped(image, 0.025, 0.025, 0.025, 0.025),
    "cropped by 5 % at each side": lambda image: cropped(image, 0.05, 0.05, 0.05, 0.05),
    "cropped by 5 % at left and top": lambda image: cropped(image, 0.05, 0.05, 0, 0),
    "framed, 3 % white": lambda image: framed(image, 0.03, (255, 255, 255)),
    "framed, 5 % black": lambda image: framed(image, 0.05, (0, 0, 0)),
    "framed, 4 % red": lambda image: framed(image, 0.04, (120, 40, 60)),
    "mirrored, cropped and brighter": lambda image: ImageEnhance.Brightness(
        cropped(ImageOps.mirror(image), 0.03, 0.03, 0.03, 0.03)
    ).enhance(1.1),
}
"""What is found at least 95 times of 100."""

TILTS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "turned by 1°": lambda image: tilted(image, 1),
    "turned by 2°": lambda image: tilted(image, 2),
    "turned by 3°": lambda image: tilted(image, 3),
    "turned by 5°": lambda image: tilted(image, 5),
    "turned by 8°": lambda image: tilted(image, 8),
}
"""Small angles, of which no share is promised."""
