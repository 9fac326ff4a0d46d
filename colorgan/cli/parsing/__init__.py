"""Option parsing and error messages shared by the commands."""

from colorgan.cli.parsing.options import Parser, add_model_options, number

__all__ = ["Parser", "add_model_options", "number"]
