"""The network that all tasks share: generator, color space and hints in one module."""

import torch
from torch import Tensor, nn

from colorgan.errors import ColorganError
from colorgan.models.color_spaces import ColorSpace, Lab, QuantizedLab
from colorgan.models.generators.base import Generator
from colorgan.models.hints import Hints, NoHints
from colorgan.models.layers.guided_enlargement import enlarge_along


class ColorizationNetwork(nn.Module):
    """A generator with its color space and its kind of hints.

    Args:
        generator: network from ``1 + hints.channels(color_space.channels)`` channels to
            ``color_space.output_channels``.
        color_space: color space of the generator; :class:`Lab` by default.
        hints: kind of hints that the generator was built for; :class:`NoHints` by default.
        size: height and width in pixels of the training photos, stored in the ``state_dict`` as ``working_size``.

    Raises:
        ColorganError: if the color space needs scores, which the generator does not predict.

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
        generator.predict_scores(self.color_space.predicts_scores, type(self.color_space).__name__)
        self.generator = generator
        self.register_buffer("working_size", torch.tensor(size, dtype=torch.int64))

    @property
    def size(self) -> int:
        """Height and width in pixels of the training photos."""
        return int(self.working_size)

    @property
    def takes_hints(self) -> bool:
        """Whether the generator takes hints."""
        return self.hints.channels(self.color_space.channels) > 0

    def run_generator(self, gray: Tensor, hints: Tensor | None = None) -> Tensor:
        """Runs the generator.

        Args:
            gray: (B, 1, H, W) in [-1, 1], H and W multiples of ``generator.size_multiple``.
            hints: (B, ``hints.channels(color_space.channels)``, H, W) from ``self.hints``, or None for no hints.

        Returns:
            Its output, (B, ``color_space.output_channels``, h, w) with h = H / ``generator.output_stride``.
        """
        if hints is None:
            channels = self.hints.channels(self.color_space.channels)
            hints = gray.new_zeros(1).expand(gray.shape[0], channels, *gray.shape[-2:])
        output: Tensor = self.generator(torch.cat([gray, hints.to(gray.dtype)], dim=1))
        return output

    def decode(self, output: Tensor, gray: Tensor) -> Tensor:
        """Turns the output of the generator into color at the size of the gray.

        Args:
            output: as returned by :meth:`run_generator`.
            gray: its gray, (B, 1, H, W) in [-1, 1].

        Returns:
            Color (B, ``color_space.channels``, H, W) in [-1, 1].
        """
        return enlarge_along(gray, self.color_space.decode(output), self.generator.output_stride, self.color_space)

    def predict(self, gray: Tensor, hints: Tensor | None = None) -> Tensor:
        """Predicts color. The arguments are those of :meth:`run_generator`.

        Returns:
            Color (B, ``color_space.channels``, H, W) in [-1, 1].
        """
        return self.decode(self.run_generator(gray, hints), gray)

    def split_and_predict(self, rgb: Tensor, hints: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Predicts the color of photos of any size from their gray.

        Args:
            rgb: (B, 3, H, W) in [0, 1], padded internally to a size that the generator accepts.
            hints: hint channels as in :meth:`predict`, or None.

        Returns:
            Gray (B, 1, H, W) and color (B, ``color_space.channels``, H, W), both in [-1, 1].
        """
        gray, _ = self.color_space.split(rgb)
        height, width = gray.shape[-2:]
        color = self.predict(self._pad(gray), None if hints is None else self._pad(hints))
        return gray, color[..., :height, :width].float()

    def forward(self, rgb: Tensor, hints: Tensor | None = None) -> Tensor:
        """Colorizes photos at full resolution; only the gray of ``rgb`` is used.

        Args:
            rgb: (B, 3, H, W) in [0, 1], of any size.
            hints: hint channels as in :meth:`predict`, or None.

        Returns:
            RGB (B, 3, H, W) in [0, 1].
        """
        merged: Tensor = self.color_space.merge(*self.split_and_predict(rgb, hints))
        return merged.clamp(0.0, 1.0)

    def predict_ab(self, rgb: Tensor, hints: Tensor | None = None) -> Tensor:
        """Predicts the chroma of photos. The arguments are those of :meth:`forward`.

        Returns:
            a* and b*, float32 (B, 2, H, W), in the units of CIE Lab.
        """
        return self.color_space.to_ab(*self.split_and_predict(rgb, hints))

    def predict_probabilities(self, rgb: Tensor, hints: Tensor | None = None) -> Tensor:
        """Predicts how probable each bin of a :class:`QuantizedLab` is. The arguments are those of :meth:`forward`.

        Returns:
            float32 (B, bins, ⌈H / s⌉, ⌈W / s⌉), where s is ``generator.output_stride``.

        Raises:
            ColorganError: in another color space.
        """
        if not isinstance(self.color_space, QuantizedLab):
            raise ColorganError(
                f"{type(self.color_space).__name__} has no probabilities of colors: use a model trained in QuantizedLab"
            )
        gray, _ = self.color_space.split(rgb)
        stride = self.generator.output_stride
        height, width = ((length + stride - 1) // stride for length in gray.shape[-2:])
        output = self.run_generator(self._pad(gray), None if hints is None else self._pad(hints))
        return self.color_space.probabilities(output[..., :height, :width])

    def _pad(self, image: Tensor) -> Tensor:
        """Replicates the lower and right edges up to the next size that the generator accepts."""
        multiple = self.generator.size_multiple
        min_steps = -(-self.generator.min_size // multiple)
        for dim in (-2, -1):
            length = image.shape[dim]
            steps = (length + multiple - 1) // multiple  # avoids negative operands: ONNX rounds toward zero
            padded = multiple * (torch.sym_max(steps, min_steps) if min_steps > 1 else steps)
            if torch.compiler.is_exporting() or padded != length:  # exported graphs cannot branch on the size
                position = torch.arange(padded, device=image.device).clamp(max=length - 1)
                image = image.index_select(dim, position)
        return image
