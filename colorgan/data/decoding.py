"""Decoding of photos to squares of one size, in parallel."""

import hashlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
import xxhash
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from colorgan.data.gray import is_gray
from colorgan.data.sources import PhotoSource
from colorgan.images import RGBArray, UnreadableImage
from colorgan.system.threads import available_cores

Fit: TypeAlias = Literal["crop", "resize"]
"""How a photo becomes a square: ``crop`` keeps the center, ``resize`` keeps everything and changes the aspect ratio."""

_PHOTOS_AHEAD = 16  # decoded photos per core that may wait to be written; twice as many with processes
_MIN_FOR_PROCESSES = 500  # below, starting them takes longer than they save
_WATCH_INTERVAL = 1.0  # seconds


@dataclass(frozen=True)
class DecodedPhoto:
    """A decoded photo and what the index of the cache records of it.

    Attributes:
        pixels: (side, side, 3) uint8, contiguous.
        size: original (width, height).
        gray: whether it has no color; see :func:`~colorgan.data.gray.is_gray`.
        digest: BLAKE2 digest of the pixels, in hexadecimal.
        checksum: 64-bit XXH3 of the pixels, which takes microseconds to compute.
        changes: what had to be changed to read it; see :class:`~colorgan.images.Photo`.
    """

    pixels: RGBArray
    size: tuple[int, int]
    gray: bool
    digest: str
    checksum: int
    changes: tuple[str, ...] = ()


def decode_all(
    sources: Sequence[PhotoSource], side: int, fit: Fit, progress: bool = True
) -> Iterator[tuple[PhotoSource, DecodedPhoto | UnreadableImage]]:
    """Decodes photos on all available CPU cores and yields them in order.

    Args:
        sources: photos to decode.
        side: height and width of the results in pixels.
        fit: see :data:`Fit`.
        progress: show a progress bar if standard error is a terminal.

    Yields:
        Each source with its decoded photo, or with the error if it cannot be read.
    """
    decode = _decode_in_processes if _processes_pay(sources) else _decode_in_threads
    with tqdm(total=len(sources), desc="Decoding photos", unit="photo", disable=None if progress else True) as bar:
        for source, decoded in zip(sources, decode(sources, side, fit), strict=True):
            yield source, decoded
            bar.update()


def _processes_pay(sources: Sequence[PhotoSource]) -> bool:
    """Whether processes are faster than threads, which for small photos mostly wait for Python's global lock.

    Processes are forked, because a new interpreter would import torch first. Only Linux forks safely.
    """
    return (
        len(sources) >= _MIN_FOR_PROCESSES
        and available_cores() > 1
        and sys.platform.startswith("linux")
        and not multiprocessing.current_process().daemon  # which may have no children
        and all(source.forkable for source in sources)
    )


def _decode_in_processes(
    sources: Sequence[PhotoSource], side: int, fit: Fit
) -> Iterator[DecodedPhoto | UnreadableImage]:
    loader: DataLoader[Any] = DataLoader(
        _Decoder(sources, side, fit),
        batch_size=_PHOTOS_AHEAD,
        num_workers=available_cores(),
        prefetch_factor=2,
        collate_fn=list,
        multiprocessing_context="fork",
        worker_init_fn=_end_with_parent,
        generator=torch.Generator(),  # leaves the global generator to the training
    )
    for batch in loader:
        yield from batch


def _end_with_parent(_: int) -> None:
    """Ends this worker if its parent is killed.

    A worker of PyTorch would wait forever until someone takes its last photos, and keep the lock of the cache that the
    parent was building.
    """
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_INTERVAL)
        os.kill(os.getpid(), signal.SIGKILL)

    threading.Thread(target=watch, daemon=True).start()


class _Decoder(Dataset[Any]):
    def __init__(self, sources: Sequence[PhotoSource], side: int, fit: Fit) -> None:
        self.sources, self.side, self.fit = sources, side, fit

    def __len__(self) -> int:
        return len(self.sources)

    def __getitem__(self, index: int) -> DecodedPhoto | UnreadableImage:
        return _decode(self.sources[index], self.side, self.fit)


def _decode_in_threads(sources: Sequence[PhotoSource], side: int, fit: Fit) -> Iterator[DecodedPhoto | UnreadableImage]:
    workers = available_cores()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="decode")
    try:
        remaining = iter(sources)
        waiting: deque[Future[DecodedPhoto | UnreadableImage]] = deque()
        # a window that moves on with each photo: memory stays flat, and no core waits for the slowest of a batch
        for source in islice(remaining, _PHOTOS_AHEAD * workers):
            waiting.append(pool.submit(_decode, source, side, fit))
        while waiting:
            decoded = waiting.popleft().result()
            waiting.extend(pool.submit(_decode, source, side, fit) for source in islice(remaining, 1))
            yield decoded
    finally:
        pool.shutdown(cancel_futures=True)  # after Ctrl-C, only the photos that are being decoded are finished


def to_square(photo: RGBArray, side: int, fit: Fit = "crop") -> RGBArray:
    """Resizes a photo to a square, with bicubic interpolation and antialiasing.

    Args:
        photo: (H, W, 3) uint8.
        side: height and width of the result in pixels.
        fit: see :data:`Fit`.

    Returns:
        Array (side, side, 3) of uint8.

    Example:
        >>> to_square(np.zeros((30, 40, 3), np.uint8), 16).shape
        (16, 16, 3)
    """
    height, width = photo.shape[:2]
    if (height, width) == (side, side):
        return photo
    shorter = min(height, width)
    left, top = (width - shorter) / 2, (height - shorter) / 2
    box = (0.0, 0.0, width, height) if fit == "resize" else (left, top, left + shorter, top + shorter)
    resized = Image.fromarray(photo).resize((side, side), Image.Resampling.BICUBIC, box=box)
    return np.asarray(resized)


def _decode(source: PhotoSource, side: int, fit: Fit) -> DecodedPhoto | UnreadableImage:
    try:
        photo = source.load(2 * side)  # twice the side hides the lower quality of shrinking in the JPEG decoder
    except UnreadableImage as error:
        return error
    pixels = np.ascontiguousarray(to_square(photo.rgb, side, fit))
    digest = hashlib.blake2b(pixels.data, digest_size=16).hexdigest()
    checksum = xxhash.xxh3_64_intdigest(pixels.data)
    return DecodedPhoto(pixels, photo.size, is_gray(pixels), digest, checksum, photo.changes)
