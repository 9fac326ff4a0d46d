"""``colorgan benchmark GRID.yaml --out FOLDER``: trains or resumes a grid of configurations and reports it."""

import argparse
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from colorgan.cli.parsing.options import Parser
from colorgan.evaluation.benchmark import cluster, local
from colorgan.evaluation.benchmark.grid import Grid, Run, select_runs
from colorgan.evaluation.benchmark.grid_file import read_grid
from colorgan.evaluation.benchmark.page import write_report
from colorgan.evaluation.benchmark.records import GridRunFolder, check_same_configuration
from colorgan.evaluation.benchmark.results import collect_results
from colorgan.evaluation.benchmark.sweep import write_sweep
from colorgan.evaluation.benchmark.worker import Outcome

FIT = (sys.executable, "-m", "colorgan.cli", "fit")
"""The command that trains a run."""

_INTERRUPTED = 130
_FIT_OPTION = re.compile(r"--(data|model|trainer)[\w.+]*=")


def main(args: list[str] | None = None, fit: Sequence[str] = FIT) -> int:
    """Runs ``colorgan benchmark``.

    Args:
        args: the arguments of the command; by default those of the process.
        fit: the command that trains a run.

    Returns:
        The exit code: 0 if all selected runs are finished, 1 if not, 130 after Ctrl-C.

    Raises:
        ColorganError: for errors that are found before the first run.
    """
    parser = _parser()
    options, fit_options = parser.parse_known_args(args)
    _check_fit_options(parser, fit_options)
    grid = read_grid(options.grid, options.config)
    all_runs = grid.runs(fit_options)
    runs = select_runs(all_runs, options.only)
    folder = Path(options.out)
    if options.wandb_sweep:
        overlays = [argument for file in options.config for argument in ("--config", file)]
        arguments = [options.grid, "--out", options.out, *overlays, *fit_options]
        write_sweep(grid, runs, arguments, Path(options.wandb_sweep), options.grid)
        _print(f"sweep of {len(runs)} runs: {options.wandb_sweep}")
        return 0
    if options.timing:
        from colorgan.cli.network_timing import build_network
        from colorgan.evaluation.benchmark.timing import time_runs, write_timings

        _print(f"timings: {write_timings(grid, time_runs(runs, build_network), folder)}")
        return 0
    if options.list:
        for run in runs:
            _print(f"{run.name:<48} {GridRunFolder(folder, run.name).status()}")
        return 0
    if not options.report:
        check_same_configuration(runs, folder)
        try:
            _train(options, grid, all_runs, runs, folder, fit)
        except KeyboardInterrupt:
            _report(grid, all_runs, folder)
            _print("stopped; run the same command to resume")
            return _INTERRUPTED
    page = _report(grid, all_runs, folder)
    statuses = Counter(GridRunFolder(folder, run.name).status() for run in runs)
    _print(f"{', '.join(f'{count} {status}' for status, count in statuses.items())}; report: {page}")
    return 0 if set(statuses) == {"finished"} else 1


def _train(
    options: argparse.Namespace,
    grid: Grid,
    all_runs: Sequence[Run],
    runs: Sequence[Run],
    folder: Path,
    fit: Sequence[str],
) -> None:
    """Trains the selected runs and updates the report after each of them."""
    since = time.time()
    outcomes: Iterable[tuple[Run, Outcome]]
    if options.ray is None:
        outcomes = local.train(runs, folder, fit, since, _print)
    else:
        outcomes = cluster.train(runs, folder, fit, since, options.ray, options.cpus_per_run, options.gpus_per_run)
    for run, outcome in outcomes:
        _report(grid, all_runs, folder)
        ended = sum(GridRunFolder(folder, other.name).record() is not None for other in runs)
        _print(f"[{ended}/{len(runs)}] {run.name}: {_describe(GridRunFolder(folder, run.name), outcome)}")


def _describe(folder: GridRunFolder, outcome: Outcome) -> str:
    record = folder.record()
    if record is None:
        return f"{outcome}; it resumes when the benchmark is started again"
    if record.status == "failed":
        return f"failed: {record.error} (log: {folder.log})"
    return f"finished after {record.seconds:.0f} s"


def _report(grid: Grid, runs: Sequence[Run], folder: Path) -> Path:
    return write_report(collect_results(grid, runs, folder), folder)


def _check_fit_options(parser: argparse.ArgumentParser, options: Sequence[str]) -> None:
    """Checks that all unknown arguments are options of ``fit``, with their value after an equals sign."""
    for option in options:
        if not _FIT_OPTION.match(option):
            parser.error(
                f"{option!r} is not an option of benchmark; options of fit are passed to every run "
                "in the form --data.root=FOLDER"
            )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="colorgan benchmark",
        description="Trains a grid of configurations and writes one report. The same command resumes an interrupted "
        "grid. Several processes that run the same command share the work.",
        epilog="Options of fit in the form --data.root=FOLDER are passed to every run.",
        allow_abbrev=False,
    )
    parser.add_argument("grid", help="YAML file of the grid, such as configs/benchmarks/flowers_small.yaml")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="folder of the runs and the report")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="train only matching runs (bce-*, *-seed1); repeatable",
    )
    parser.add_argument(
        "-c",
        "--config",
        action="append",
        default=[],
        metavar="FILE",
        help="overlay for every run, such as configs/hardware/cpu.yaml; repeatable",
    )
    parser.add_argument("--list", action="store_true", help="list the runs with their status, without training")
    parser.add_argument(
        "--timing", action="store_true", help="time the networks of the grid on the available devices, without training"
    )
    parser.add_argument("--report", action="store_true", help="update the report, without training")
    parser.add_argument(
        "--ray",
        nargs="?",
        const="local",
        metavar="ADDRESS",
        help="train on a Ray cluster: `auto` joins the cluster of this machine; the default starts a new one",
    )
    parser.add_argument("--cpus-per-run", type=float, default=1.0, metavar="N", help="CPU cores per run with --ray")
    parser.add_argument(
        "--gpus-per-run", type=float, default=0.0, metavar="N", help="GPUs per run with --ray, such as 0.25"
    )
    parser.add_argument(
        "--wandb-sweep", metavar="FILE", help="write the grid as a Weights & Biases sweep, without training"
    )
    return parser


def _print(text: str) -> None:
    print(text, flush=True)
