"""CIE L*a*b* (D65) in NumPy: lightness of 8- and 16-bit photos, and colors of a given lightness.

No function here changes the lightness. A color outside the sRGB gamut loses chroma, along a straight line toward gray,
until it is inside. Clipping its red, green and blue instead would make it lighter or darker.
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
"""Linear RGB to XYZ relative to white, so that gray has X = Y = Z and zero chroma."""
_TO_RGB = np.linalg.inv(_RGB_TO_XYZ / _WHITE[:, None]).astype(np.float32)

_KNEE = np.float32(6 / 29)
_SLOPE = np.float32(3 * (6 / 29) ** 2)
_OFFSET = np.float32(4 / 29)
_SRGB_TABLE_SIZE = 65536
_ROWS_PER_CHUNK = 256
_NUM_BISECTIONS = 9
_TOLERANCE = np.float32(5e-5)
"""Linear values outside [0, 1] by less than this, a fifth of an 8-bit step, count as inside."""


def to_8bit(codes: SRGBArray) -> npt.NDArray[np.uint8]:
    """Rounds codes to 8 bits.

    >>> to_8bit(np.array([[0, 128, 129, 65535]], np.uint16)).tolist()
    [[0, 0, 1, 255]]
    """
    if codes.dtype == np.uint8:
        return codes.view(np.uint8)
    rounded = np.empty(codes.shape, np.uint8)
    for first in range(0, len(codes), _ROWS_PER_CHUNK):  # limits the memory of the uint32 intermediates
        rows = slice(first, first + _ROWS_PER_CHUNK)
        rounded[rows] = (codes[rows].astype(np.uint32) * 255 + 32895) >> 16
    return rounded


def srgb_to_linear(codes: SRGBArray) -> FloatArray:
    """Converts sRGB codes of any shape to linear RGB in [0, 1].

    >>> srgb_to_linear(np.array([0, 255], np.uint8)).tolist(), srgb_to_linear(np.array([65535], np.uint16)).tolist()
    ([0.0, 1.0], [1.0])
    """
    return _linear_table(_max_code(codes)).take(codes)


def linear_to_srgb(linear: FloatArray, dtype: npt.DTypeLike = np.uint8) -> npt.NDArray[Any]:
    """Converts linear RGB to sRGB codes, uint8 or uint16; values outside [0, 1] are clipped.

    >>> linear_to_srgb(np.array([-1.0, 0.5, 2.0], np.float32)).tolist()
    [0, 188, 255]
    """
    clipped = linear.clip(0.0, 1.0)
    if dtype == np.uint8:
        clipped *= np.float32(_SRGB_TABLE_SIZE - 1)
        clipped += np.float32(0.5)
        return _srgb_table().take(clipped.astype(np.uint16))
    return np.rint(_srgb_transfer(clipped) * np.float32(65535.0)).astype(np.uint16)


def lightness(photo: SRGBArray) -> FloatArray:
    """Computes L* of a photo.

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
    """Computes CIE f(Y / Yn) = (L* + 16) / 116 of a photo, the form of lightness that the conversions use.

    Args:
        photo: (H, W) gray or (H, W, 3) RGB, uint8 or uint16.

    Returns:
        (H, W), from 0.138 (black) to 1 (white).
    """
    if photo.ndim == 2:
        return _fy_table(_max_code(photo)).take(photo)
    if (photo[..., 0] == photo[..., 1]).all() and (photo[..., 1] == photo[..., 2]).all():
        return fy(photo[..., 0])
    red, green, blue = _luminance_tables(_max_code(photo))
    luminance = red.take(photo[..., 0])
    luminance += green.take(photo[..., 1])
    luminance += blue.take(photo[..., 2])
    return _f(luminance)


def rgb_to_ab(photo: SRGBArray) -> FloatArray:
    """Computes a* and b* of a photo.

    Args:
        photo: (H, W, 3) RGB, uint8 or uint16.

    Returns:
        (2, H, W), between -108 and 99.
    """
    linear = srgb_to_linear(photo)
    x, y, z = (_f(linear @ row) for row in _TO_XYZ)
    return np.stack([(x - y) * np.float32(500.0), (y - z) * np.float32(200.0)])


def lab_to_linear(fy: FloatArray, a: FloatArray, b: FloatArray) -> list[FloatArray]:
    """Converts L*a*b* to linear red, green and blue, reducing the chroma of colors outside the sRGB gamut.

    Args:
        fy: (L* + 16) / 116, of any shape; see :func:`fy`.
        a: a*, of the same shape.
        b: b*, of the same shape.

    Returns:
        Three arrays of the same shape, in [0, 1] to within 5e-5.

    Example:
        >>> fy = np.full(1, (80 + 16) / 116, np.float32)
        >>> rgb = lab_to_linear(fy, np.full(1, 90, np.float32), np.full(1, 0, np.float32))
        >>> [linear_to_srgb(channel).tolist() for channel in rgb]  # a paler pink with L* = 80
        [[255], [177], [199]]
    """
    channels = _to_linear(fy, a, b)
    outside = _out_of_gamut(channels)
    if len(outside):
        fitted = _reduce_chroma(fy.ravel()[outside], a.ravel()[outside], b.ravel()[outside])
        fitted_channels = _to_linear(fy.ravel()[outside], *fitted)
        for channel, values in zip(channels, fitted_channels, strict=True):
            np.put(channel, outside, values)
    return channels


