"""Photos per second of the loader: packed shards in a folder against the memory-mapped cache, in turns.

python benchmarks/streaming.py --photos 20000 --side 128
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from side_by_side import in_turns, report

from colorgan.data.dataset import PhotoDataset, to_batch
from colorgan.data.loader import PhotoLoader
from colorgan.data.sampler import EpochSampler
from colorgan.data.streaming.photos import ShardedPhotos, ShardSampler
from colorgan.data.streaming.shards import INDEX, Shard, ShardIndex, checksum_of
from colorgan.data.streaming.store import ShardStore

_BATCH_SIZE = 32


def main() -> None:
    """Writes photos of noise as shards and as a cache, and reads an epoch of both in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--shards", type=int, default=8)
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        packed, cached = _write(Path(folder), options.photos, options.side, options.shards)
        counts = [shard.count for shard in packed.index.shards]
        samplers = {
            "memory-mapped cache": EpochSampler(options.photos, seed=0, shuffle=True),
            "packed shards": ShardSampler(counts, mix=4, announce=lambda *_: None, seed=0),
        }

        def epoch(name: str, photos: object) -> None:
            dataset = PhotoDataset(photos, np.arange(options.photos), options.side)  # type: ignore[arg-type]
            for _ in PhotoLoader(dataset, batch_size=_BATCH_SIZE, sampler=samplers[name], collate_fn=to_batch):
                pass

        runs = {
            "memory-mapped cache": lambda: epoch("memory-mapped cache", cached),
            "packed shards": lambda: epoch("packed shards", packed),
        }
        report("Photos from packed shards", in_turns(runs, options.turns), options.photos, "photos")


def _write(folder: Path, count: int, side: int, number: int) -> tuple[ShardedPhotos, object]:
    from colorgan.data.cache import CachedPhotos
    from colorgan.files.photo_caches import PIXELS

    random = np.random.default_rng(0)
    shards, checksums = [], []
    with (folder / PIXELS).open("wb") as cache:
        for index, part in enumerate(np.array_split(np.arange(count), number)):
            pixels = random.integers(0, 256, (len(part), side, side, 3), dtype=np.uint8)
            cache.write(pixels.data)
            shard = Shard(f"shard-{index:05d}", len(part), checksum_of(pixels))
            np.save(folder / shard.pixels, pixels)
            own = [checksum_of(photo) for photo in pixels]
            (folder / shard.about).write_text(f'{{"names": {["x"] * len(part)}, "checksums": {own}}}'.replace("'", '"'))
            shards.append(shard)
            checksums += own
    index = ShardIndex(side, tuple(shards), "", {})
    (folder / INDEX).write_text(index.to_json())
    cached = CachedPhotos(folder, side, names=["x"] * count, checksums=checksums)
    return ShardedPhotos(ShardStore(str(folder), folder, 0), index), cached


if __name__ == "__main__":
    main()
