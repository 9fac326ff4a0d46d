"""Parses and builds the runs of a grid as ``fit`` would, for ``colorgan benchmark --timing`` and ``--print``."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonargparse import Namespace

from colorgan.cli.trainer.command import ColorganCLI
from colorgan.cli.trainer.running import train
from colorgan.evaluation.benchmark.grid import Run
from colorgan.evaluation.benchmark.records import GridRunFolder
from colorgan.evaluation.benchmark.timing import BuiltNetwork
from colorgan.inference.run_folder import RunFolder
from colorgan.models.encoders import without_pretrained_weights
from colorgan.training.gan import ColorGAN
from colorgan.training.module import Trainable
from colorgan.training.regressor import ChromaRegressor


class _BuildOnlyCLI(ColorganCLI):
    """Builds the model and the data of ``fit`` without training."""

    def before_instantiate_classes(self) -> None:
        section = self.config[self.subcommand]
        section.trainer.callbacks = []
        section.trainer.logger = False
        super().before_instantiate_classes()
        self.save_config_callback = None

    def choose_run_folder(self, section: Namespace) -> RunFolder:
        return RunFolder(Path(section.runs) / "timing")

    def instantiate_classes(self) -> None:
        """Builds networks whose weights do not matter, such as those of a regressor that has not been trained yet."""
        with without_pretrained_weights():
            super().instantiate_classes()

    def fit(self, **_: Any) -> None:
        """Overrides the training."""

    def after_fit(self) -> None:
        """There is nothing to report."""


def build_network(run: Run) -> BuiltNetwork:
    """Builds the network of a run without training it."""
    with _arguments(run, "${runs}") as arguments:
        built = train(arguments, _BuildOnlyCLI, _model(run))
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
