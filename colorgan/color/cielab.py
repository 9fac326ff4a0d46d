"""CIE L*a*b* without torch: the lightness of photos of 8 and 16 bits, and colors at a given lightness.

White is D65. Nothing here changes a lightness: a color that a screen cannot show at its lightness loses chroma, along
a straight line toward gray, until it can. Clipping its red, green and blue instead would make it lighter or darker.
"""

import functools
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]
SRGBArray: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
"""sRGB as integers: 0 is black, 255 or 65535 is white."""

_RGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
_WHITE = _RGB_TO_XYZ.sum(axis=1)
_TO_XYZ = (_RGB_TO_XYZ / _WHITE[:, None]).astype(np.float32)
"""Linear RGB to X, Y, Z over those of white, so that gray has X = Y = Z and no chroma at all."""
_TO_RGB = np.linalg.inv(_RGB_TO_XYZ / _WHITE[:, None]).astype(np.float32)

_KNEE = np.float32(6 / 29)
_SLOPE = np.float32(3 * (6 / 29) ** 2)
_OFFSET = np.float32(4 / 29)
_ENCODED_STEPS = 65536
_ROWS = 256
_BISECTIONS = 9
_TOLERANCE = np.float32(5e-5)
"""Linear light this far outside of [0, 1] is less than a fifth of an 8-bit step."""


def to_8bit(codes: SRGBArray) -> npt.NDArray[np.uint8]:
    """The nearest 8-bit codes.

    >>> to_8bit(np.array([[0, 128, 129, 65535]], np.uint16)).tolist()
    [[0, 0, 1, 255]]
    """
    if codes.dtype == np.uint8:
        return codes.view(np.uint8)
    rounded = np.empty(codes.shape, np.uint8)
    for first in range(0, len(codes), _ROWS):  # the wider integers in between need little memory
        rows = slice(first, first + _ROWS)
        rounded[rows] = (codes[rows].astype(np.uint32) * 255 + 32895) >> 16
    return rounded


def srgb_to_linear(codes: SRGBArray) -> FloatArray:
    """Linear light in [0, 1] of sRGB codes, of any shape.

    >>> srgb_to_linear(np.array([0, 255], np.uint8)).tolist(), srgb_to_linear(np.array([65535], np.uint16)).tolist()
    ([0.0, 1.0], [1.0])
    """
    linear: FloatArray = _linear_of_codes(_top(codes))[codes]
    return linear


def linear_to_srgb(linear: FloatArray, dtype: npt.DTypeLike = np.uint8) -> npt.NDArray[Any]:
    """Gives the sRGB codes, uint8 or uint16, of linear light; what lies outside of [0, 1] is clipped.

    >>> linear_to_srgb(np.array([-1.0, 0.5, 2.0], np.float32)).tolist()
    [0, 188, 255]
    """
    inside = linear.clip(0.0, 1.0)
    if dtype == np.uint8:
        inside *= np.float32(_ENCODED_STEPS - 1)
        inside += np.float32(0.5)
        codes: npt.NDArray[Any] = _srgb_of_linear()[inside.astype(np.uint16)]
        return codes
    return np.rint(_curve(inside) * np.float32(65535.0)).astype(np.uint16)


def lightness(photo: SRGBArray) -> FloatArray:
    """L* of a photo.

    Args:
        photo: (H, W) gray or (H, W, 3) RGB, uint8 or uint16.

    Returns:
        (H, W) in [0, 100].

    Example:
        >>> lightness(np.array([[0, 119, 255]], np.uint8)).round(1).tolist()
        [[0.0, 50.0, 100.0]]
    """
    return fy(photo) * np.float32(116.0) - np.float32(16.0)


def fy(photo: SRGBArray) -> FloatArray:
    """CIE's f(Y / Yn) of a photo, which is (L* + 16) / 116: the form of the lightness that the conversions use.

    Args:
        photo: (H, W) gray or (H, W, 3) RGB, uint8 or uint16.

    Returns:
        (H, W), from 0.138 for black to 1 for white.
    """
    if photo.ndim == 2:
        gray: FloatArray = _gray_fy(_top(photo))[photo]
        return gray
    if (photo[..., 0] == photo[..., 1]).all() and (photo[..., 1] == photo[..., 2]).all():
        return fy(photo[..., 0])
    linear = srgb_to_linear(photo)
    return _f(linear[..., 0] * _TO_XYZ[1, 0] + linear[..., 1] * _TO_XYZ[1, 1] + linear[..., 2] * _TO_XYZ[1, 2])


def rgb_to_ab(photo: SRGBArray) -> FloatArray:
    """a* and b* of a photo.

    Args:
        photo: (H, W, 3) RGB, uint8 or uint16.

    Returns:
        (2, H, W), between -108 and 99.
    """
    linear = srgb_to_linear(photo)
    x, y, z = (_f(linear @ row) for row in _TO_XYZ)
    return np.stack([(x - y) * np.float32(500.0), (y - z) * np.float32(200.0)])


