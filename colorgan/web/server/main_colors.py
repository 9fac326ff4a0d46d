"""The main colors of a photo, for a palette to pick from."""

import numpy as np
from PIL import Image

from colorgan.color import cielab
from colorgan.images import RGBArray
from colorgan.inference.small_image import downscale, working_shape

_SIZE = 96
_NUM_CLUSTERS = 48
_NUM_COLORS = 8
_MIN_DISTANCE = 12.0
"""In L*, a* and b*, where a difference in L* counts half: two tints of one color are less useful than two colors."""


def main_colors(photo: RGBArray) -> list[str]:
    """The main colors of a photo, each visibly different from the others.

    The photo is quantized (median cut, then k-means). The first color is that of the most pixels; each further one is
    the cluster with the largest product of its distance from those chosen and the square root of its size, so that a
    small red coat comes before the third gray of the sky.

    Args:
        photo: (H, W, 3).

    Returns:
        At most eight colors, ``#rrggbb``.

    Example:
        >>> main_colors(np.full((4, 4, 3), (200, 30, 30), np.uint8))
        ['#c81e1e']
    """
    small = Image.fromarray(downscale(photo, working_shape(photo.shape[:2], _SIZE)))
    quantized = small.quantize(_NUM_CLUSTERS, Image.Quantize.MEDIANCUT, kmeans=2, dither=Image.Dither.NONE)
    counts = np.bincount(np.asarray(quantized).ravel(), minlength=_NUM_CLUSTERS)
    used = np.flatnonzero(counts)
    rgb = np.array(quantized.getpalette(), np.uint8).reshape(-1, 3)[used]
    lab = np.vstack([cielab.lightness(rgb[None]) / 2, cielab.rgb_to_ab(rgb[None])[:, 0]]).T
    share = np.sqrt(counts[used] / counts.sum())
    chosen = [int(share.argmax())]
    distance = np.linalg.norm(lab - lab[chosen[0]], axis=1)
    while len(chosen) < _NUM_COLORS:
        score = np.where(distance >= _MIN_DISTANCE, distance * share, 0)
        if not score.any():
            break
        chosen.append(int(score.argmax()))
        distance = np.minimum(distance, np.linalg.norm(lab - lab[chosen[-1]], axis=1))
    return ["#{:02x}{:02x}{:02x}".format(*rgb[index]) for index in chosen]
