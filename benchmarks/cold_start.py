"""The time to the first photo, to help texts and of ``import colorgan``, with all files in the disk's cache.

The first photo is measured through PyTorch, as before (the reference), and through onnxruntime, the default; both run
the same weights and write the same colors. The other rows have no reference, only a bar in seconds.

    python benchmarks/cold_start.py
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from side_by_side import Run, command, in_turns, machine, ratio

ROOT = Path(__file__).parents[1]
PHOTO = ROOT / "colorgan" / "images" / "sample_photos" / "val" / "bridge_00.jpg"
WEIGHTS = ROOT / "checkpoints" / "colorgan-photos" / "model.safetensors"
BARS = {
    "one photo, PyTorch": None,
    "one photo, onnxruntime": 1.2,
    "import colorgan": 0.1,
    "colorgan --help": 0.1,
    "train.py fit --help": 3.0,
}
"""Seconds to reach."""


def row(name: str, runs: Sequence[Run]) -> str:
    """A row of the table: medians and minima of the times, and the bar."""
    wall, cpu = ([getattr(run, kind) for run in runs] for kind in ("wall", "cpu"))
    bar = BARS[name]
    cells = [f"{statistics.median(times):.3g} ({min(times):.3g})" for times in (wall, cpu)]
    return f"| {name} | {' | '.join(cells)} | {'' if bar is None else f'{bar:g}'} |"


def main() -> None:
    """Runs all commands in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, default=PHOTO, help="the photo to colorize")
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args()
    colorgan = (sys.executable, "-m", "colorgan")
    with tempfile.TemporaryDirectory() as folder:
        colorize = (*colorgan, "colorize", options.photo, "-o", folder, "--overwrite")
        works = {
            "one photo, PyTorch": command((*colorize, "--checkpoint", WEIGHTS)),
            "one photo, onnxruntime": command(colorize),
            "import colorgan": command((sys.executable, "-c", "import colorgan")),
            "colorgan --help": command((*colorgan, "--help")),
            "train.py fit --help": command((sys.executable, ROOT / "train.py", "fit", "--help")),
        }
        runs = in_turns(works, options.turns)
    print(f"\n## Cold start\n\n{machine()}\n")
    print("| | seconds, median (best) | CPU seconds, median (best) | to reach, s |\n|---|---:|---:|---:|")
    print("\n".join(row(name, runs[name]) for name in works))
    pair = [runs[name] for name in ("one photo, PyTorch", "one photo, onnxruntime")]
    print(f"\none photo: {ratio(*pair):.1f} times as fast ({ratio(*pair, 'cpu'):.1f} in CPU time)")


if __name__ == "__main__":
    main()