def fit_chroma(fy: FloatArray, a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Reduces the chroma of colors outside the sRGB gamut, keeping lightness and hue.

    Args:
        fy: (L* + 16) / 116, of any shape; see :func:`fy`.
        a: a*, of the same shape.
        b: b*, of the same shape.

    Returns:
        a* and b*, of the same shape.

    Example:
        >>> fy = np.full(1, (80 + 16) / 116, np.float32)
        >>> a, b = fit_chroma(fy, np.full(1, 90, np.float32), np.full(1, 0, np.float32))
        >>> a.round().tolist(), b.tolist()
        ([32.0], [0.0])
    """
    fitted_a, fitted_b = a.copy(), b.copy()
    outside = _out_of_gamut(_to_linear(fy, a, b))
    if len(outside):
        reduced = _reduce_chroma(fy.ravel()[outside], a.ravel()[outside], b.ravel()[outside])
        for plane, values in zip((fitted_a, fitted_b), reduced, strict=True):
            np.put(plane, outside, values)
    return fitted_a, fitted_b


def _out_of_gamut(channels: list[FloatArray]) -> npt.NDArray[np.intp]:
    """Flat indices of the colors outside the sRGB gamut."""
    red, green, blue = channels
    lowest = np.minimum(np.minimum(red, green), blue)
    highest = np.maximum(np.maximum(red, green), blue)
    return np.flatnonzero((lowest < -_TOLERANCE) | (highest > 1 + _TOLERANCE))


def _reduce_chroma(fy: FloatArray, a: FloatArray, b: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Scales a* and b* by the largest factor that fits into sRGB, found by bisection."""
    factor, step = np.full_like(fy, 0.5), np.float32(0.5)
    largest = np.zeros_like(fy)
    for _ in range(_NUM_BISECTIONS):
        red, green, blue = _to_linear(fy, a * factor, b * factor)
        fits = (red >= -_TOLERANCE) & (green >= -_TOLERANCE) & (blue >= -_TOLERANCE)
        fits &= (red <= 1 + _TOLERANCE) & (green <= 1 + _TOLERANCE) & (blue <= 1 + _TOLERANCE)
        largest = np.where(fits, factor, largest)
        step /= np.float32(2.0)
        factor = np.where(fits, factor + step, factor - step)
    return a * largest, b * largest


def _to_linear(fy: FloatArray, a: FloatArray, b: FloatArray) -> list[FloatArray]:
    x = _f_inverse(fy + a * np.float32(1 / 500))
    y = _f_inverse(fy)
    z = _f_inverse(fy - b * np.float32(1 / 200))
    return [x * row[0] + y * row[1] + z * row[2] for row in _TO_RGB]


def _f(linear: FloatArray) -> FloatArray:
    """CIE f: the cube root, with a linear segment near black."""
    f: FloatArray = np.cbrt(linear)
    dark = np.flatnonzero(linear <= _KNEE**3)  # indices are faster than a mask
    if len(dark):
        np.put(f, dark, linear.take(dark) / _SLOPE + _OFFSET)
    return f


def _f_inverse(f: FloatArray) -> FloatArray:
    linear: FloatArray = f * f
    linear *= f
    dark = np.flatnonzero(f <= _KNEE)
    if len(dark):
        np.put(linear, dark, (f.take(dark) - _OFFSET) * _SLOPE)
    return linear


def _srgb_transfer(linear: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The sRGB transfer function, from linear values to encoded values in [0, 1]."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * np.maximum(linear, 0.0031308) ** (1 / 2.4) - 0.055)


def _max_code(codes: SRGBArray) -> int:
    return int(np.iinfo(codes.dtype).max)


@functools.cache
def _linear_table(max_code: int) -> FloatArray:
    """The linear value of each sRGB code."""
    encoded = np.arange(max_code + 1) / max_code
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    return linear.astype(np.float32)


@functools.cache
def _luminance_tables(max_code: int) -> list[FloatArray]:
    """The part of each red, green and blue code in the luminance, relative to white."""
    return [_linear_table(max_code) * weight for weight in _TO_XYZ[1]]


@functools.cache
def _fy_table(max_code: int) -> FloatArray:
    """f(Y / Yn) of each gray code."""
    return _f(_linear_table(max_code))


@functools.cache
def _srgb_table() -> npt.NDArray[np.uint8]:
    """The 8-bit sRGB code of each linear value in steps of 1/65535."""
    encoded = _srgb_transfer(np.arange(_SRGB_TABLE_SIZE) / (_SRGB_TABLE_SIZE - 1))
    codes: npt.NDArray[np.uint8] = np.rint(encoded * 255).astype(np.uint8)
    return codes
