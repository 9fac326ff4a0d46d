"""Runs functions or commands in turns and compares their times; shared by the scripts of this folder.

The runs alternate (A, B, A, B, ...), so that a machine that slows down halfway slows both down alike. The table shows
medians, minima and the ratio of the medians, of wall time and of CPU time (user and system, with finished child
processes). On a shared machine, CPU time is the steadier figure; it does not show what running threads at once gains.

    python benchmarks/side_by_side.py --turns 5 'python -c "import torch"' 'python -c "import numpy"'
"""

import argparse
import datetime
import json
import os
import platform
import resource
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Run:
    """The time that one run took.

    Args:
        wall: seconds of wall time.
        cpu: seconds of CPU time, user and system, of this process and the child processes that ended during the run.
    """

    wall: float
    cpu: float


def in_turns(works: Mapping[str, Callable[[], object]], turns: int = 5, warmups: int = 1) -> dict[str, list[Run]]:
    """Runs functions in turns and measures every call.

    Args:
        works: functions by name, the reference first.
        turns: measured calls of each function.
        warmups: calls of each function before the measurement.

    Returns:
        The runs of each function, in order.
    """
    for work in works.values():
        for _ in range(warmups):
            work()
    runs: dict[str, list[Run]] = {name: [] for name in works}
    for _ in range(turns):
        for name, work in works.items():
            runs[name].append(measure(work))
    return runs


def measure(work: Callable[[], object]) -> Run:
    """Calls a function once and measures the time."""
    stopwatch = Stopwatch()
    work()
    return stopwatch.stop()


class Stopwatch:
    """Starts when it is made, for work that is not one function call."""

    def __init__(self) -> None:
        self._cpu, self._wall = _cpu_seconds(), time.perf_counter()

    def stop(self) -> Run:
        """The time since the start."""
        return Run(time.perf_counter() - self._wall, _cpu_seconds() - self._cpu)


def command(args: Sequence[str | Path], **options: object) -> Callable[[], object]:
    """A function that runs a command and raises an error if it fails.

    Args:
        args: the command and its arguments.
        options: further arguments of :func:`subprocess.run`, such as ``cwd`` and ``env``.
    """

    def run() -> None:
        result = subprocess.run(list(map(str, args)), capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
        if result.returncode:
            raise SystemExit(f"{shlex.join(map(str, args))} failed:\n{result.stdout}{result.stderr}")

    return run


def table(runs: Mapping[str, Sequence[Run]], amount: float = 1, unit: str = "runs") -> str:
    """Formats the runs as a Markdown table; the first row is the reference of the ratios.

    Args:
        runs: as returned by :func:`in_turns`.
        amount: what one run processes, such as 16 images.
        unit: its name, such as ``images``.
    """
    lines = [
        f"| | {unit}/s, median | {unit}/s, best | ratio of medians | CPU s per run, median | ratio of CPU times |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    first = next(iter(runs.values()))
    for name, measured in runs.items():
        median = statistics.median(run.wall for run in measured)
        best = min(run.wall for run in measured)
        cpu = statistics.median(run.cpu for run in measured)
        lines.append(
            f"| {name} | {amount / median:.3g} | {amount / best:.3g} | {ratio(first, measured):.2f} "
            f"| {cpu:.3g} | {ratio(first, measured, 'cpu'):.2f} |"
        )
    return "\n".join(lines)


def ratio(reference: Sequence[Run], ours: Sequence[Run], kind: str = "wall") -> float:
    """How many times as fast as the reference: the ratio of the median times.

    Args:
        reference: runs of the reference.
        ours: runs to compare with it.
        kind: ``wall`` or ``cpu``.
    """
    medians = [statistics.median(getattr(run, kind) for run in runs) for runs in (reference, ours)]
    return medians[0] / max(medians[1], 1e-9)


def machine() -> str:
    """Describes this machine in one line: processor, cores, bfloat16 instructions, versions, date."""
    parts = [f"{_processor()}, {len(_usable_cores())} cores", _bfloat16_instructions()]
    if "torch" in sys.modules:  # importing it here would change what is measured
        import torch

        parts.append(f"torch {torch.__version__} with {torch.get_num_threads()} threads")
        if torch.cuda.is_available():
            parts.append(torch.cuda.get_device_name())
    else:
        parts.append(f"OMP_NUM_THREADS={os.environ.get('OMP_NUM_THREADS', 'unset')}")
    parts += [f"Python {platform.python_version()}", datetime.datetime.now(datetime.UTC).date().isoformat()]
    return ", ".join(parts)


def report(
    title: str, runs: Mapping[str, Sequence[Run]], amount: float = 1, unit: str = "runs", bar: float | None = None
) -> None:
    """Prints the title, the machine, the table, and the ratio of the last row against its bar.

    Args:
        title: what was compared.
        runs: as returned by :func:`in_turns`.
        amount: what one run processes.
        unit: its name.
        bar: the ratio of wall times to reach.
    """
    print(f"\n## {title}\n\n{machine()}\n\n{table(runs, amount, unit)}")
    if bar is not None:
        measured = list(runs.values())
        print(f"\nratio {ratio(measured[0], measured[-1]):.2f}, to reach: {bar:g}")


def add_series(file: Path, name: str, photos: int, runs: Sequence[Run]) -> None:
    """Adds the median time per photo to a file of series, as ``benchmarks/cache.py --plot`` draws it.

    Args:
        file: JSON file; it is made if there is none, and a point of the same series and number is replaced.
        name: of the series.
        photos: number of photos that one run processed.
        runs: the measured runs.
    """
    content = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"machine": machine(), "series": {}}
    points = [point for point in content["series"].get(name, []) if point["photos"] != photos]
    medians = {kind: statistics.median(getattr(run, kind) for run in runs) / photos for kind in ("cpu", "wall")}
    content["series"][name] = sorted([*points, {"photos": photos, **medians}], key=lambda point: point["photos"])
    file.write_text(json.dumps(content, indent=1), encoding="utf-8")


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _usable_cores() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def _cpu_info(key: str) -> str:
    """A value of the first processor in /proc/cpuinfo; empty elsewhere."""
    file = Path("/proc/cpuinfo")
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else []:
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""


def _processor() -> str:
    model = _cpu_info("model name") or platform.processor() or platform.machine()
    number = _cpu_info("model")
    return f"{model} (family {_cpu_info('cpu family')}, model {number})" if number else model


def _bfloat16_instructions() -> str:
    flags = set(_cpu_info("flags").split())
    found = [name for flag, name in (("avx512_bf16", "AVX512-BF16"), ("amx_bf16", "AMX")) if flag in flags]
    return " and ".join(found) or "no bfloat16 instructions"


def main() -> None:
    """Compares commands."""
    parser = argparse.ArgumentParser(description="Run commands in turns and compare their times.")
    parser.add_argument("commands", nargs="+", help="commands, the reference first")
    parser.add_argument("--turns", type=int, default=5, help="measured runs of each command")
    options = parser.parse_args()
    works = {text: command(shlex.split(text)) for text in options.commands}
    report("Commands", in_turns(works, options.turns))


if __name__ == "__main__":
    main()
