"""The parser of the trainer's commands."""

from lightning.pytorch.cli import LightningArgumentParser

from colorgan.cli.parsing.messages import OneLineErrors


class TrainerParser(OneLineErrors, LightningArgumentParser):
    """A LightningCLI parser that reports errors in one line and suggests the nearest key."""
