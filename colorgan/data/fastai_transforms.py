"""The augmentation of fastai 1, as a transform of torchvision."""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms import v2

from colorgan.errors import ColorganError

_CORNERS = torch.tensor([[-1.0, -1.0], [-1.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
"""Corners of a photo as (x, y)."""


class FastaiTransforms(v2.Transform):
    """Flips, warps, rotates, zooms and relights photos as ``get_transforms`` of fastai 1, with its names and defaults.

    Warp, rotation and zoom are one interpolation, with reflection at the borders. Brightness and contrast are changed
    in logit space, where black and white keep their values (Howard and Gugger 2020, https://arxiv.org/abs/2002.04688).

    Args:
        do_flip: mirror half of the photos.
        max_rotate: largest rotation, in degrees.
        max_zoom: largest magnification, around a random point.
        max_warp: largest distance of a corner from its place, as a fraction of half of the photo's side.
        max_lighting: largest change of brightness and of contrast, in [0, 1).
        p_affine: probability of a warp, and of a rotation, and of a zoom.
        p_lighting: probability of a change of brightness, and of one of contrast.

    Raises:
        ColorganError: for an argument out of range.

    Example:
        >>> FastaiTransforms(max_lighting=0.5)(torch.zeros(3, 8, 8, dtype=torch.uint8)).sum()
        tensor(0)
    """

    def __init__(
        self,
        do_flip: bool = True,
        max_rotate: float = 10.0,
        max_zoom: float = 1.1,
        max_warp: float = 0.2,
        max_lighting: float = 0.2,
        p_affine: float = 0.75,
        p_lighting: float = 0.75,
    ) -> None:
        super().__init__()
        limits = {
            "max_rotate": (max_rotate, 0, 180),
            "max_zoom": (max_zoom, 1, 10),
            "max_warp": (max_warp, 0, 0.5),
            "max_lighting": (max_lighting, 0, 0.99),
            "p_affine": (p_affine, 0, 1),
            "p_lighting": (p_lighting, 0, 1),
        }
        for name, (value, lowest, highest) in limits.items():
            if not lowest <= value <= highest:
                raise ColorganError(f"{name} of FastaiTransforms must be from {lowest} to {highest}; received {value}")
        self.do_flip, self.p_affine, self.p_lighting = do_flip, p_affine, p_lighting
        self.max_rotate, self.max_zoom, self.max_warp = max_rotate, max_zoom, max_warp
        self.max_lighting = max_lighting

    def forward(self, *inputs: Any) -> Any:
        """Augments a photo, (3, H, W) uint8."""
        (image,) = inputs
        photo = image.float() / 255
        matrix = self._motion()
        if not torch.equal(matrix, torch.eye(3)):
            photo = _resample(photo, matrix)
        photo = self._light(photo)
        return (255 * photo).round().clamp(0, 255).to(torch.uint8)

    def _motion(self) -> Tensor:
        """The homography (3, 3) from places in the result to places in the photo, both in [-1, 1]."""
        matrix = torch.eye(3)
        if self.do_flip and _happens(0.5):
            matrix = torch.diag(torch.tensor([-1.0, 1.0, 1.0]))
        if self.max_rotate and _happens(self.p_affine):
            angle = math.radians(_uniform(-self.max_rotate, self.max_rotate))
            matrix = matrix @ torch.tensor(
                [[math.cos(angle), -math.sin(angle), 0.0], [math.sin(angle), math.cos(angle), 0.0], [0.0, 0.0, 1.0]]
            )
        if self.max_zoom > 1 and _happens(self.p_affine):
            part = 1 / _uniform(1, self.max_zoom)
            x, y = ((1 - part) * _uniform(-1, 1) for _ in range(2))
            matrix = matrix @ torch.tensor([[part, 0.0, x], [0.0, part, y], [0.0, 0.0, 1.0]])
        if self.max_warp and _happens(self.p_affine):
            right, left, bottom, top = (_uniform(-self.max_warp, self.max_warp) for _ in range(4))
            shifts = torch.tensor([[top, left], [bottom, left], [top, right], [bottom, right]])
            matrix = matrix @ _homography(_CORNERS, _CORNERS * (1 + shifts))
        return matrix

    def _light(self, photo: Tensor) -> Tensor:
        shift, factor, limit = 0.0, 1.0, self.max_lighting
        if limit and _happens(self.p_lighting):
            change = _uniform(0.5 * (1 - limit), 0.5 * (1 + limit))
            shift = math.log(change / (1 - change))
        if limit and _happens(self.p_lighting):
            factor = math.exp(_uniform(math.log(1 - limit), -math.log(1 - limit)))
        if (shift, factor) == (0.0, 1.0):
            return photo
        return torch.sigmoid((torch.logit(photo, eps=1e-7) + shift) * factor)


def _homography(source: Tensor, target: Tensor) -> Tensor:
    """The homography (3, 3) that takes four points (4, 2) to four others."""
    rows, values = [], []
    for (x, y), (u, v) in zip(source.tolist(), target.tolist(), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    solution = torch.linalg.solve(torch.tensor(rows, dtype=torch.float64), torch.tensor(values, dtype=torch.float64))
    return torch.cat([solution, solution.new_ones(1)]).view(3, 3).float()


def _resample(photo: Tensor, matrix: Tensor) -> Tensor:
    """Reads a photo (C, H, W) at the places that a homography gives, with bilinear interpolation."""
    grid = F.affine_grid(torch.eye(2, 3)[None], [1, 1, *photo.shape[-2:]], align_corners=False)[0]
    places = torch.cat([grid, torch.ones_like(grid[..., :1])], dim=-1) @ matrix.T
    grid = places[..., :2] / places[..., 2:]
    return F.grid_sample(photo[None], grid[None], padding_mode="reflection", align_corners=False)[0]


def _happens(probability: float) -> bool:
    return bool(torch.rand(()) < probability)


def _uniform(low: float, high: float) -> float:
    return low + (high - low) * float(torch.rand(()))
