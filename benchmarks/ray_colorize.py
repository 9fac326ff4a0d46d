"""`examples/ray_colorize.py` with two workers, and two processes of `colorgan colorize` on half of the photos each.

Prints photos per second and the processor time of all processes, which Ray's start is part of.

    COLORGAN_DATA=… python benchmarks/ray_colorize.py --photos 200
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

REPOSITORY = Path(__file__).resolve().parents[1]
_RUN = "import sys; from colorgan.cli import main; sys.exit(main(sys.argv[1:]))"
_POLL_INTERVAL = 0.2


def measure(*commands: list[str]) -> tuple[float, float]:
    """Runs commands at the same time.

    Returns:
        Wall time and the processor time of all their descendants, in seconds. The last fraction of a second of
        processes that end by themselves is missing.
    """
    start = time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    running = [subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for command in commands]
    spent: dict[tuple[int, float], float] = {}
    while any(process.poll() is None for process in running):
        for process in running:
            try:
                root = psutil.Process(process.pid)
                for each in [root, *root.children(recursive=True)]:
                    times = each.cpu_times()
                    spent[each.pid, each.create_time()] = times.user + times.system
            except psutil.Error:  # it has just ended
                continue
        time.sleep(_POLL_INTERVAL)
    if any(process.returncode for process in running):
        raise SystemExit("a command failed")
    return time.perf_counter() - start, sum(spent.values())


def main() -> None:
    """Measures and prints a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--source", type=Path, default=Path(os.environ.get("COLORGAN_DATA", ".")) / "photos1000")
    options = parser.parse_args()
    files = sorted(options.source.glob("*.jpg"))[: options.photos]
    if not files:
        raise SystemExit(f"{options.source} contains no .jpg files; set COLORGAN_DATA, or give another --source")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, file in enumerate(files):
            for place in ("all", f"half{number % 2}"):
                (folder / place).mkdir(exist_ok=True)
                shutil.copy(file, folder / place)
        colorgan = [sys.executable, "-c", _RUN, "colorize"]
        halves = [[*colorgan, str(folder / f"half{number}"), "-o", str(folder / "by_command")] for number in range(2)]
        example = [sys.executable, str(REPOSITORY / "examples" / "ray_colorize.py"), str(folder / "all")]
        print("| | photos/s | seconds | processor time |\n|---|---:|---:|---:|")
        for title, commands in {
            "two processes of `colorgan colorize`": halves,
            "Ray Data, two workers": [[*example, "-o", str(folder / "by_ray"), "--workers", "2"]],
        }.items():
            seconds, spent = measure(*commands)
            print(f"| {title} | {len(files) / seconds:.1f} | {seconds:.0f} | {spent:.0f} s |", flush=True)
        same = sum(
            (folder / "by_ray" / file.name).read_bytes() == (folder / "by_command" / file.name).read_bytes()
            for file in files
        )
        print(f"{same} of {len(files)} results are the same, byte for byte")


if __name__ == "__main__":
    main()
