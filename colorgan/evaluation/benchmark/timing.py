"""Speed of the networks of a grid on the CPU and on the accelerator, if there is one."""

import json
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch.utils.benchmark import Measurement, Timer

from colorgan.evaluation.benchmark.grid import Grid, Run
from colorgan.files import atomic_write
from colorgan.models.base import ImageNetwork

_MIN_SECONDS = 1.0
"""Minimum duration of each measurement."""


@dataclass(frozen=True)
class BuiltNetwork:
    """An untrained network with the shape of its batches.

    Attributes:
        network: the network that ``fit`` would train.
        batch_size: photos per batch.
        image_size: height and width of the photos.
    """

    network: ImageNetwork
    batch_size: int
    image_size: int


@dataclass(frozen=True)
class Timing:
    """The speed of one network on one device.

    Attributes:
        name: name of the configuration.
        device: type of the device, such as ``cpu``.
        device_name: model of the device.
        threads: number of CPU threads.
        batch_size: photos per batch.
        image_size: height and width of the photos.
        forward_ms: median time per photo for a forward pass, in milliseconds.
        training_ms: median time per photo for a forward and a backward pass, in milliseconds.
        spread: interquartile range of the training time, relative to its median.
    """

    name: str
    device: str
    device_name: str
    threads: int
    batch_size: int
    image_size: int
    forward_ms: float
    training_ms: float
    spread: float


def devices() -> list[torch.device]:
    """The CPU, and the accelerator if there is one."""
    found = [torch.device("cpu")]
    if torch.cuda.is_available():
        found.append(torch.device("cuda"))
    if torch.backends.mps.is_available():
        found.append(torch.device("mps"))
    return found


def time_network(name: str, built: BuiltNetwork, device: torch.device, min_seconds: float = _MIN_SECONDS) -> Timing:
    """Times a network with ``torch.utils.benchmark``, which warms up, repeats and synchronizes the device.

    Args:
        name: name of the configuration.
        built: the network, which is moved to the device.
        device: device of the network.
        min_seconds: minimum duration of each measurement.
    """
    network = built.network.to(device)
    x = torch.rand(built.batch_size, network.in_channels, built.image_size, built.image_size, device=device)

    def forward() -> None:
        with torch.inference_mode():
            network(x)

    def forward_and_backward() -> None:
        network.zero_grad()
        network(x).square().mean().backward()

    threads = torch.get_num_threads()
    network.eval()
    inference = _measure(forward, threads, min_seconds)
    network.train()
    training = _measure(forward_and_backward, threads, min_seconds)
    return Timing(
        name=name,
        device=device.type,
        device_name=torch.cuda.get_device_name() if device.type == "cuda" else platform.machine(),
        threads=threads,
        batch_size=built.batch_size,
        image_size=built.image_size,
        forward_ms=1000 * inference.median / built.batch_size,
        training_ms=1000 * training.median / built.batch_size,
        spread=training.iqr / training.median,
    )


def _measure(function: Callable[[], None], threads: int, min_seconds: float) -> Measurement:
    """Repeats until the interquartile range is a tenth of the median, for at most 20 times ``min_seconds``."""
    timer = Timer("function()", globals={"function": function}, num_threads=threads)
    return timer.adaptive_autorange(threshold=0.1, min_run_time=min_seconds, max_run_time=20 * min_seconds)


def time_runs(runs: Sequence[Run], build: Callable[[Run], BuiltNetwork]) -> list[Timing]:
    """Times the network of each configuration on every device.

    Args:
        runs: runs of a grid; one seed of each configuration is timed.
        build: builds the network of a run.
    """
    timings = []
    for run in {run.variant.name: run for run in runs}.values():
        built = build(run)
        timings += [time_network(run.variant.name, built, device, _MIN_SECONDS) for device in devices()]
    return timings


def write_timings(grid: Grid, timings: Iterable[Timing], folder: Path) -> Path:
    """Writes ``timing.md`` and ``timing.json``.

    Args:
        grid: the grid.
        timings: the measurements.
        folder: folder of the files.

    Returns:
        The path of ``timing.md``.
    """
    listed = list(timings)
    on_cpu = {timing.name: timing for timing in listed if timing.device == "cpu"}
    lines = [
        f"# {grid.title}: time per photo",
        "",
        "| Configuration | Device | Batch | Forward (ms) | Forward and backward (ms) | Spread | Speedup over the CPU |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    for timing in listed:
        device = f"CPU ({timing.threads} threads)" if timing.device == "cpu" else timing.device_name
        speedup = "—" if timing.device == "cpu" else f"{on_cpu[timing.name].training_ms / timing.training_ms:.1f}×"  # noqa: RUF001 (a multiplication sign)
        lines.append(
            f"| {timing.name} | {device} | {timing.batch_size} photos of {timing.image_size} px "
            f"| {timing.forward_ms:.3g} | {timing.training_ms:.3g} | {timing.spread:.0%} | {speedup} |"
        )
    note = (
        "Medians of torch.utils.benchmark; the spread is the interquartile range of the training time in percent of "
        "its median."
    )
    if all(timing.device == "cpu" for timing in listed):
        note += " This machine has no GPU."
    for name, text in (
        ("timing.md", "\n".join([*lines, "", note, ""])),
        ("timing.json", json.dumps([asdict(timing) for timing in listed], indent=2) + "\n"),
    ):
        with atomic_write(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return folder / "timing.md"
