"""``fit``, ``validate``, ``test`` and ``predict``: LightningCLI with a folder per run and checkpoints read as data."""

from colorgan.cli.trainer.command import ColorganCLI
from colorgan.cli.trainer.running import train

__all__ = ["ColorganCLI", "train"]
