"""Parses and builds the runs of a grid as ``fit`` would, for ``colorgan benchmark --timing`` and ``--print``."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from colorgan.cli.trainer.dry_run import BuildOnlyCLI
from colorgan.cli.trainer.running import train
from colorgan.evaluation.benchmark.grid import Run
from colorgan.evaluation.benchmark.records import GridRunFolder
from colorgan.evaluation.benchmark.timing import BuiltNetwork
from colorgan.training.gan import ColorGAN
from colorgan.training.module import Trainable
from colorgan.training.regressor import ChromaRegressor


def build_network(run: Run) -> BuiltNetwork:
    """Builds the network of a run without training it."""
    with _arguments(run, "${runs}") as arguments:
        built = train(arguments, BuildOnlyCLI, _model(run))
    return BuiltNetwork(
        built.model.trained_network, getattr(built.datamodule, "batch_size", 1), built.datamodule.image_size
    )


def print_configuration(run: Run, grid: Path) -> None:
    """Prints the complete configuration with which ``fit`` would train a run.

    Args:
        run: the run.
        grid: folder of the grid.
    """
    runs = str(GridRunFolder(grid.absolute(), run.name).path.parent)
    with _arguments(run, runs) as arguments:
        try:
            train([*arguments, "--print_config"], model=_model(run))
        except SystemExit as end:  # the parser ends after it has printed
            if end.code:
                raise


@contextlib.contextmanager
def _arguments(run: Run, runs: str) -> Iterator[list[str]]:
    """The arguments of the command that trains a run, with its overlays in files."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["fit"]
        for number, overlay in enumerate(run.variant.overlays):
            file = Path(folder) / f"{number:02}_{overlay.name}.yaml"
            file.write_text(run.text_of(overlay, runs), encoding="utf-8")
            arguments += ["--config", str(file)]
        yield [*arguments, *run.arguments]


def _model(run: Run) -> type[Trainable]:
    return ChromaRegressor if run.variant.command else ColorGAN
