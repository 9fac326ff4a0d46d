"""``colorgan benchmark GRID.yaml --out FOLDER``: runs a grid, goes on where it stopped, and reports it."""

import argparse
import re
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from colorgan.evaluation.benchmark import cluster, local
from colorgan.evaluation.benchmark.page import write_report
from colorgan.evaluation.benchmark.plan import Grid, Run, read_grid, select
from colorgan.evaluation.benchmark.records import RunFolder, check_same_configuration
from colorgan.evaluation.benchmark.results import collect
from colorgan.evaluation.benchmark.sweep import write_sweep
from colorgan.evaluation.benchmark.worker import FIT, Outcome

_INTERRUPTED = 130
_FIT_OPTION = re.compile(r"--(data|model|trainer)[\w.+]*=")


def main(args: list[str] | None = None, fit: Sequence[str] = FIT) -> int:
    """Runs the command.

    Args:
        args: the words after ``colorgan benchmark``; by default those of the process.
        fit: the command that trains a run.

    Returns:
        The exit code: 0 if every run that was asked for is finished, 1 if one is not, 130 after Ctrl-C.

    Raises:
        ColorganError: for anything that is wrong before the first run.
    """
    parser = _parser()
    given, options = parser.parse_known_args(args)
    _check_options(parser, options)
    grid = read_grid(given.grid, given.config)
    every_run = grid.runs(options)
    runs = select(every_run, given.only)
    folder = Path(given.out)
    if given.wandb_sweep:
        layers = [word for file in given.config for word in ("--config", file)]
        write_sweep(
            grid, runs, [given.grid, "--out", given.out, *layers, *options], Path(given.wandb_sweep), given.grid
        )
        _say(f"{len(runs)} runs written as a sweep to {given.wandb_sweep}")
        return 0
    if given.timing:
        from colorgan.evaluation.benchmark.timing import time_runs, write_timings

        _say(f"timings: {write_timings(grid, time_runs(runs), folder)}")
        return 0
    if given.list:
        for run in runs:
            _say(f"{run.name:<48} {RunFolder(folder, run.name).status()}")
        return 0
    if not given.report:
        check_same_configuration(runs, folder)
        try:
            _train(given, grid, every_run, runs, folder, fit)
        except KeyboardInterrupt:
            _report(grid, every_run, folder)
            _say("stopped; the same command goes on from here")
            return _INTERRUPTED
    page = _report(grid, every_run, folder)
    ends = Counter(RunFolder(folder, run.name).status() for run in runs)
    _say(f"{', '.join(f'{count} {status}' for status, count in ends.items())}; report: {page}")
    return 0 if set(ends) == {"finished"} else 1


def _train(
    given: argparse.Namespace,
    grid: Grid,
    every_run: Sequence[Run],
    runs: Sequence[Run],
    folder: Path,
    fit: Sequence[str],
) -> None:
    since = time.time()
    ended: Iterable[tuple[Run, Outcome]]
    if given.ray is None:
        ended = local.train(runs, folder, since, _say, fit)
    else:
        ended = cluster.train(runs, folder, since, given.ray, given.cpus_per_run, given.gpus_per_run, fit)
    for run, outcome in ended:
        _report(grid, every_run, folder)
        over = sum(RunFolder(folder, other.name).record() is not None for other in runs)
        _say(f"[{over}/{len(runs)}] {run.name}: {_described(RunFolder(folder, run.name), outcome)}")


def _described(folder: RunFolder, outcome: Outcome) -> str:
    record = folder.record()
    if record is None:
        return f"{outcome}; it goes on when the grid is started again"
    if record.status == "failed":
        return f"failed: {record.sentence} (log: {folder.log})"
    return f"finished after {record.seconds:.0f} s"


def _report(grid: Grid, runs: Sequence[Run], folder: Path) -> Path:
    return write_report(collect(grid, runs, folder), folder)


def _check_options(parser: argparse.ArgumentParser, options: Sequence[str]) -> None:
    """What the parser does not know must be an option of ``fit``, with its value joined to it."""
    for word in options:
        if not _FIT_OPTION.match(word):
            parser.error(
                f"{word!r} is no option of benchmark; options of fit are passed on to every run "
                "if they are written as --data.root=FOLDER"
            )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="colorgan benchmark",
        description="Runs a grid of training runs and writes one report. The same command goes on where it stopped; "
        "started several times at once, it shares the runs among its processes.",
        epilog="Options of fit, written as --data.root=FOLDER, go to every run.",
        allow_abbrev=False,
    )
    parser.add_argument("grid", help="YAML file of the grid, such as configs/benchmarks/flowers_small.yaml")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="folder of the runs and the report")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="train these runs only (bce-*, *-seed1); repeatable",
    )
    parser.add_argument(
        "-c",
        "--config",
        action="append",
        default=[],
        metavar="FILE",
        help="overlay for every run, such as a hardware's",
    )
    parser.add_argument("--list", action="store_true", help="list the runs and where they stand, and train nothing")
    parser.add_argument(
        "--timing", action="store_true", help="time the networks of the grid on every device here, and train nothing"
    )
    parser.add_argument("--report", action="store_true", help="write the report of what is there, and train nothing")
    parser.add_argument(
        "--ray",
        nargs="?",
        const="local",
        metavar="ADDRESS",
        help="train on a Ray cluster: `auto` joins the one this machine belongs to; without an address, a new one here",
    )
    parser.add_argument("--cpus-per-run", type=float, default=1.0, metavar="N", help="CPU cores of a run under Ray")
    parser.add_argument(
        "--gpus-per-run", type=float, default=0.0, metavar="N", help="share of a GPU of a run under Ray, such as 0.25"
    )
    parser.add_argument(
        "--wandb-sweep", metavar="FILE", help="write the grid as a Weights & Biases sweep, and train nothing"
    )
    return parser


def _say(text: str) -> None:
    print(text, flush=True)
