"""Colors to test color spaces with."""

import numpy as np
import torch
from torch import Tensor


def pixels(*colors: tuple[float, float, float]) -> Tensor:
    """(1, 3, 1, n) from n colors."""
    return torch.tensor(colors, dtype=torch.float32).T.reshape(1, 3, 1, -1).contiguous()


def cube(steps: int = 18) -> Tensor:
    """A regular grid of colors in sRGB, including black, white and the primaries."""
    axis = torch.linspace(0, 1, steps)
    return torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij")).reshape(1, 3, steps, steps * steps)


def as_array(rgb: Tensor) -> np.ndarray:
    return rgb[0].permute(1, 2, 0).double().numpy()


def as_tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array)).permute(2, 0, 1)[None].float()
