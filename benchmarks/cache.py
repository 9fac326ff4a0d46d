"""Loading against the number of photos: time per photo and memory of the cold build, the warm start and one epoch.

The photos are made from those of a folder, turned and mirrored so that no two are alike, in a temporary folder. Each
measurement is a process of its own, and the numbers of photos take turns.

    python benchmarks/cache.py --json cache.json
    python benchmarks/cache.py --plot docs/figures/performance_photos.png cache.json evaluate.json

The second form measures nothing and draws named series: ``{"machine": ..., "series": {NAME: [{"photos": 1000,
"cpu": SECONDS PER PHOTO, "wall": SECONDS PER PHOTO}, ...]}}``.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image
from side_by_side import Stopwatch, machine

_TURNS = [None, *Image.Transpose]  # eight versions of each photo
_SIDE, _BATCH = 128, 64


def main() -> None:
    """Measures, or draws what was measured."""
    parser = argparse.ArgumentParser(description="Measure how loading grows with the number of photos.")
    parser.add_argument(
        "--source", type=Path, default=Path(os.environ.get("COLORGAN_DATA", "data"), "train_photos"), help="photos"
    )
    parser.add_argument("--counts", type=int, nargs="+", default=[1000, 8000, 50000], help="numbers of photos")
    parser.add_argument("--turns", type=int, default=3, help="measurements of each number")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the series to this file")
    parser.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw the series of the given files, and do nothing else"
    )
    parser.add_argument("--time", choices=("cpu", "wall"), default="cpu", help="the time to draw")
    parser.add_argument("--measure", type=Path, nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("files", type=Path, nargs="*", help="files written by --json, for --plot")
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(*options.measure)))
    elif options.plot:
        draw(options.files, options.plot, options.time)
    else:
        results = measure_in_turns(options.source, options.counts, options.turns)
        report(results)
        if options.json:
            options.json.write_text(json.dumps({"machine": machine(), "series": series(results)}, indent=1))


def measure_in_turns(source: Path, counts: Sequence[int], turns: int) -> dict[int, list[dict[str, Any]]]:
    """Measures each number of photos several times, in turns."""
    results: dict[int, list[dict[str, Any]]] = {count: [] for count in counts}
    with tempfile.TemporaryDirectory(prefix="colorgan-benchmark-") as folder:
        make_photos(source, Path(folder), counts)
        for turn in range(turns):
            for count in counts:
                cache = Path(folder, f"cache-{turn}-{count}")
                command = [sys.executable, __file__, "--measure", f"{folder}/{count}", str(cache)]
                output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
                results[count].append(json.loads(output.splitlines()[-1]))
                shutil.rmtree(cache)  # gigabytes
    return results


def make_photos(source: Path, folder: Path, counts: Sequence[int]) -> None:
    """Writes the largest number of different photos, and links an even selection of them for each smaller number."""
    files = sorted(path for path in source.rglob("*") if path.suffix.lower() in (".jpg", ".jpeg"))
    largest = max(counts)
    if largest > len(files) * len(_TURNS):
        raise SystemExit(
            f"{source} has {len(files)} .jpg files, enough for {len(files) * len(_TURNS)} photos; set COLORGAN_DATA, "
            "or give another --source or smaller --counts"
        )
    for number in range(largest):
        turn, index = divmod(number, len(files))
        target = folder / str(largest) / f"{number // 1000:03d}" / f"{number:06d}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        image = Image.open(files[index]).convert("RGB")
        (image if _TURNS[turn] is None else image.transpose(_TURNS[turn])).save(target, quality=88)
    photos = sorted((folder / str(largest)).rglob("*.jpg"))
    for count in set(counts) - {largest}:
        for number in range(count):
            photo = photos[number * largest // count]
            target = folder / str(count) / photo.parent.name / photo.name
            target.parent.mkdir(parents=True, exist_ok=True)
            os.link(photo, target)


def measure(folder: Path, cache: Path) -> dict[str, Any]:
    """Times the steps for one folder, in seconds, and the memory of the cold build, in MB."""
    import albumentations

    from colorgan.data import Photos

    def setup() -> Photos:
        data = Photos(
            str(folder),
            size=_SIDE,
            crop="random",
            batch_size=_BATCH,
            train_transforms=[albumentations.HorizontalFlip()],
            cache_dir=str(cache),
        )
        data.setup("fit")
        return data

    times: dict[str, Any] = {}
    with peak_memory() as memory, stopwatch(times, "cold build of the cache"):
        data = setup()
    with stopwatch(times, "warm start with the cache"):
        data = setup()
    with stopwatch(times, "one epoch of loading"):
        for _ in data.train_dataloader():
            pass
    return times | {"memory": memory["MB"]}


@contextmanager
def stopwatch(times: dict[str, Any], name: str) -> Iterator[None]:
    """Stores the time of a block."""
    watch = Stopwatch()
    yield
    run = watch.stop()
    times[name] = {"cpu": run.cpu, "wall": run.wall}


@contextmanager
def peak_memory() -> Iterator[dict[str, float]]:
    """Stores by how many MB the process grows within a block: its own memory on Linux, without mapped files."""
    stop, memory = threading.Event(), {"MB": 0.0}
    before = own_memory()

    def sample() -> None:
        while not stop.wait(0.05):
            memory["MB"] = max(memory["MB"], own_memory() - before)

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield memory
    finally:
        stop.set()
        thread.join()


def own_memory() -> float:
    """Anonymous memory of this process in MB; elsewhere than on Linux, the peak with mapped files."""
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("RssAnon:"):
                return int(line.split()[1]) / 1000
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def series(results: dict[int, list[dict[str, Any]]]) -> dict[str, list[dict[str, float]]]:
    """Medians per photo, in seconds, by step."""
    return {
        name: [
            {"photos": count}
            | {kind: statistics.median(run[name][kind] for run in runs) / count for kind in ("cpu", "wall")}
            for count, runs in results.items()
        ]
        for name in ("cold build of the cache", "warm start with the cache", "one epoch of loading")
    }


def report(results: dict[int, list[dict[str, Any]]]) -> None:
    """Prints the medians as a Markdown table."""
    print(f"\n## Loading\n\n{machine()}\n")
    print("| CPU µs per photo (wall) | " + " | ".join(f"{count:,} photos" for count in results) + " |")
    print("|---|" + "---:|" * len(results))
    for name, points in series(results).items():
        cells = [f"{point['cpu'] * 1e6:,.0f} ({point['wall'] * 1e6:,.0f})" for point in points]
        print(f"| {name} | " + " | ".join(cells) + " |")
    peaks = [f"{statistics.median(run['memory'] for run in runs):,.0f}" for runs in results.values()]
    print("| memory of the cold build, MB | " + " | ".join(peaks) + " |")


def draw(files: Sequence[Path], output: Path, kind: str = "cpu") -> None:
    """Draws time per photo against the number of photos, one line for each series.

    Args:
        files: JSON files with series, as described at the top.
        output: .svg or .png file to write.
        kind: ``cpu`` or ``wall``.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    named = {
        name: points
        for file in files
        for name, points in json.loads(file.read_text(encoding="utf-8"))["series"].items()
    }
    if not named:
        raise SystemExit("there is nothing to draw: give files written by --json")
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for (name, points), marker in zip(named.items(), "osD^vP*X" * len(named), strict=False):
        points = sorted((point for point in points if kind in point), key=lambda point: point["photos"])
        axes.plot([p["photos"] for p in points], [p[kind] * 1000 for p in points], marker=marker, label=name)
    ticks = sorted({point["photos"] for points in named.values() for point in points})
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.yaxis.set_major_formatter("{x:g}")
    axes.minorticks_off()
    axes.set_xlabel("number of photos")
    axes.set_ylabel(f"{'CPU' if kind == 'cpu' else 'wall'} time per photo, ms")
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", frameon=False)
    figure.savefig(output, dpi=150, metadata={"Date": None} if output.suffix == ".svg" else None)


if __name__ == "__main__":
    main()
