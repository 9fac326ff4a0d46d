"""The command line: ``colorgan COMMAND`` and ``python train.py fit``, one file per command."""

from colorgan.cli.commands import main

__all__ = ["main"]
