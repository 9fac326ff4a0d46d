"""Comparison of photos that may be edited copies of each other: candidates by low frequencies, then alignment.

A copy may be recompressed, scaled, brighter or darker, of other contrast, mirrored, turned by quarters, framed, or
cropped by a few percent. Low frequencies of the cosine transform survive all of this except mirroring and turning,
which only change their signs and order. As photos that merely look alike share low frequencies, too, each candidate is
aligned by its enhanced correlation coefficient (Evangelidis and Psarakis 2008), and its details are compared.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float32]
Thumbnails: TypeAlias = npt.NDArray[np.uint8]

SIDE = 72
"""Height and width of thumbnails in pixels."""

_MAX_FRAME = 0.1  # of the side; a wider border of one color is the background of the photo
_MAX_FRAME_NOISE = 3.0  # mean absolute deviation within a line of a frame, of 255

_FREQUENCIES = 6  # in each direction
_CROPS = (
    ((0.0, 1.0), (0.0, 1.0)),
    ((0.025, 0.975), (0.025, 0.975)),
    ((0.05, 0.95), (0.05, 0.95)),
    *(((y, y + 0.95), (x, x + 0.95)) for y in (0.0, 0.05) for x in (0.0, 0.05)),
)  # what a copy may have kept of the rows and columns
_MIN_CORRELATION = 0.8  # of low frequencies
_MIN_CONTRAST = 2.0  # root mean square of low frequencies, of 255; flat photos have no details to compare
_MAX_CANDIDATES = 8  # per photo
_MAX_COMPARED = 4000  # photos; of more, each is compared with those of some cells
_CELL_SIZE, _PROBES = 1000, 3  # photos for each cell, and cells for each photo
_BLOCK_ROWS, _BLOCK_COLUMNS = 1024, 32  # photos; the product of two blocks takes 7 MB

_MARGIN = 8  # pixels; how far a copy may be shifted
_DETAIL_SIGMA = 3.0  # pixels; what is smoother is light, not detail
_MIN_SHIFTED_CORRELATION = 0.35  # of details after the best shift
_MIN_OVERLAP = 0.7  # of the area
_MAX_DISTORTION = 0.2  # of the affine map
_STEPS = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 40, 1e-4)


class Candidate(NamedTuple):
    """A pair of photos whose low frequencies agree.

    Attributes:
        one: position of the one photo.
        other: position of the other.
        view: which crop and turn of the other photo agrees with the one; see :func:`seen_as`.
        correlation: of their low frequencies.
    """

    one: int
    other: int
    view: int
    correlation: float


def thumbnail(photo: npt.NDArray[Any]) -> Thumbnails:
    """Shrinks the brightness of a photo, without its frame.

    Args:
        photo: (side, side, 3) uint8.

    Returns:
        (72, 72) uint8.
    """
    gray = cv2.cvtColor(np.ascontiguousarray(photo), cv2.COLOR_RGB2GRAY)
    top, bottom, left, right = (_frame_width(lines) for lines in (gray, gray[::-1], gray.T, gray.T[::-1]))
    height, width = gray.shape[0] - top - bottom, gray.shape[1] - left - right
    side = min(height, width)  # a frame around a photo that was cut to a square may be left at two sides only
    y, x = top + (height - side) // 2, left + (width - side) // 2
    small: Thumbnails = cv2.resize(
        gray[y : y + side, x : x + side],
        (SIDE, SIDE),
        interpolation=cv2.INTER_AREA if side > SIDE else cv2.INTER_LINEAR,
    )
    return small


def _frame_width(gray: npt.NDArray[np.uint8]) -> int:
    """The number of first lines of one color, and one more, which mixes it with the photo. 0 without a frame."""
    color = np.median(gray[0])
    widest = int(_MAX_FRAME * len(gray))
    for width in range(widest + 1):
        if np.abs(gray[width] - color).mean() > _MAX_FRAME_NOISE:
            return width + 1 if width else 0
    return 0


def low_frequencies(thumbnails: Thumbnails) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Computes normalized low frequencies of several crops.

    Args:
        thumbnails: (N, 72, 72) uint8.

    Returns:
        Low frequencies (N, crops, 6, 6) without the mean, of norm 1, and whether each photo has any contrast, (N,).
    """
    frequency = np.arange(_FREQUENCIES, dtype=np.float32)
    weights = np.hypot(frequency[:, None], frequency[None])  # photos have less of higher ones: this gives each a say
    gray = thumbnails.astype(np.float32)
    crops: list[FloatArray] = []
    for rows, columns in _CROPS:
        cosines = _cosines(*rows) @ gray @ _cosines(*columns).T
        cosines[:, 0, 0] = 0
        if not crops:
            has_contrast = np.linalg.norm(cosines, axis=(1, 2)) >= _MIN_CONTRAST
        weighted = cosines * weights
        crops.append(weighted / np.maximum(np.linalg.norm(weighted, axis=(1, 2), keepdims=True), 1e-6))
    return np.stack(crops, axis=1), has_contrast


