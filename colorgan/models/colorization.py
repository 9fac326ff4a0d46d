"""The assembly that every task shares: generator, color space and hints in one module, gray in, color out."""

import torch
from torch import Tensor, nn

from colorgan.models.color_spaces import ColorSpace, Lab
from colorgan.models.generators.base import Generator
from colorgan.models.hints import Hints, NoHints


class ColorizationNetwork(nn.Module):
    """A generator with the color space it works in and the kind of hints it takes.

    Args:
        generator: network from ``1 + hints.channels(color_space.channels)`` to ``color_space.channels`` channels.
        color_space: the color space the generator works in; :class:`Lab` by default.
        hints: the kind of hints the generator was built for; none by default.
        size: side in pixels of the photos it was trained on. It is kept in the ``state_dict``, as ``working_size``.

    Example:
        >>> from colorgan.models import UNet
        >>> network = ColorizationNetwork(UNet(1, 2, width=4), size=32)
        >>> network(torch.rand(2, 3, 40, 30)).shape, network.predict_ab(torch.rand(2, 3, 40, 30)).shape
        (torch.Size([2, 3, 40, 30]), torch.Size([2, 2, 40, 30]))
    """

    working_size: Tensor

    def __init__(
        self, generator: Generator, color_space: ColorSpace | None = None, hints: Hints | None = None, size: int = 256
    ) -> None:
        super().__init__()
        self.color_space = color_space if color_space is not None else Lab()
        self.hints = hints if hints is not None else NoHints()
        self.generator = generator
        self.register_buffer("working_size", torch.tensor(size, dtype=torch.int64))

    @property
    def size(self) -> int:
        """Side in pixels of the photos it was trained on."""
        return int(self.working_size)

    @property
    def takes_hints(self) -> bool:
        """Whether the generator follows hints."""
        return self.hints.channels(self.color_space.channels) > 0

    def predict(self, gray: Tensor, hints: Tensor | None = None) -> Tensor:
        """Runs the generator.

        Args:
            gray: (B, 1, H, W) in [-1, 1], H and W multiples of ``generator.size_multiple``.
            hints: (B, h, H, W) as made by ``self.hints``; ``None`` gives none.

        Returns:
            The color channels, (B, ``color_space.channels``, H, W) in [-1, 1].
        """
        if hints is None:
            channels = self.hints.channels(self.color_space.channels)
            hints = gray.new_zeros(1).expand(gray.shape[0], channels, *gray.shape[-2:])
        color: Tensor = self.generator(torch.cat([gray, hints.to(gray.dtype)], dim=1))
        return color

    def split_and_predict(self, rgb: Tensor, hints: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Takes the gray from photos of any size and predicts their color.

        Args:
            rgb: (B, 3, H, W) in [0, 1]; it is padded to a size that the generator accepts.
            hints: (B, h, H, W) as made by ``self.hints``, or ``None``.

        Returns:
            gray (B, 1, H, W) and color (B, ``color_space.channels``, H, W), both in [-1, 1].
        """
        gray, _ = self.color_space.split(rgb)
        height, width = gray.shape[-2:]
        color = self.predict(self._pad(gray), None if hints is None else self._pad(hints))
        return gray, color[..., :height, :width].float()

    def forward(self, rgb: Tensor, hints: Tensor | None = None) -> Tensor:
        """Colorizes photos at their own resolution; only the gray of ``rgb`` is used.

        Args:
            rgb: (B, 3, H, W) in [0, 1], of any size.
            hints: (B, h, H, W) as made by ``self.hints``, or ``None``.

        Returns:
            (B, 3, H, W) in [0, 1].
        """
        merged: Tensor = self.color_space.merge(*self.split_and_predict(rgb, hints))
        return merged.clamp(0.0, 1.0)

    def predict_ab(self, rgb: Tensor, hints: Tensor | None = None) -> Tensor:
        """Predicts the chroma of photos; arguments as for :meth:`forward`.

        Returns:
            a* and b*, float32 (B, 2, H, W), in the units of CIE Lab.
        """
        return self.color_space.to_ab(*self.split_and_predict(rgb, hints))

    def _pad(self, image: Tensor) -> Tensor:
        """Extends the lower and right edges, by repetition, to the next size that the generator accepts."""
        multiple = self.generator.size_multiple
        least = -(-self.generator.min_size // multiple)
        for dim in (-2, -1):
            length = image.shape[dim]
            steps = (length + multiple - 1) // multiple  # of positive numbers: ONNX rounds toward zero
            wanted = multiple * (torch.sym_max(steps, least) if least > 1 else steps)
            if torch.compiler.is_exporting() or wanted != length:  # an exported graph pads whatever the size
                repeated = torch.arange(wanted, device=image.device).clamp(max=length - 1)
                image = image.index_select(dim, repeated)
        return image
