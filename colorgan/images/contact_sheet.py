"""Sheets of pictures: photos in rows, what is compared in columns, every column titled.

The one way in which colorgan lays pictures side by side: the sample sheet of every epoch, ``colorgan inspect`` and the
reports all use it. Drawn with Pillow alone, so that it also works where torch is not installed.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from torch import Tensor

Pictures: TypeAlias = "Tensor | npt.NDArray[Any] | Sequence[Tensor | npt.NDArray[Any]]"

_PAPER = (255, 255, 255)
_INK = (32, 32, 32)
_FAINT = (110, 110, 110)
_SMALLEST_TILE = 96


def to_uint8(picture: "Tensor | npt.NDArray[Any]") -> npt.NDArray[np.uint8]:
    """One picture as displayable bytes.

    Args:
        picture: a tensor, channels first (3 or 1, H, W), or an array, channels last (H, W, 3 or 1) or (H, W). Floating
            values are in [0, 1] and are rounded, not truncated; values outside are clipped and NaN is drawn black.

    Returns:
        Array (H, W, 3) of uint8.

    Raises:
        ValueError: for any other shape.

    Example:
        >>> to_uint8(np.full((1, 1), 0.5)).tolist()
        [[[128, 128, 128]]]
    """
    if isinstance(picture, np.ndarray):
        array = picture
    else:
        host = picture.detach().cpu()
        array = (host.float() if host.is_floating_point() else host).numpy()  # NumPy has no bfloat16
        if array.ndim == 3:
            array = array.transpose(1, 2, 0)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3) or 0 in array.shape:
        raise ValueError(
            f"a picture on a sheet is a tensor (3, H, W) or (1, H, W) or an array (H, W, 3) or (H, W); "
            f"received {type(picture).__name__} of shape {tuple(picture.shape)}"
        )
    if array.dtype != np.uint8:
        floats = np.nan_to_num(array.astype(np.float64), nan=0.0, posinf=1.0, neginf=0.0)
        array = np.rint(floats.clip(0.0, 1.0) * 255.0).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(array, (*array.shape[:2], 3)))


def contact_sheet(
    columns: Mapping[str, Pictures],
    *,
    captions: Sequence[str] | None = None,
    title: str = "",
    blocks: int = 1,
    tile: int | None = None,
) -> Image.Image:
    """Draws pictures in titled columns, one photo a row.

    Args:
        columns: title of a column to its pictures: a batch (tensor (N, 3 or 1, H, W) or array (N, H, W, 3)), or a list
            of pictures, whose sizes may differ. Values as in :func:`to_uint8`. Every column holds as many pictures.
        captions: a line of text under each row, such as the file's name; shortened where it does not fit.
        title: a line above everything; wrapped where it does not fit.
        blocks: how many photos stand side by side; 20 photos in 2 blocks make 10 rows.
        tile: side in pixels of the square that each picture fits into. By default the longest side of any picture, but
            at least 96, small pictures being enlarged by a whole factor so that their pixels stay pixels.

    Returns:
        An RGB picture.

    Raises:
        ValueError: without pictures, or if the columns differ in length.

    Example:
        >>> gray, color = np.zeros((4, 64, 64, 1)), np.ones((4, 64, 64, 3))
        >>> contact_sheet({"gray": gray, "predicted": color}, blocks=2).mode
        'RGB'
    """
    pictures = {name: [to_uint8(picture) for picture in batch] for name, batch in columns.items()}
    counts = {name: len(batch) for name, batch in pictures.items()}
    if not counts or min(counts.values()) == 0 or len(set(counts.values())) > 1:
        raise ValueError(f"a sheet needs the same number of pictures, at least one, in every column; received {counts}")
    count = next(iter(counts.values()))
    if captions is not None and len(captions) != count:
        raise ValueError(f"a sheet of {count} rows needs {count} captions; received {len(captions)}")
    if blocks < 1:
        raise ValueError(f"a sheet has at least one block; received blocks={blocks}")

    longest = max(max(picture.shape[:2]) for batch in pictures.values() for picture in batch)
    if tile is None:
        tile = longest * -(-_SMALLEST_TILE // longest) if longest < _SMALLEST_TILE else longest
    blocks = min(blocks, count)
    rows = -(-count // blocks)

    heading, small = _font(max(13, min(28, tile // 8))), _font(max(11, min(18, tile // 12)))
    gap, margin, between = max(4, tile // 32), max(10, tile // 12), max(14, tile // 6)
    line, small_line = _height(heading), _height(small)
    block_width = len(pictures) * tile + (len(pictures) - 1) * gap
    width = 2 * margin + blocks * block_width + (blocks - 1) * between
    title_lines = _wrap(title, heading, width - 2 * margin)
    top = margin + len(title_lines) * line + (gap if title_lines else 0)
    row_height = tile + gap + (small_line if captions is not None else 0)
    paper = Image.new("RGB", (width, top + line + gap + rows * row_height + margin - gap), _PAPER)
    draw = ImageDraw.Draw(paper)
    for number, text in enumerate(title_lines):
        draw.text((margin, margin + number * line), text, _INK, heading)

    for block in range(blocks):
        for number, name in enumerate(pictures):
            x = margin + block * (block_width + between) + number * (tile + gap)
            text = _shorten(name, heading, tile)
            draw.text((x + (tile - heading.getlength(text)) / 2, top), text, _INK, heading)
    for index in range(count):
        block, row = divmod(index, rows)
        left = margin + block * (block_width + between)
        y = top + line + gap + row * row_height
        for number, batch in enumerate(pictures.values()):
            drawn = _fit(Image.fromarray(batch[index]), tile)
            corner = left + number * (tile + gap) + (tile - drawn.width) // 2, y + (tile - drawn.height) // 2
            paper.paste(drawn, corner)
        if captions is not None:
            draw.text((left, y + tile), _shorten(captions[index], small, block_width), _FAINT, small)
    return paper


def _fit(picture: Image.Image, tile: int) -> Image.Image:
    """The picture at the largest size that fits: whole factors upwards, smooth downwards."""
    longest = max(picture.size)
    factor = float(tile // longest) if longest <= tile else tile / longest
    size = max(1, round(picture.width * factor)), max(1, round(picture.height * factor))
    return picture.resize(size, Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.LANCZOS)


def _font(size: int) -> Any:
    """Pillow's own font at a size, so that a sheet looks the same on every machine."""
    return ImageFont.load_default(size)


def _height(font: Any) -> int:
    bottom = font.getbbox("Ågjp|")[3]
    return int(bottom) + 4


def _shorten(text: str, font: Any, width: float) -> str:
    """The text, its middle left out where it is wider than allowed: names differ at their beginnings and ends."""
    if font.getlength(text) <= width:
        return text
    for kept in range(len(text) - 1, 1, -1):
        shorter = f"{text[: (kept + 1) // 2]}…{text[len(text) - kept // 2 :]}"
        if font.getlength(shorter) <= width:
            return shorter
    return text[:1]


def _wrap(text: str, font: Any, width: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return [_shorten(line, font, width) for line in lines]
