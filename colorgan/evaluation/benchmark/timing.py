"""How fast the networks of a grid are, on the CPU and on what else this machine has."""

import json
import platform
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from jsonargparse import Namespace
from torch.utils.benchmark import Measurement, Timer

from colorgan.cli.trainer import ColorganCLI, train
from colorgan.evaluation.benchmark.plan import Grid, Run
from colorgan.files import atomic_write
from colorgan.models.base import ImageNetwork
from colorgan.training.gan import ColorGAN
from colorgan.training.regressor import ChromaRegressor

_SECONDS = 1.0
"""How long each figure is measured at least."""


@dataclass(frozen=True)
class Timing:
    """What one network takes on one device.

    Attributes:
        name: of the configuration.
        device: such as ``cpu``.
        device_name: what it is called.
        threads: threads of the CPU.
        batch: photos per batch.
        size: height and width of the photos.
        coloring: median time of a photo through the network, in milliseconds.
        training: median time of a photo forward and backward, in milliseconds.
        spread: interquartile range of the training's time in proportion to its median.
    """

    name: str
    device: str
    device_name: str
    threads: int
    batch: int
    size: int
    coloring: float
    training: float
    spread: float


def devices() -> list[torch.device]:
    """The CPU, and the accelerator if there is one."""
    found = [torch.device("cpu")]
    if torch.cuda.is_available():
        found.append(torch.device("cuda"))
    if torch.backends.mps.is_available():
        found.append(torch.device("mps"))
    return found


def time_network(
    network: ImageNetwork, name: str, batch: int, size: int, device: torch.device, seconds: float = _SECONDS
) -> Timing:
    """Times a network with ``torch.utils.benchmark``, which warms up, repeats, and waits for the device.

    Args:
        network: is moved to the device; takes (B, in_channels, size, size).
        name: what to call it.
        batch: photos per batch.
        size: height and width of the photos.
        device: where.
        seconds: how long each figure is measured at least.
    """
    network = network.to(device)
    x = torch.rand(batch, network.in_channels, size, size, device=device)

    def color() -> None:
        with torch.inference_mode():
            network(x)

    def learn() -> None:
        network.zero_grad()
        network(x).square().mean().backward()

    threads = torch.get_num_threads()
    network.eval()
    coloring = _measure(color, threads, seconds)
    network.train()
    training = _measure(learn, threads, seconds)
    return Timing(
        name=name,
        device=device.type,
        device_name=torch.cuda.get_device_name() if device.type == "cuda" else platform.machine(),
        threads=threads,
        batch=batch,
        size=size,
        coloring=1000 * coloring.median / batch,
        training=1000 * training.median / batch,
        spread=training.iqr / training.median,
    )


def _measure(run: Callable[[], None], threads: int, seconds: float) -> Measurement:
    """Repeats until the interquartile range is a tenth of the median, or for twenty times as long as the least."""
    timer = Timer("run()", globals={"run": run}, num_threads=threads)
    return timer.adaptive_autorange(threshold=0.1, min_run_time=seconds, max_run_time=20 * seconds)


class _TimingCLI(ColorganCLI):
    """Builds what ``fit`` would train, and hands it over untrained."""

    def before_instantiate_classes(self) -> None:
        section = self.config[self.subcommand]
        section.trainer.callbacks = []
        section.trainer.logger = False
        super().before_instantiate_classes()
        self.save_config_callback = None

    def _choose_run_folder(self, section: Namespace) -> Path:
        return Path(section.runs) / "timing"

    def fit(self, **_: Any) -> None:
        """Stands where LightningCLI looks for what ``fit`` does."""

    def after_fit(self) -> None:
        """There is no run to tell of."""


def time_runs(runs: Sequence[Run]) -> list[Timing]:
    """Times the trained network of each configuration on every device.

    Args:
        runs: of a grid; of each configuration one is taken, seeds make no difference.
    """
    timings = []
    for run in {run.variant.name: run for run in runs}.values():
        with tempfile.TemporaryDirectory() as folder:
            words = ["fit"]
            for number, overlay in enumerate(run.variant.overlays):
                file = Path(folder) / f"{number:02}_{overlay.name}.yaml"
                file.write_text(overlay.text, encoding="utf-8")
                words += ["--config", str(file)]
            model = ChromaRegressor if run.variant.trains else ColorGAN
            built = train([*words, *run.arguments], _TimingCLI, model)
        timings += [
            time_network(
                built.model.trained_network,
                run.variant.name,
                built.datamodule.batch_size,
                built.datamodule.image_size,
                device,
                _SECONDS,
            )
            for device in devices()
        ]
    return timings


def write_timings(grid: Grid, timings: Iterable[Timing], folder: Path) -> Path:
    """Writes ``timing.md`` and ``timing.json``.

    Args:
        grid: whose networks they are.
        timings: what was measured.
        folder: where the files go.

    Returns:
        The path of ``timing.md``.
    """
    listed = list(timings)
    on_cpu = {timing.name: timing for timing in listed if timing.device == "cpu"}
    lines = [
        f"# {grid.title}: time per photo",
        "",
        "| Configuration | Device | Photos | Forward (ms) | Forward and backward (ms) | Spread | Against the CPU |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    for timing in listed:
        device = f"CPU ({timing.threads} threads)" if timing.device == "cpu" else timing.device_name
        faster = "—" if timing.device == "cpu" else f"{on_cpu[timing.name].training / timing.training:.1f} times"
        photos = f"{timing.batch} of {timing.size} px"
        lines.append(
            f"| {timing.name} | {device} | {photos} | {timing.coloring:.3g} | {timing.training:.3g} "
            f"| {timing.spread:.0%} | {faster} |"
        )
    note = "Medians of torch.utils.benchmark; the spread is the interquartile range of the training in per cent of it."
    if all(timing.device == "cpu" for timing in listed):
        note += " There was no GPU on this machine."
    for name, text in (
        ("timing.md", "\n".join([*lines, "", note, ""])),
        ("timing.json", json.dumps([asdict(timing) for timing in listed], indent=2) + "\n"),
    ):
        with atomic_write(folder / name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return folder / "timing.md"
