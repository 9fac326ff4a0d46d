"""The one inference path: training, evaluation, the shell, the web page and export all colorize through this module."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from colorgan.color.cielab import CodeArray, FloatArray
from colorgan.errors import ColorganError
from colorgan.inference.full_size import Colouring, shrink, working_shape
from colorgan.inference.photo_colorizer import PhotoColorizer, as_batch, chroma_of
from colorgan.models.color_spaces import ColorSpace, Lab
from colorgan.models.generators.base import Generator
from colorgan.models.hints import Hints, NoHints


class Colorizer(PhotoColorizer, nn.Module):
    """Colour space, hints and generator, assembled: gray in, colour out.

    Args:
        generator: network from ``1 + hints.channels(color.channels)`` to ``color.channels`` channels.
        color: the colour space the generator works in.
        hints: the kind of hints the generator was built for.
        size: side in pixels at which the generator was trained; :meth:`colorize` works at it by default. It is kept in
            the ``state_dict``.

    Example:
        >>> from colorgan.models.generators import UNet
        >>> from colorgan.inference.hint_file import ColorHint
        >>> from colorgan.models.hints import PointHints
        >>> from PIL import Image
        >>> colorizer = Colorizer(UNet(4, 2, width=4), Lab(), PointHints(), size=32).eval()
        >>> photo = Image.linear_gradient("L")  # stands for Image.open("old.jpg")
        >>> colorizer.colorize(photo, hints=[ColorHint(x=80, y=40, color="seagreen", radius=8)])
        <PIL.Image.Image image mode=RGB size=256x256 at ...>
        >>> colorizer.colorize(torch.rand(2, 3, 40, 30), strength=0.5).shape
        torch.Size([2, 3, 40, 30])
        >>> [array.shape for array in colorizer.colorize([np.zeros((5, 7)), np.zeros((9, 4))])]
        [(5, 7, 3), (9, 4, 3)]
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

    # -- loading and saving --------------------------------------------------------------------------------------------

    @classmethod
    def from_checkpoint(cls, path: str | Path | None = None, device: str | torch.device = "cpu") -> "Colorizer":
        """Rebuilds the colorizer of a checkpoint, ready to use.

        Args:
            path: a ``.ckpt`` file written by ``fit`` (its moving average is taken, if it kept one), or the folder (or
                the ``.safetensors`` file) of a released model; by default the model that ships with colorgan.
            device: where the network goes.

        Raises:
            CheckpointError: if the file is missing, damaged or not a colorgan checkpoint.
        """
        if path is None or Path(path).is_dir() or Path(path).suffix == ".safetensors":
            return cls.from_pretrained(path, device)
        from colorgan.training.gan import ColorGAN

        return ColorGAN.load_from_checkpoint(path).inference.eval().requires_grad_(False).to(device)

    @classmethod
    def from_pretrained(cls, name: str | Path | None = None, device: str | torch.device = "cpu") -> "Colorizer":
        """Loads a released model: weights as safetensors, and a YAML file that says what they are weights of.

        Args:
            name: a folder that :meth:`save_pretrained` wrote, or the name of a repository on the Hugging Face hub; by
                default the model that ships with colorgan.
            device: where the network goes.

        Raises:
            CheckpointError: if there is no such model, or it is damaged or refused.
        """
        from colorgan.inference.released import load

        return load(name).to(device)

    def save_pretrained(self, folder: str | Path, card: str = "", half: bool = True) -> None:
        """Writes a released model: ``model.safetensors``, ``config.yaml`` and, if given, the card as ``README.md``.

        Args:
            folder: where to; it is made if it is not there.
            card: the model card in Markdown; :class:`colorgan.inference.released.ModelCard` writes one.
            half: store the weights in 16 bits, which halves the file; they are 32 bits again once loaded.
        """
        from colorgan.inference.released import save

        save(self, folder, card, half)

    # -- small pictures ------------------------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """Shorter side in pixels at which photos are looked at by default."""
        return int(self.working_size)

    @property
    def takes_hints(self) -> bool:
        """Whether the model follows hints."""
        return self.hints.channels(self.color.channels) > 0

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
        """Extends the lower and right edges, by repetition, to the next size that the generator accepts."""
        multiple = self.generator.size_multiple
        least = -(-self.generator.min_size // multiple)
        for dim in (-2, -1):
            length = image.shape[dim]
            steps = (length + multiple - 1) // multiple  # of positive numbers: ONNX rounds towards zero
            wanted = multiple * (torch.sym_max(steps, least) if least > 1 else steps)
            if torch.compiler.is_exporting() or wanted != length:  # an exported graph pads whatever the size
                repeated = torch.arange(wanted, device=image.device).clamp(max=length - 1)
                image = image.index_select(dim, repeated)
        return image

    @torch.inference_mode()
    def colour_small(self, rgb: FloatArray, hints: FloatArray | Tensor | None = None) -> FloatArray:
        """Colours small pictures.

        Args:
            rgb: (B, 3, h, w) in [0, 1]; only the lightness counts.
            hints: an array of painted hints, (B, 4, h, w), as :func:`colorgan.inference.hint_file.paint_hints` makes them; or a
                tensor of the network's own hint channels, as ``self.hints`` makes them; or ``None``.

        Returns:
            (B, 3, h, w) in [0, 1].
        """
        device = self.working_size.device
        if isinstance(hints, np.ndarray):
            hints = self.hints.from_rgb(torch.from_numpy(hints).to(device), self.color)
        elif hints is not None:
            hints = hints.to(device)
        coloured: FloatArray = self(torch.from_numpy(rgb).to(device), hints).float().cpu().numpy()
        return coloured

    def _look(self, photos: Sequence[CodeArray], size: int | None, hints: Any) -> list[Colouring]:
        """Takes hints that are already the network's own channels, at the working size, beside those of users."""
        if not isinstance(hints, Tensor):
            return super()._look(photos, size, hints)
        shapes = {working_shape(photo.shape[:2], self.size if size is None else size) for photo in photos}
        channels = self.hints.channels(self.color.channels)
        wanted = (len(photos), channels, *next(iter(shapes)))
        if len(shapes) > 1 or tuple(hints.shape) != wanted:
            raise ColorganError(
                f"hints as a tensor must be of the working size of all photos, {wanted}, received {tuple(hints.shape)}"
            )
        smalls = [shrink(photo, next(iter(shapes))) for photo in photos]
        coloured = self.colour_small(as_batch(smalls), hints)
        return [Colouring(small, chroma_of(rgb)) for small, rgb in zip(smalls, coloured, strict=True)]


def to_uint8(rgb: Tensor) -> Tensor:
    """Rounds an image in [0, 1] to uint8, clamping what lies outside.

    >>> to_uint8(torch.tensor([-0.1, 0.5, 1.01]))
    tensor([  0, 128, 255], dtype=torch.uint8)
    """
    return rgb.mul(255).round().clamp(0, 255).to(torch.uint8)
