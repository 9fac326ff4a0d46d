"""``colorgan COMMAND``: runs a command, and turns errors into a message and an exit code.

Each command is a function with a docstring, from which its parser is made. The modules import their libraries only when
the command runs, so that colorizing photos and showing help do not wait for the training libraries.
"""

import contextlib
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence

from colorgan import __version__
from colorgan.cli.trainer_help import HELP
from colorgan.errors import (
    ColorganError,
    StoppedBySignalError,
    TrainingInterruptedError,
    describe_os_error,
    did_you_mean,
    one_line,
)
from colorgan.system.signals import let_parent_end_first, stop_on_signals
from colorgan.system.working_directory import make_working_directory_importable

TRAINER_COMMANDS = ("fit", "validate", "test", "predict")
"""Commands of LightningCLI."""

_GROUPS = {
    "colorize photos": ("colorize", "app"),
    "train models": (*TRAINER_COMMANDS, "lr-find", "chroma"),
    "publish models": ("release", "export"),
    "measure and compare": ("evaluate", "benchmark", "tune", "study", "study-serve", "study-report"),
    "prepare photos for training": ("inspect", "pack", "cache"),
}
COMMANDS = tuple(name for names in _GROUPS.values() for name in names if name not in TRAINER_COMMANDS)
"""All other commands. ``lr-find`` is the function ``lr_find`` in ``colorgan.cli.lr_find``."""

_CONFIGURED = (*TRAINER_COMMANDS, "chroma", "lr-find", "benchmark", "tune")
"""Commands whose configurations name classes, which may be the user's own."""

_CLOSED_PIPE = 141
"""128 + SIGPIPE."""


def main(args: list[str] | None = None) -> int:
    """Runs a command.

    Args:
        args: the command and its arguments. Default: those of the process.

    Returns:
        The exit code: 0; 1 for invalid input and for files that cannot be read or written; 2 for wrong usage; 128 + n
        after signal n.
    """
    with stop_on_signals() as stop:
        try:
            code = _run(sys.argv[1:] if args is None else args)
            if stop.number:  # a library has dropped the exception
                raise StoppedBySignalError(stop.number)
            sys.stdout.flush()  # a full disk or a closed pipe is found here rather than when Python ends
        except TrainingInterruptedError as interruption:
            _print_error(str(interruption))
            return 128 + interruption.signal
        except BrokenPipeError:
            return _leave_pipe()
        except BaseException as error:
            number = stop.number or (signal.SIGINT if isinstance(error, KeyboardInterrupt) else 0)
            if number:  # asked of the request, because libraries turn the exception into others
                if os.environ.get("LOCAL_RANK", "0") == "0":  # one of the processes of a run says it
                    _print_error("; ".join([f"stopped on {signal.Signals(number).name}", *_advice(error)]))
                else:
                    let_parent_end_first()
                return 128 + number
            if isinstance(error, ColorganError | ValueError | OSError) and not os.environ.get("COLORGAN_TRACEBACK"):
                _print_error(_describe(error))
                return 1
            raise
    if args is None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python would print a traceback while it ends
    return code


def _run(args: Sequence[str]) -> int:
    if not args or args[0] in ("-h", "--help", "--help-all"):
        print(_overview())
        return 0
    if args[0] in ("-V", "--version"):
        print(f"colorgan {__version__}")
        return 0
    command = args[0]
    if command in HELP and {"-h", "--help"} & set(args):
        print(HELP[command].text(f"colorgan {command}"), end="")
        return 0
    args = ["--help" if command in HELP and argument == "--help-all" else argument for argument in args]
    if command not in (*COMMANDS, *TRAINER_COMMANDS) and not command.startswith("-"):
        is_file = os.path.lexists(command)
        suggestion = (
            f"; did you mean `colorgan colorize {command}`?"
            if is_file
            else did_you_mean(command, [*COMMANDS, *TRAINER_COMMANDS])
        )
        _print_error(f"error: there is no command {command!r}{suggestion} (`colorgan --help` lists all commands)")
        return 2
    if command in _CONFIGURED or any(argument.startswith("--trust") for argument in args):
        make_working_directory_importable()
    try:
        if command in HELP and command in COMMANDS and "--help" in args:  # its options are those of the trainer
            return int(_function(command)(*args[1:]))
        if command in COMMANDS:
            from colorgan.cli.parsing.function_parser import run_function  # its libraries are slow to import

            return run_function(_function(command), args[1:], command)
        importlib.import_module("colorgan.cli.trainer").train(list(args))
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package == "colorgan" or os.environ.get("COLORGAN_TRACEBACK"):
            raise
        _print_error(
            f"error: `colorgan {command}` needs {package}, which is not installed; install colorgan with its "
            "dependencies: `pip install -e .` in a clone, or `pip install` and the wheel"
        )
        return 1
    return 0


def _describe(error: Exception) -> str:
    """One sentence: what could not be done, with which file, and why."""
    if isinstance(error, ColorganError):
        return f"error: {error}"
    if isinstance(error, OSError):
        return f"error: {describe_os_error(error)}"
    return f"error: {one_line(str(error))} (set COLORGAN_TRACEBACK=1 to see the traceback)"


def _advice(error: BaseException | None) -> list[str]:
    """What a command says about the way it was stopped, which may be noted on an earlier exception."""
    while error is not None:
        if notes := getattr(error, "__notes__", None):
            return list(notes)
        error = error.__cause__ or error.__context__
    return []


def _leave_pipe() -> int:
    """Ends quietly if the reader of the output, such as ``head``, has ended, as the shell's own tools do."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more when it ends
    return _CLOSED_PIPE


def _function(command: str) -> Callable[..., int]:
    name = command.replace("-", "_")
    function: Callable[..., int] = getattr(importlib.import_module(f"colorgan.cli.{name}"), name)
    return function


def _overview() -> str:
    lines: list[str] = []
    for title, names in _GROUPS.items():
        texts = {name: HELP[name].summary if name in HELP else _summary(_function(name)) for name in names}
        lines += [f"{title}:", *(f"  {name:<10} {text}" for name, text in texts.items()), ""]
    return "\n".join(
        [
            "usage: colorgan COMMAND [OPTIONS]      (COMMAND --help shows the options)",
            "",
            "  colorgan colorize old.jpg",
            "  colorgan app",
            "  python train.py fit -c configs/quickstart.yaml",
            "",
            *lines,
            "colorgan --version shows the version",
        ]
    )


def _summary(function: Callable[..., int]) -> str:
    """The first line of a function's docstring."""
    text = (function.__doc__ or "").strip().partition("\n")[0].rstrip(".")
    return text[:1].lower() + text[1:]


def _print_error(text: str) -> None:
    """Prints one sentence; a list of files follows on indented lines."""
    sentence, *files = text.split("\n  ")
    print("\n".join([one_line(sentence), *(f"  {one_line(file)}" for file in files)]), file=sys.stderr)
