"""Edited copies among thousands of photos: three ways to find them are compared, and the chosen one is measured."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from colorgan.data.cache import CachedPhotos, cached_photos
from colorgan.data.decoding import to_square
from colorgan.data.duplicates import near_duplicate_groups
from colorgan.data.similarity import aligned_correlation, find_candidates, low_frequencies, seen_as, thumbnail
from colorgan.data.sources import file_source
from colorgan.images import list_photos
from tests.photo_edits import EDITS, TILTS, recompressed

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif("COLORGAN_DATA" not in os.environ, reason="COLORGAN_DATA does not name the folder of photos"),
]
_SIDE = 144
_CHOSEN = 100  # photos of each set
_TOTAL = 20_000
_KINDS = {**EDITS, **TILTS}
_METHODS = ("difference hash", "low frequencies", "low frequencies and details")


@dataclass
class Squares:
    """Photos in memory, as the search sees them."""

    folder: Path
    pixels: npt.NDArray[np.uint8]
    digests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.digests = [f"{id(self)} {position}" for position in range(len(self.pixels))]

    def read(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        return self.pixels[indices]

    def __len__(self) -> int:
        return len(self.pixels)


@pytest.fixture(scope="module")
def sets(tmp_path_factory) -> dict[str, CachedPhotos]:
    root, cache = Path(os.environ["COLORGAN_DATA"]), tmp_path_factory.mktemp("cache")
    return {
        name: cached_photos(
            [file_source(path, root / name) for path in list_photos(root / name)],
            side=_SIDE,
            cache_dir=cache,
            progress=False,
        )
        for name in ("photos1000", "train_photos")
    }


def chosen(photos: CachedPhotos) -> npt.NDArray[np.int64]:
    colored = np.flatnonzero(~np.array(photos.gray))
    return np.sort(np.random.default_rng(0).choice(colored, _CHOSEN, replace=False))


def edited(name: str, photos: CachedPhotos, index: int, kind: str) -> npt.NDArray[np.uint8]:
    image = Image.open(Path(os.environ["COLORGAN_DATA"]) / name / photos.names[index]).convert("RGB")
    return to_square(np.asarray(recompressed(_KINDS[kind](image), 90)), _SIDE)


def difference_hash(photo: npt.NDArray[np.uint8]) -> int:
    """Whether each cell of an 8 x 8 grid is darker than its right neighbor, 64 bits."""
    small = np.asarray(Image.fromarray(photo).convert("L").resize((9, 8), Image.Resampling.BOX)).astype(int)
    return int.from_bytes(np.packbits(small[:, 1:] > small[:, :-1]).tobytes(), "big")


def similar_hashes(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> bool:
    small = [
        np.asarray(Image.fromarray(photo).resize((16, 16), Image.Resampling.BOX)).astype(int) for photo in (one, other)
    ]
    return (difference_hash(one) ^ difference_hash(other)).bit_count() <= 3 and bool(
        np.abs(small[0] - small[1]).mean() <= 13
    )


def similar(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> tuple[bool, bool]:
    small = np.stack([thumbnail(one), thumbnail(other)])
    candidates = list(find_candidates(low_frequencies(small)[0]))
    details = [aligned_correlation(small[c.one], seen_as(small[c.other], c.view)) >= 0.95 for c in candidates]
    return bool(candidates), any(details)


def test_kinds_of_copies(sets):
    found: dict[str, list[int]] = {}
    for name, photos in sets.items():
        for index in chosen(photos).tolist():
            original = photos.read(np.array([index]))[0]
            for kind in _KINDS:
                copy = edited(name, photos, index, kind)
                results = (similar_hashes(original, copy), *similar(original, copy))
                counts = found.setdefault(kind, [0] * 6)
                for method, result in enumerate(results):
                    counts[2 * method + (name == "train_photos")] += result
    print(f"\nfound of {_CHOSEN} copies, photos1000 and train_photos\n\n| kind | {' | '.join(_METHODS)} |")
    print("|---|---:|---:|---:|")
    for kind, counts in found.items():
        print(f"| {kind} | " + " | ".join(f"{counts[m]}, {counts[m + 1]}" for m in (0, 2, 4)) + " |")
    assert all(min(found[kind][4:]) >= 0.95 * _CHOSEN for kind in EDITS)


def test_pairs_among_different_photos(sets):
    for name, photos in sets.items():
        pixels, hashes = photos.pixels, np.array([difference_hash(photo) for photo in photos.pixels], np.uint64)
        by_hash = 0
        for one in range(len(photos)):
            different = (hashes[one + 1 :] ^ hashes[one]).view(np.uint8).reshape(-1, 8)
            close = one + 1 + np.flatnonzero(np.unpackbits(different, axis=1).sum(axis=1) <= 3)
            by_hash += sum(similar_hashes(pixels[one], pixels[other]) for other in close)
        small = np.stack([thumbnail(photo) for photo in pixels])
        crops, has_contrast = low_frequencies(small)
        positions = np.flatnonzero(has_contrast)
        pairs = {frozenset((c.one, c.other)) for c in find_candidates(crops[positions])}
        groups = near_duplicate_groups([photos])
        by_details = sum(count * (count - 1) // 2 for count in np.bincount(groups).tolist())
        print(
            f"\n{name}: pairs among {len(photos):,} photos: {by_hash} {_METHODS[0]}, {len(pairs)} {_METHODS[1]}, ",
            end="",
        )
        print(f"{by_details} (groups of {len(groups) - len(np.unique(groups))} more photos) {_METHODS[2]}")
        if name == "photos1000":
            assert by_details == 0


def test_twenty_thousand_photos(sets, tmp_path):
    photos = sets["train_photos"]
    sources = np.random.default_rng(1).permutation(len(photos))[: _TOTAL - len(photos)]
    kinds = np.resize(list(_KINDS), len(sources))
    copies = [edited("train_photos", photos, *pair) for pair in zip(sources.tolist(), kinds.tolist(), strict=True)]
    everything = [photos, Squares(tmp_path, np.stack(copies))]
    wall, cpu = time.perf_counter(), time.process_time()
    groups = near_duplicate_groups(everything)
    print(
        f"\n{len(groups):,} photos: {time.perf_counter() - wall:.0f} s, {time.process_time() - cpu:.0f} CPU s", end=""
    )
    wall = time.perf_counter()
    assert np.array_equal(near_duplicate_groups(everything), groups)
    print(f"; again from the stored result {1e3 * (time.perf_counter() - wall):.0f} ms")
    joined = groups[len(photos) :] == groups[sources]
    of_kind = {kind: joined[kinds == kind] for kind in _KINDS}
    for kind, hits in of_kind.items():
        print(f"| {kind} | {hits.sum()} of {len(hits)} |")
    assert all(of_kind[kind].mean() >= 0.95 for kind in EDITS)
