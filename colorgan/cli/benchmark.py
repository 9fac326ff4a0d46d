"""``colorgan benchmark GRID.yaml --out FOLDER``: trains or resumes a grid of configurations and reports it."""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from colorgan.cli.parsing.options import Option, PassThrough, Range
from colorgan.errors import ColorganError, did_you_mean

FIT = (sys.executable, "-m", "colorgan", "fit")
"""The command that trains a run."""


def benchmark(
    grid: str,
    *fit_options: Annotated[str, PassThrough(r"--(data|model|trainer)\b", "--data.root=FOLDER")],
    out: Annotated[str, Option(metavar="FOLDER")],
    only: Annotated[Sequence[str], Option(metavar="PATTERN")] = (),
    config: Annotated[Sequence[str], Option(("-c", "--config"), "FILE")] = (),
    list: bool = False,
    print: Annotated[str | None, Option(metavar="RUN")] = None,
    timing: bool = False,
    report: bool = False,
    latex: bool = False,
    ray: Annotated[str | None, Option(metavar="ADDRESS", const="local")] = None,
    cpus_per_run: Annotated[float, Range(0, 4096), Option(metavar="N")] = 1.0,
    gpus_per_run: Annotated[float, Range(0, 4096), Option(metavar="N")] = 0.0,
    wandb_sweep: Annotated[str | None, Option(metavar="FILE")] = None,
) -> int:
    """Train a grid of configurations and report the results.

    The same command resumes an interrupted grid. Several processes that run the same command share the work. Options of
    `fit` in the form --data.root=FOLDER are passed to every run.

    Args:
        grid: YAML file of the grid, such as configs/benchmarks/flowers_small.yaml.
        fit_options: options of ``fit``.
        out: folder of the runs and the report.
        only: train only matching runs (bce-*, *-seed1), or with --report, report only them; repeatable.
        config: overlay for every run, such as configs/hardware/cpu.yaml; repeatable.
        list: list the runs with their status and the settings that distinguish them, without training.
        print: print the complete configuration of a run, without training.
        timing: time the networks of the grid on the available devices, without training.
        report: update the report, without training.
        latex: also write the tables as report.tex, for papers.
        ray: train on a Ray cluster: `auto` joins the cluster of this machine; without an address, a new one is started.
        cpus_per_run: CPU cores per run with --ray.
        gpus_per_run: GPUs per run with --ray, such as 0.25.
        wandb_sweep: write the grid as a Weights & Biases sweep, without training.

    Returns:
        The exit code: 0 if all selected runs are finished, 1 if not.

    Raises:
        ColorganError: for errors that are found before the first run.

    Examples:
        colorgan benchmark configs/benchmarks/flowers_small.yaml --out reports/small
            trains what is missing, and writes a report
        colorgan benchmark grid.yaml --out reports/mine --list
            the runs and how far they are
    """
    from colorgan.evaluation.benchmark.differences import differences
    from colorgan.evaluation.benchmark.grid import select_runs
    from colorgan.evaluation.benchmark.grid_file import read_grid
    from colorgan.evaluation.benchmark.records import GridRunFolder, check_same_configuration
    from colorgan.evaluation.benchmark.sweep import write_sweep
    from colorgan.evaluation.benchmark.training import Workers, train_grid, update_report

    contents = read_grid(grid, config)
    all_runs = contents.runs(fit_options)
    runs = select_runs(all_runs, only)
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise ColorganError(f"--out must be a folder, but {folder} is a file")
    if wandb_sweep:
        overlays = [argument for file in config for argument in ("--config", file)]
        write_sweep(contents, runs, [grid, "--out", out, *overlays, *fit_options], Path(wandb_sweep), grid)
        _print(f"sweep of {len(runs)} runs: {wandb_sweep}")
        return 0
    if timing:
        from colorgan.cli.trainer.network_timing import build_network
        from colorgan.evaluation.benchmark.timing import time_runs, write_timings

        _print(f"timings: {write_timings(contents, time_runs(runs, build_network), folder)}")
        return 0
    if print is not None:
        from colorgan.cli.trainer.network_timing import print_configuration

        chosen = next((run for run in all_runs if print in (run.name, run.variant.name)), None)
        if chosen is None:
            near = did_you_mean(print, [run.variant.name for run in all_runs], list_all=True)
            raise ColorganError(f"--print {print!r} is no run of the grid{near}")
        print_configuration(chosen, folder)
        return 0
    if list:
        settings = differences(contents.variants)
        for run in runs:
            status = GridRunFolder(folder, run.name).status()
            _print(f"{run.name:<48} {status:<12} {settings[run.variant.name]}".rstrip())
        return 0
    if not report:
        check_same_configuration(runs, folder)
        try:
            train_grid(contents, all_runs, runs, folder, FIT, Workers(ray, cpus_per_run, gpus_per_run), _print)
        except KeyboardInterrupt as interruption:
            update_report(contents, all_runs, folder)
            interruption.add_note("run the same command to resume")
            raise
    page = update_report(contents, runs if report else all_runs, folder, latex)
    statuses = Counter(GridRunFolder(folder, run.name).status() for run in runs)
    _print(f"{', '.join(f'{count} {status}' for status, count in statuses.items())}; report: {page}")
    return 0 if set(statuses) == {"finished"} else 1


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