def lab_to_linear(fy: FloatArray, a: FloatArray, b: FloatArray) -> list[FloatArray]:
    """Linear red, green and blue at a given lightness, with as much of the given chroma as sRGB can show.

    Args:
        fy: (L* + 16) / 116, of any shape; see :func:`fy`.
        a: a*, of the same shape.
        b: b*, of the same shape.

    Returns:
        Three arrays of that shape, in [0, 1] to within 5e-5.

    Example:
        >>> light = np.full(1, (80 + 16) / 116, np.float32)
        >>> rgb = lab_to_linear(light, np.full(1, 90, np.float32), np.full(1, 0, np.float32))
        >>> [linear_to_srgb(channel).tolist() for channel in rgb]  # the pink that is left of it, still of lightness 80
        [[255], [177], [199]]
    """
    channels = _linear(fy, a, b)
    outside = _out_of_gamut(channels)
    if len(outside):
        fitted = _fitted(fy.ravel()[outside], a.ravel()[outside], b.ravel()[outside])
        shown = _linear(fy.ravel()[outside], *fitted)
        for channel, values in zip(channels, shown, strict=True):
            channel.ravel()[outside] = values
    return channels


def fit_chroma(fy: FloatArray, a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The largest chroma of the same hue, up to the given one, that sRGB can show at a given lightness.

    Args:
        fy: (L* + 16) / 116, of any shape; see :func:`fy`.
        a: a*, of the same shape.
        b: b*, of the same shape.

    Returns:
        a* and b*, of that shape.

    Example:
        >>> light = np.full(1, (80 + 16) / 116, np.float32)
        >>> a, b = fit_chroma(light, np.full(1, 90, np.float32), np.full(1, 0, np.float32))
        >>> a.round().tolist(), b.tolist()
        ([32.0], [0.0])
    """
    fitted_a, fitted_b = a.copy(), b.copy()
    outside = _out_of_gamut(_linear(fy, a, b))
    if len(outside):
        inner = _fitted(fy.ravel()[outside], a.ravel()[outside], b.ravel()[outside])
        fitted_a.ravel()[outside], fitted_b.ravel()[outside] = inner
    return fitted_a, fitted_b


def _out_of_gamut(channels: list[FloatArray]) -> npt.NDArray[np.intp]:
    """Flat indices of the colors that sRGB cannot show."""
    red, green, blue = channels
    lowest = np.minimum(np.minimum(red, green), blue)
    highest = np.maximum(np.maximum(red, green), blue)
    return np.flatnonzero((lowest < -_TOLERANCE) | (highest > 1 + _TOLERANCE))


def _fitted(fy: FloatArray, a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Finds the largest share of the chroma that fits into sRGB, by bisection."""
    share, step = np.full_like(fy, 0.5), np.float32(0.5)
    largest = np.zeros_like(fy)
    for _ in range(_BISECTIONS):
        red, green, blue = _linear(fy, a * share, b * share)
        fits = (red >= -_TOLERANCE) & (green >= -_TOLERANCE) & (blue >= -_TOLERANCE)
        fits &= (red <= 1 + _TOLERANCE) & (green <= 1 + _TOLERANCE) & (blue <= 1 + _TOLERANCE)
        largest = np.where(fits, share, largest)
        step /= np.float32(2.0)
        share = np.where(fits, share + step, share - step)
    return a * largest, b * largest


def _linear(fy: FloatArray, a: FloatArray, b: FloatArray) -> list[FloatArray]:
    x = _f_inverse(fy + a * np.float32(1 / 500))
    y = _f_inverse(fy)
    z = _f_inverse(fy - b * np.float32(1 / 200))
    return [x * row[0] + y * row[1] + z * row[2] for row in _TO_RGB]


def _f(light: FloatArray) -> FloatArray:
    """CIE's f: the cube root, and a straight line near black."""
    curved: FloatArray = np.cbrt(light)
    dark = light <= _KNEE**3
    if dark.any():
        curved[dark] = light[dark] / _SLOPE + _OFFSET
    return curved


def _f_inverse(value: FloatArray) -> FloatArray:
    light: FloatArray = value * value
    light *= value
    dark = value <= _KNEE
    if dark.any():
        light[dark] = (value[dark] - _OFFSET) * _SLOPE
    return light


def _curve(linear: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The sRGB transfer curve, from light to signal."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)


def _top(codes: SRGBArray) -> int:
    return int(np.iinfo(codes.dtype).max)


@functools.cache
def _linear_of_codes(top: int) -> FloatArray:
    signal = np.arange(top + 1) / top
    linear = np.where(signal <= 0.04045, signal / 12.92, ((signal + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


@functools.cache
def _gray_fy(top: int) -> FloatArray:
    return _f(_linear_of_codes(top))


@functools.cache
def _srgb_of_linear() -> npt.NDArray[np.uint8]:
    codes: npt.NDArray[np.uint8] = np.rint(_curve(np.arange(_ENCODED_STEPS) / (_ENCODED_STEPS - 1)) * 255).astype(
        np.uint8
    )
    return codes
