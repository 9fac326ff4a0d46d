"""Builds the networks of a grid as ``fit`` would, for ``colorgan benchmark --timing``."""

import tempfile
from pathlib import Path
from typing import Any

from jsonargparse import Namespace

from colorgan.cli.trainer.command import ColorganCLI
from colorgan.cli.trainer.running import train
from colorgan.evaluation.benchmark.grid import Run
from colorgan.evaluation.benchmark.timing import BuiltNetwork
from colorgan.inference.run_folder import RunFolder
from colorgan.training.gan import ColorGAN
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

    def fit(self, **_: Any) -> None:
        """Overrides the training."""

    def after_fit(self) -> None:
        """There is nothing to report."""


def build_network(run: Run) -> BuiltNetwork:
    """Builds the network of a run without training it."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["fit"]
        for number, overlay in enumerate(run.variant.overlays):
            file = Path(folder) / f"{number:02}_{overlay.name}.yaml"
            file.write_text(overlay.text, encoding="utf-8")
            arguments += ["--config", str(file)]
        model = ChromaRegressor if run.variant.command else ColorGAN
        built = train([*arguments, *run.arguments], _BuildOnlyCLI, model)
    return BuiltNetwork(
        built.model.trained_network, getattr(built.datamodule, "batch_size", 1), built.datamodule.image_size
    )
