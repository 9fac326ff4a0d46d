"""Contact sheets: images in titled columns, one photo per row.

Used for the sample sheet of each epoch, ``colorgan inspect`` and the reports. Needs only Pillow and NumPy, so it also
works without torch.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from torch import Tensor

ImageBatch: TypeAlias = "Tensor | npt.NDArray[Any] | Sequence[Tensor | npt.NDArray[Any]]"
"""A batch (tensor (N, 3 or 1, H, W) or array (N, H, W, 3 or 1)), or a sequence of images, which may differ in size."""

_BACKGROUND = (255, 255, 255)
_TEXT = (32, 32, 32)
_CAPTION = (110, 110, 110)
_MIN_TILE = 96


def evenly_spaced(count: int, total: int) -> list[int]:
    """Positions of up to ``count`` items spread evenly over ``total`` items, without repetition.

    >>> evenly_spaced(3, 10), evenly_spaced(5, 2)
    ([0, 4, 9], [0, 1])
    """
    if total <= count:
        return list(range(total))
    return [round(position * (total - 1) / max(1, count - 1)) for position in range(count)]


def to_rgb_uint8(image: "Tensor | npt.NDArray[Any]") -> npt.NDArray[np.uint8]:
    """Converts one image to 8-bit RGB for display.

    Args:
        image: a tensor (3 or 1, H, W), or an array (H, W, 3 or 1) or (H, W); uint8 or float in [0, 1]. Floats are
            rounded, values out of range are clipped, and NaN becomes black.

    Returns:
        Array (H, W, 3) of uint8.

    Raises:
        ValueError: if the image has another shape.

    Example:
        >>> to_rgb_uint8(np.full((1, 1), 0.5)).tolist()
        [[[128, 128, 128]]]
    """
    if isinstance(image, np.ndarray):
        array = image
    else:
        host = image.detach().cpu()
        array = (host.float() if host.is_floating_point() else host).numpy()  # NumPy has no bfloat16
        if array.ndim == 3:
            array = array.transpose(1, 2, 0)
    if array.ndim == 2:
        array = array[..., None]
    if array.ndim != 3 or array.shape[2] not in (1, 3) or 0 in array.shape:
        raise ValueError(
            "an image on a contact sheet must be a tensor (3 or 1, H, W) or an array (H, W, 3 or 1) or (H, W); "
            f"received {type(image).__name__} of shape {tuple(image.shape)}"
        )
    if array.dtype != np.uint8:
        floats = np.nan_to_num(array.astype(np.float64), nan=0.0, posinf=1.0, neginf=0.0)
        array = np.rint(floats.clip(0.0, 1.0) * 255.0).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(array, (*array.shape[:2], 3)))


def contact_sheet(
    columns: Mapping[str, ImageBatch],
    *,
    captions: Sequence[str] | None = None,
    title: str = "",
    blocks: int = 1,
    tile: int | None = None,
) -> Image.Image:
    """Draws images in titled columns, one photo per row.

    Args:
        columns: maps column titles to images, with values as in :func:`to_rgb_uint8`. All columns must have the same
            number of images.
        captions: one line of text for each row, such as the file name; shortened if it does not fit.
        title: heading of the sheet; wrapped if it does not fit.
        blocks: number of photos side by side; 20 photos in 2 blocks take 10 rows.
        tile: side in pixels of the square that each image is fitted into. By default the longest side of any image, but
            at least 96; smaller images are enlarged by an integer factor, so that single pixels remain visible.

    Returns:
        An RGB image.

    Raises:
        ValueError: if there are no images, or the columns differ in length.

    Example:
        >>> gray, color = np.zeros((4, 64, 64, 1)), np.ones((4, 64, 64, 3))
        >>> contact_sheet({"gray": gray, "predicted": color}, blocks=2).mode
        'RGB'
    """
    images = {name: [to_rgb_uint8(image) for image in batch] for name, batch in columns.items()}
    counts = {name: len(batch) for name, batch in images.items()}
    if not counts or min(counts.values()) == 0 or len(set(counts.values())) > 1:
        raise ValueError(
            f"all columns of a contact sheet need the same number of images, at least one; received {counts}"
        )
    count = next(iter(counts.values()))
    if captions is not None and len(captions) != count:
        raise ValueError(f"a contact sheet of {count} rows needs {count} captions; received {len(captions)}")
    if blocks < 1:
        raise ValueError(f"blocks must be at least 1; received blocks={blocks}")

    longest = max(max(image.shape[:2]) for batch in images.values() for image in batch)
    if tile is None:
        tile = longest * -(-_MIN_TILE // longest) if longest < _MIN_TILE else longest
    blocks = min(blocks, count)
    rows = -(-count // blocks)

    heading, small = _font(max(13, min(28, tile // 8))), _font(max(11, min(18, tile // 12)))
    gap, margin, between = max(4, tile // 32), max(10, tile // 12), max(14, tile // 6)
    line, small_line = _height(heading), _height(small)
    block_width = len(images) * tile + (len(images) - 1) * gap
    width = 2 * margin + blocks * block_width + (blocks - 1) * between
    title_lines = _wrap(title, heading, width - 2 * margin)
    top = margin + len(title_lines) * line + (gap if title_lines else 0)
    row_height = tile + gap + (small_line if captions is not None else 0)
    sheet = Image.new("RGB", (width, top + line + gap + rows * row_height + margin - gap), _BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    for number, text in enumerate(title_lines):
        draw.text((margin, margin + number * line), text, _TEXT, heading)

    for block in range(blocks):
        for number, name in enumerate(images):
            x = margin + block * (block_width + between) + number * (tile + gap)
            text = _shorten(name, heading, tile)
            draw.text((x + (tile - heading.getlength(text)) / 2, top), text, _TEXT, heading)
    for index in range(count):
        block, row = divmod(index, rows)
        left = margin + block * (block_width + between)
        y = top + line + gap + row * row_height
        for number, batch in enumerate(images.values()):
            drawn = _fit(Image.fromarray(batch[index]), tile)
            corner = left + number * (tile + gap) + (tile - drawn.width) // 2, y + (tile - drawn.height) // 2
            sheet.paste(drawn, corner)
        if captions is not None:
            draw.text((left, y + tile), _shorten(captions[index], small, block_width), _CAPTION, small)
    return sheet


def _fit(image: Image.Image, tile: int) -> Image.Image:
    """Scales an image to the largest size that fits: up by integer factors, down with antialiasing."""
    longest = max(image.size)
    factor = float(tile // longest) if longest <= tile else tile / longest
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    return image.resize(size, Image.Resampling.NEAREST if factor >= 1 else Image.Resampling.LANCZOS)


def _font(size: int) -> Any:
    """Pillow's built-in font, so that sheets look the same on every machine."""
    return ImageFont.load_default(size)


def _height(font: Any) -> int:
    bottom = font.getbbox("Ågjp|")[3]
    return int(bottom) + 4


def _shorten(text: str, font: Any, width: float) -> str:
    """Replaces the middle of the text with an ellipsis if it is too wide: file names differ at both ends."""
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
