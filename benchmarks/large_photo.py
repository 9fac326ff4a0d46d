"""One large photo from JPEG to PNG: seconds with the model already open, and the peak memory of the process.

python benchmarks/large_photo.py                      # 24 megapixels, to reach: under 2 s on two cores
python benchmarks/large_photo.py --megapixels 100     # to reach: at most 4 GiB
python benchmarks/large_photo.py --reference /tmp/reference
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from side_by_side import machine

REPOSITORY = Path(__file__).resolve().parents[1]
_RUN = """
import json, resource, sys, time
from pathlib import Path
from colorgan.inference import open_model
from colorgan.inference.batch import BatchOptions, colorize_files, plan_jobs
checkpoint, small, photo, output = sys.argv[1:]
model = open_model(checkpoint or None)
colorize_files(model, plan_jobs([Path(small)], Path(output)), BatchOptions(overwrite=True))  # tables and caches
used = [resource.getrusage(resource.RUSAGE_SELF)]
start = time.perf_counter()
result = colorize_files(model, plan_jobs([Path(photo)], Path(output)), BatchOptions(overwrite=True))
wall = time.perf_counter() - start
used.append(resource.getrusage(resource.RUSAGE_SELF))
assert result.written == 1, result.failures
cpu = sum(sign * (each.ru_utime + each.ru_stime) for sign, each in zip((-1, 1), used))
print(json.dumps({"wall": wall, "cpu": cpu, "GiB": used[1].ru_maxrss / (1 << 20)}))
"""


def make_photo(source: Path, file: Path, megapixels: float) -> None:
    """Enlarges a photo to a ratio of 3 : 2 and adds grain, without which it would be too easy to compress."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    size = round(1.5 * height), height
    with Image.open(source) as photo:
        large = photo.convert("RGB").resize(size, Image.Resampling.BICUBIC)
    grain = Image.fromarray(np.random.default_rng(0).integers(124, 133, (height, size[0]), np.uint8))
    Image.blend(large, Image.merge("RGB", [grain] * 3), 0.3).save(file, quality=92)


def colorize(checkout: Path, args: list[str | Path]) -> dict[str, float]:
    """Colorizes the photo in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    finished = subprocess.run(
        [sys.executable, "-c", _RUN, *map(str, args)], env=environment, cwd=checkout, capture_output=True, text=True
    )
    if finished.returncode:
        raise SystemExit(f"{checkout} failed:\n{finished.stderr}")
    measured: dict[str, float] = json.loads(finished.stdout.splitlines()[-1])
    return measured


def main() -> None:
    """Runs the versions in turns."""
    parser = argparse.ArgumentParser(description="Measure the time and the memory of one large photo.")
    parser.add_argument("--megapixels", type=float, default=24, help="size of the photo")
    parser.add_argument("--reference", type=Path, metavar="CHECKOUT", help="a checkout of an older version of colorgan")
    parser.add_argument("--checkpoint", default="", metavar="PATH", help="the model (default: the shipped one)")
    parser.add_argument("--turns", type=int, default=3, help="measured runs of each version")
    parser.add_argument(
        "--source", type=Path, default=Path(os.environ.get("COLORGAN_DATA", "data"), "photos1000"), help="photos"
    )
    options = parser.parse_args()
    files = sorted(options.source.glob("*.jpg"))
    if not files:
        raise SystemExit(f"{options.source} contains no .jpg files; set COLORGAN_DATA, or give another --source")
    versions = {"colorgan": (REPOSITORY, options.checkpoint)}
    if options.reference is not None:
        versions = {"reference": (options.reference.resolve(), ""), **versions}
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in versions}
    with tempfile.TemporaryDirectory() as temporary:
        photo, output = Path(temporary, "photo.jpg"), Path(temporary, "out")
        make_photo(files[0], photo, options.megapixels)
        for _ in range(options.turns):
            for name, (checkout, checkpoint) in versions.items():
                measured[name].append(colorize(checkout, [checkpoint, files[0], photo, output]))
    print(f"\n## One photo of {options.megapixels:g} megapixels, JPEG to PNG\n\n{machine()}\n")
    print("| | wall s, median | wall s, best | CPU s, median | peak memory, GiB |\n|---|---:|---:|---:|---:|")
    for name, runs in measured.items():
        walls = [run["wall"] for run in runs]
        cpu, memory = statistics.median(run["cpu"] for run in runs), max(run["GiB"] for run in runs)
        print(f"| {name} | {statistics.median(walls):.2f} | {min(walls):.2f} | {cpu:.2f} | {memory:.2f} |")


if __name__ == "__main__":
    main()