def find_candidates(crops: FloatArray) -> Iterator[Candidate]:
    """Finds pairs of photos whose low frequencies agree; for each photo those that agree most.

    Up to 4,000 photos, each is compared with all views of all others. Of more, views are sorted into cells around some
    of the photos, and each photo is compared with those of the three nearest cells: the time per photo stays level, and
    one of a hundred copies is missed.

    Args:
        crops: (N, crops, 6, 6) low frequencies; see :func:`low_frequencies`.

    Yields:
        Candidates. Most pairs occur twice, the other way around, and those of several cells more often.
    """
    whole = crops[:, 0].reshape(len(crops), _FREQUENCIES**2)
    everything = np.arange(len(crops))
    if len(crops) <= _MAX_COMPARED:
        yield from _compare(whole, crops, everything, everything)
        return
    centers = whole[np.linspace(0, len(crops) - 1, len(crops) // _CELL_SIZE).astype(int)]
    nearest = np.concatenate(
        [np.argsort(whole[start:stop] @ -centers.T, axis=1)[:, :_PROBES] for start, stop in _blocks(len(crops))]
    )
    cell_of_view = np.concatenate(
        [(_views(crops[start:stop]) @ centers.T).argmax(axis=2) for start, stop in _blocks(len(crops))]
    ).astype(np.int32)
    for cell in range(len(centers)):
        rows = np.flatnonzero((nearest == cell).any(axis=1))
        is_inside = cell_of_view == cell
        columns = np.flatnonzero(is_inside.any(axis=1))
        yield from _compare(whole, crops, rows, columns, is_inside)


def _blocks(count: int) -> Iterator[tuple[int, int]]:
    return ((start, start + _BLOCK_ROWS) for start in range(0, count, _BLOCK_ROWS))


def _compare(
    whole: FloatArray,
    crops: FloatArray,
    rows: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    is_inside: npt.NDArray[np.bool_] | None = None,
) -> Iterator[Candidate]:
    """Compares photos with views of others, of which ``is_inside``, (N, views), may select some."""
    for start, stop in _blocks(len(rows)):
        ones, hits = whole[rows[start:stop]], [np.zeros((0, 4))]
        for column in range(0, len(columns), _BLOCK_COLUMNS):
            others = columns[column : column + _BLOCK_COLUMNS]
            views = _views(crops[others])
            selected = np.argwhere(np.ones(views.shape[:2], bool) if is_inside is None else is_inside[others])
            product = ones @ views[selected[:, 0], selected[:, 1]].T
            row, hit = np.divmod(np.flatnonzero(product.reshape(-1) >= _MIN_CORRELATION), product.shape[1])
            other, view = selected[hit].T
            hits.append(np.stack([rows[start + row], others[other], view, product[row, hit]], axis=1))
        yield from _best(np.concatenate(hits))


def _views(crops: FloatArray) -> FloatArray:
    """All views of photos, (N, crops, 6, 6) -> (N, crops * 8, 36): mirroring changes signs, turning transposes."""
    alternating = (1 - 2 * (np.arange(_FREQUENCIES) % 2)).astype(np.float32)
    views = np.stack([crops, crops * alternating], axis=2)
    views = np.concatenate([views, views * alternating[:, None]], axis=2)
    views = np.concatenate([views, views.swapaxes(-1, -2)], axis=2)
    return views.reshape(len(crops), len(_CROPS) * 8, _FREQUENCIES**2)


def _best(hits: npt.NDArray[np.float64]) -> Iterator[Candidate]:
    """The best view of each pair, and the best pairs of each photo, of rows (one, other, view, correlation)."""
    hits = hits[hits[:, 0] != hits[:, 1]]
    hits = hits[np.lexsort((-hits[:, 3], hits[:, 1], hits[:, 0]))]
    hits = hits[np.append(True, (np.diff(hits[:, :2], axis=0) != 0).any(axis=1))[: len(hits)]]
    hits = hits[np.lexsort((-hits[:, 3], hits[:, 0]))]
    first = np.searchsorted(hits[:, 0], hits[:, 0])
    for one, other, view, correlation in hits[np.arange(len(hits)) - first < _MAX_CANDIDATES].tolist():
        yield Candidate(int(one), int(other), int(view), correlation)


def _cosines(start: float, stop: float) -> FloatArray:
    """The first functions of the orthonormal cosine transform of an interval of [0, 1], (frequencies, 72).

    They are divided by the root of the length, so that the squared transform sums up to the mean square.
    """
    first, last = start * SIDE, stop * SIDE
    pixels = np.arange(SIDE)
    inside = np.clip(np.minimum(pixels + 1, last) - np.maximum(pixels, first), 0, 1)
    frequency = np.arange(_FREQUENCIES)[:, None]
    waves = np.cos(np.pi * frequency * (pixels + 0.5 - first) / (last - first)) * inside
    waves *= np.where(frequency, np.sqrt(2), 1) / (last - first)
    rounded: FloatArray = waves.astype(np.float32)
    return rounded


def seen_as(small: Thumbnails, view: int) -> Thumbnails:
    """The crop and turn of a thumbnail that a candidate names, (72, 72) uint8."""
    crop, turn = divmod(view, 8)
    (top, bottom), (left, right) = _CROPS[crop]
    scale = np.array([[right - left, 0, left * SIDE], [0, bottom - top, top * SIDE]], np.float32)
    seen: Thumbnails = small
    if crop:
        scale[:, 2] += (np.diag(scale[:, :2]) - 1) / 2  # from the corners of pixels to their centers
        seen = cv2.warpAffine(small, scale, (SIDE, SIDE), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    if turn & 1:
        seen = seen[:, ::-1]
    if turn & 2:
        seen = seen[::-1]
    return np.ascontiguousarray(seen.T if turn & 4 else seen)


def aligned_correlation(one: Thumbnails, other: Thumbnails) -> float:
    """Aligns two thumbnails and compares their details.

    Args:
        one: (72, 72) uint8.
        other: (72, 72) uint8, seen as the candidate says.

    Returns:
        Correlation of the details where they overlap, in [-1, 1]; -1 if no alignment is found.
    """
    first, second = one.astype(np.float32), other.astype(np.float32)
    details, center = _details(first), slice(_MARGIN, SIDE - _MARGIN)
    shifted = cv2.matchTemplate(_details(second), details[center, center], cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(shifted)
    if not best >= _MIN_SHIFTED_CORRELATION:
        return -1.0
    start = np.array([[1, 0, x - _MARGIN], [0, 1, y - _MARGIN]], np.float32)
    try:
        _, affine = cv2.findTransformECC(first, second, start, cv2.MOTION_AFFINE, _STEPS, None, 5)
    except cv2.error:  # does not converge
        return -1.0
    if not np.abs(affine[:, :2] - np.eye(2)).max() <= _MAX_DISTORTION:
        return -1.0
    options = {"flags": cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP}
    inside = cv2.warpAffine(np.ones_like(second), affine, (SIDE, SIDE), **options) > 0.99
    if inside.mean() < _MIN_OVERLAP:
        return -1.0
    moved = _details(cv2.warpAffine(second, affine, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE, **options))
    inside = cv2.erode(inside.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    a, b = details[inside], moved[inside]
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / max(1e-6, float(np.linalg.norm(a) * np.linalg.norm(b))))


def _details(gray: FloatArray) -> FloatArray:
    smooth = cv2.GaussianBlur(gray, (0, 0), 0.8)
    details: FloatArray = smooth - cv2.GaussianBlur(gray, (0, 0), _DETAIL_SIGMA)
    return details
