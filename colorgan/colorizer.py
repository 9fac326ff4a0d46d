"""The one inference path: training, evaluation, the shell, the web page and export all colorize through this module."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from kornia.color import lab_to_rgb, rgb_to_lab
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F

from colorgan.color import ColorSpace, Lab
from colorgan.errors import ColorganError
from colorgan.generators.base import Generator
from colorgan.hints import Hints, NoHints

Photo = Image.Image | np.ndarray[Any, Any] | Tensor

_LONGEST_SIDE = 4
"""The working image is at most this many times longer than wide: a 3000 x 20 strip must not become 38400 x 256."""


class Colorizer(nn.Module):
    """Colour space, hints and generator, assembled: gray in, colour out.

    Args:
        generator: network from ``1 + hints.channels(color.channels)`` to ``color.channels`` channels.
        color: the colour space the generator works in.
        hints: the kind of hints the generator was built for.
        size: side in pixels at which the generator was trained; :meth:`colorize` works at it by default. It is kept in
            the ``state_dict``.
    """

    working_size: Tensor

    def __init__(
        self, generator: Generator, color: ColorSpace | None = None, hints: Hints | None = None, size: int = 256
    ) -> None:
        super().__init__()
        self.color = color if color is not None else Lab()
        self.hints = hints if hints is not None else NoHints()
        self.generator = generator
        self.register_buffer("working_size", torch.tensor(size, dtype=torch.int64))

    @classmethod
    def from_checkpoint(cls, path: str | Path, device: str | torch.device = "cpu") -> "Colorizer":
        """Rebuilds the colorizer of a training checkpoint (its moving average, if it kept one), ready to use.

        Args:
            path: a ``.ckpt`` file written by ``fit``.
            device: where the network goes.

        Raises:
            CheckpointError: if the file is missing, damaged or not a colorgan checkpoint.
        """
        from colorgan.gan import ColorGAN

        return ColorGAN.load_from_checkpoint(path).inference.eval().requires_grad_(False).to(device)

    def predict(self, gray: Tensor, hints: Tensor | None = None) -> Tensor:
        """Runs the generator.

        Args:
            gray: (B, 1, H, W) in [-1, 1], H and W multiples of ``generator.size_multiple``.
            hints: (B, h, H, W) as made by ``self.hints``; ``None`` gives none.

        Returns:
            The colour channels, (B, ``color.channels``, H, W) in [-1, 1].
        """
        if hints is None:
            channels = self.hints.channels(self.color.channels)
            hints = gray.new_zeros(1).expand(gray.shape[0], channels, *gray.shape[-2:])
        colour: Tensor = self.generator(torch.cat([gray, hints.to(gray.dtype)], dim=1))
        return colour

    def forward(self, rgb: Tensor, hints: Tensor | None = None) -> Tensor:
        """Colorizes at the given resolution; the colours that ``rgb`` may hold are not looked at.

        Args:
            rgb: (B, 3, H, W) in [0, 1], of any size (it is padded to what the generator can halve).
            hints: (B, h, H, W) or ``None``.

        Returns:
            (B, 3, H, W) in [0, 1].
        """
        gray, _ = self.color.split(rgb)
        height, width = gray.shape[-2:]
        colour = self.predict(self._pad(gray), None if hints is None else self._pad(hints))
        merged: Tensor = self.color.merge(gray, colour[..., :height, :width].float())
        return merged.clamp(0.0, 1.0)

    def _pad(self, image: Tensor) -> Tensor:
        """Extends the lower and right edges, by repetition, to the next multiple of what the generator accepts."""
        multiple = self.generator.size_multiple
        bottom, right = -image.shape[-2] % multiple, -image.shape[-1] % multiple
        return F.pad(image, (0, right, 0, bottom), mode="replicate")

    @torch.inference_mode()
    def colorize(
        self, photo: Photo, *, size: int | None = None, hints: Tensor | None = None, strength: float = 1.0
    ) -> Photo:
        """Colorizes a photo of any size and keeps its own lightness at full resolution.

        The colour is predicted at the working size, upsampled, and joined in CIE Lab to the lightness of the photo.

        Args:
            photo: a PIL image; a (H, W) or (H, W, 3) uint8 array; or a (3, H, W) or (B, 3, H, W) tensor, uint8 or float
                in [0, 1].
            size: the shorter side, in pixels, at which the colour is predicted; by default the size the generator was
                trained at.
            hints: (B, h, h', w') hints at the working size, or ``None``.
            strength: 0 gives the gray photo, 1 the predicted colour.

        Returns:
            The coloured photo, of the type, the dtype and the size that was given (a gray array or image becomes RGB).
        """
        size = int(self.working_size) if size is None else size
        if size < 1:
            raise ColorganError(f"size must be at least 1 pixel, received {size}")
        if not 0.0 <= strength <= 1.0:
            raise ColorganError(f"strength must lie between 0 (gray) and 1 (as predicted), received {strength}")
        rgb = _to_tensor(photo).to(self.working_size.device)
        working = F.interpolate(rgb, self.working_shape(rgb.shape[-2:], size), mode="bilinear", antialias=True)
        ab = rgb_to_lab(self(working.clamp(0.0, 1.0), hints))[:, 1:]
        ab = F.interpolate(ab, rgb.shape[-2:], mode="bilinear", align_corners=False) * strength
        lightness = rgb_to_lab(rgb)[:, :1]
        return _like(lab_to_rgb(torch.cat([lightness, ab], dim=1)).clamp(0.0, 1.0), photo)

    def working_shape(self, shape: tuple[int, int] | torch.Size, size: int | None = None) -> tuple[int, int]:
        """Height and width at which a photo of the given height and width is looked at."""
        size = int(self.working_size) if size is None else size
        height, width = shape
        scale = min(size / min(height, width), _LONGEST_SIDE * size / max(height, width))
        return max(1, round(height * scale)), max(1, round(width * scale))


def _to_tensor(photo: Photo) -> Tensor:
    """(B, 3, H, W) float in [0, 1]."""
    if isinstance(photo, Image.Image):
        photo = np.array(photo.convert("RGB"))
    if isinstance(photo, np.ndarray):
        if photo.dtype != np.uint8 or photo.ndim not in (2, 3) or photo.shape[2:] not in ((), (3,)):
            raise ColorganError(
                f"an array must be uint8 of shape (H, W) or (H, W, 3), received {photo.dtype} {photo.shape}"
            )
        channels = np.stack([photo] * 3) if photo.ndim == 2 else photo.transpose(2, 0, 1)
        photo = torch.from_numpy(channels.copy())
    if photo.ndim not in (3, 4) or photo.shape[-3] != 3:
        raise ColorganError(f"a tensor must be of shape (3, H, W) or (B, 3, H, W), received {tuple(photo.shape)}")
    rgb = photo if photo.ndim == 4 else photo.unsqueeze(0)
    return rgb.float() / 255 if rgb.dtype == torch.uint8 else rgb.float()


def _like(rgb: Tensor, photo: Photo) -> Photo:
    """Gives (B, 3, H, W) in [0, 1] the type and the layout of ``photo``."""
    if isinstance(photo, Tensor):
        rgb = to_uint8(rgb) if photo.dtype == torch.uint8 else rgb.to(photo.dtype)
        return rgb if photo.ndim == 4 else rgb[0]
    array = to_uint8(rgb)[0].permute(1, 2, 0).cpu().numpy()
    return array if isinstance(photo, np.ndarray) else Image.fromarray(array)


def to_uint8(rgb: Tensor) -> Tensor:
    """Rounds an image in [0, 1] to uint8, clamping what lies outside.

    >>> to_uint8(torch.tensor([-0.1, 0.5, 1.01]))
    tensor([  0, 128, 255], dtype=torch.uint8)
    """
    return rgb.mul(255).round().clamp(0, 255).to(torch.uint8)
