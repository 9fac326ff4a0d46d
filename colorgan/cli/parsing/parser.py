"""The parser of the trainer's commands."""

import sys
from typing import NoReturn

from lightning.pytorch.cli import LightningArgumentParser

from colorgan.cli.parsing.messages import explain


class OneLineErrorParser(LightningArgumentParser):
    """A LightningCLI parser that reports errors in one line and suggests the nearest key."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        """Exits with code 2."""
        if not self.exit_on_error:
            super().error(message, ex)
        print(f"error: {explain(message, self)}\n(`{self.prog} --help` lists all options)", file=sys.stderr)
        sys.exit(2)
