"""Bitmaps with run-length encoding, which Pillow reads but does not write."""

import struct

import numpy as np
import numpy.typing as npt


def run_length_bitmap(pixels: npt.NDArray[np.uint8], bits: int = 8) -> bytes:
    """Encodes gray pixels (H, W): values of 8 bits, or of 4 bits from 0 to 15."""
    height, width = pixels.shape
    runs = bytearray()
    for row in pixels[::-1]:
        column = 0
        while column < width:
            count = 1
            while column + count < width and count < 255 and row[column + count] == row[column]:
                count += 1
            value = int(row[column])
            runs += bytes([count, value if bits == 8 else value * 17])
            column += count
        runs += b"\0\0"
    runs += b"\0\1"
    palette = b"".join(bytes([level] * 3 + [0]) for level in range(0, 256, 1 if bits == 8 else 17))
    start = 14 + 40 + len(palette)
    colors = len(palette) // 4
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, 1 if bits == 8 else 2, len(runs), 0, 0, colors, 0)
    return b"BM" + struct.pack("<IHHI", start + len(runs), 0, 0, start) + header + palette + bytes(runs)
