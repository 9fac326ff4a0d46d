"""``colorgan COMMAND``: runs a command, and turns errors into a message and an exit code.

Each command is a function with a docstring, from which its parser is made. The modules import their libraries only when
the command runs, so that colorizing photos and showing help do not wait for the training libraries.
"""

import importlib
import os
import sys
from collections.abc import Callable

from colorgan.errors import ColorganError, TrainingInterruptedError, did_you_mean, printable_text

TRAINER_COMMANDS = {
    "fit": "train a model",
    "validate": "evaluate a checkpoint on the validation photos",
    "test": "evaluate a checkpoint on the test photos",
    "predict": "colorize a folder of photos with a checkpoint",
}
"""Commands of LightningCLI."""

COMMANDS = ("colorize", "app", "export", "release", "chroma", "lr-find", "inspect", "evaluate", "benchmark", "cache")
"""All other commands. ``lr-find`` is the function ``lr_find`` in ``colorgan.cli.lr_find``."""


def main(args: list[str] | None = None) -> int:
    """Runs a command.

    Args:
        args: the command and its arguments. Default: those of the process.

    Returns:
        The exit code: 0; 1 for invalid input; 2 for wrong usage; 128 + n after signal n.
    """
    args = sys.argv[1:] if args is None else list(args)
    if not args or args[0] in ("-h", "--help"):
        print(_overview())
        return 0
    command = args[0]
    if command not in (*COMMANDS, *TRAINER_COMMANDS) and not command.startswith("-"):
        suggestion = did_you_mean(command, [*COMMANDS, *TRAINER_COMMANDS])
        _print_error(f"there is no command {command!r}{suggestion}\n\n{_overview()}")
        return 2
    try:
        if command in COMMANDS:
            from colorgan.cli.parsing.function_parser import run_function  # its libraries are slow to import

            return run_function(_function(command), args[1:], command)
        importlib.import_module("colorgan.cli.trainer").train(args)
    except TrainingInterruptedError as interruption:
        _print_error(str(interruption))
        return 128 + interruption.signal
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "colorgan" or os.environ.get("COLORGAN_TRACEBACK"):
            raise
        _print_error(
            f"error: `colorgan {command}` needs {package}, which is not installed; install colorgan with all of its "
            "dependencies (`pip install -e .` in a clone)"
        )
        return 1
    except (ValueError, FileNotFoundError, PermissionError) as error:
        if os.environ.get("COLORGAN_TRACEBACK"):
            raise
        note = "" if isinstance(error, ColorganError) else " (set COLORGAN_TRACEBACK=1 to see the traceback)"
        _print_error(f"error: {error}{note}")
        return 1
    return 0


def _function(command: str) -> Callable[..., int]:
    name = command.replace("-", "_")
    function: Callable[..., int] = getattr(importlib.import_module(f"colorgan.cli.{name}"), name)
    return function


def _overview() -> str:
    summaries = {command: _summary(_function(command)) for command in COMMANDS}
    descriptions = TRAINER_COMMANDS | {name: text[:1].lower() + text[1:] for name, text in summaries.items()}
    return "\n".join(
        [
            "usage: colorgan COMMAND [OPTIONS]      (COMMAND --help shows the options)",
            "",
            *(f"  {name:<10} {description}" for name, description in descriptions.items()),
            "",
            "try:   colorgan colorize old.jpg",
            "       python train.py fit -c configs/quickstart.yaml",
        ]
    )


def _summary(function: Callable[..., int]) -> str:
    """The first line of a function's docstring."""
    return (function.__doc__ or "").strip().partition("\n")[0].rstrip(".")


def _print_error(text: str) -> None:
    print(printable_text(text), file=sys.stderr)
