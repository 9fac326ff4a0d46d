"""JPEG files that encoders do not write."""

import struct


def many_scans(side: int, number: int) -> bytes:
    """A progressive JPEG file, gray, with scans that change nothing."""
    blocks = (-(-side // 8)) ** 2
    runs = "".join("0" + format(min(blocks - start, 32767) | 16384, "015b")[1:] for start in range(0, blocks, 32767))
    bits = runs + "1" * (-len(runs) % 8)
    changes_nothing = int(bits, 2).to_bytes(len(bits) // 8).replace(b"\xff", b"\xff\x00")

    def segment(marker: int, content: bytes) -> bytes:
        return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content

    def table(symbol: int, kind: int) -> bytes:
        return segment(0xC4, bytes([kind, 1, *[0] * 15, symbol]))

    return b"".join(
        [
            b"\xff\xd8",
            segment(0xDB, bytes([0, *[1] * 64])),
            segment(0xC2, struct.pack(">BHHB", 8, side, side, 1) + bytes([1, 0x11, 0])),
            table(0, 0x00),
            table(0xE0, 0x10),
            segment(0xDA, bytes([1, 1, 0, 0, 0, 0])) + bytes(blocks // 8 + 1),
            *[segment(0xDA, bytes([1, 1, 0, 1, 63, 0])) + changes_nothing] * (number - 1),
            b"\xff\xd9",
        ]
    )
