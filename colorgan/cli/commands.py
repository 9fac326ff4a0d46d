"""``colorgan COMMAND``: runs a command, and turns errors into a message and an exit code.

Each command is imported only when it runs, so that colorizing photos and showing help do not wait for the training
libraries.
"""

import importlib
import os
import sys

from colorgan.errors import ColorganError, TrainingInterruptedError, did_you_mean

TRAINER_COMMANDS = {
    "fit": "train a model",
    "validate": "evaluate a checkpoint on the validation photos",
    "test": "evaluate a checkpoint on the test photos",
    "predict": "colorize a folder of photos with a checkpoint",
}
"""Commands of LightningCLI."""

COMMANDS = {
    "colorize": ("colorgan.cli.colorize", "colorize photos, folders and video frames of any size"),
    "app": ("colorgan.cli.app", "colorize photos in the browser, with color hints"),
    "export": ("colorgan.cli.export", "export a model as ONNX or a torch.export program"),
    "release": ("colorgan.cli.release", "convert a training checkpoint to a small released model"),
    "chroma": ("colorgan.cli.chroma", "train, validate or test a regressor of the mean color"),
    "lr-find": ("colorgan.cli.lr_find", "find a learning rate for `fit`"),
    "inspect": ("colorgan.cli.inspect", "show a folder of photos as the networks see them"),
    "evaluate": ("colorgan.cli.evaluate", "compare checkpoints and folders of images with reference photos"),
    "benchmark": ("colorgan.cli.benchmark", "train a grid of configurations and report the results"),
}
"""All other commands: the module whose ``main(args)`` runs the command, and a description."""


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
            code: int = importlib.import_module(COMMANDS[command][0]).main(args[1:])
            return code
        importlib.import_module("colorgan.cli.trainer").train(args)
    except TrainingInterruptedError as interruption:
        _print_error(str(interruption))
        return 128 + interruption.signal
    except (ValueError, FileNotFoundError, PermissionError) as error:
        if os.environ.get("COLORGAN_TRACEBACK"):
            raise
        note = "" if isinstance(error, ColorganError) else " (set COLORGAN_TRACEBACK=1 to see the traceback)"
        _print_error(f"error: {error}{note}")
        return 1
    return 0


def _overview() -> str:
    descriptions = {**TRAINER_COMMANDS, **{name: description for name, (_, description) in COMMANDS.items()}}
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


def _print_error(text: str) -> None:
    print(text, file=sys.stderr)
