"""Settings of glibc's memory allocator: the same training step in processes with and without them, in turns.

python benchmarks/malloc.py
python benchmarks/malloc.py --preload /usr/lib/x86_64-linux-gnu/libjemalloc.so.2
"""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict

from side_by_side import Run, measure, report

_SETTINGS: dict[str, dict[str, str]] = {
    "as it is": {},
    "MALLOC_ARENA_MAX=2": {"MALLOC_ARENA_MAX": "2"},
    "MALLOC_MMAP_THRESHOLD_ and MALLOC_TRIM_THRESHOLD_": {
        "MALLOC_MMAP_THRESHOLD_": str(1 << 30),
        "MALLOC_TRIM_THRESHOLD_": str(2 << 30),
    },
}


def train(batch_size: int, steps: int) -> None:
    """Prints the time of some steps of the flowers networks as JSON."""
    from bare_networks import bare_step

    from colorgan.models import UNet, UNetDiscriminator

    step = bare_step(UNet(1, 3, width=32), UNetDiscriminator(4, width=32), batch_size, 128, "cpu")
    step()
    step()
    print(json.dumps(asdict(measure(lambda: [step() for _ in range(steps)]))))


def main() -> None:
    """Starts the processes in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--steps", type=int, default=5, help="steps per process")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--preload", action="append", default=[], help="another allocator's library; repeatable")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        train(options.batch_size, options.steps)
        return
    settings = _SETTINGS | {os.path.basename(library): {"LD_PRELOAD": library} for library in options.preload}  # noqa: PTH119
    child = [__file__, "--child", f"--batch-size={options.batch_size}", f"--steps={options.steps}"]
    runs: dict[str, list[Run]] = {name: [] for name in settings}
    for _ in range(options.turns):
        for name, variables in settings.items():
            output = subprocess.check_output([sys.executable, *child], env=os.environ | variables, text=True)
            runs[name].append(Run(**json.loads(output.splitlines()[-1])))
    report("Allocator settings, a bare training step", runs, options.batch_size * options.steps, "images")


if __name__ == "__main__":
    main()
