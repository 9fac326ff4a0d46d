"""``colorgan COMMAND``: finds the command, runs it, and turns errors into a sentence and an exit code.

Light on purpose: each command imports what it needs, so that photos can be colored, and help be read, without waiting
for the libraries that training needs.
"""

import importlib
import os
import sys

from colorgan.errors import ColorganError, TrainingInterruptedError, did_you_mean

TRAINER_COMMANDS = {
    "fit": "train a model",
    "validate": "measure a checkpoint on the validation photos",
    "test": "measure a checkpoint on the test photos",
    "predict": "colorize a folder of photos with a checkpoint",
}
"""What LightningCLI carries out."""

COMMANDS = {
    "colorize": ("colorgan.cli.colorize", "colorize photos, folders and video frames of any size"),
    "app": ("colorgan.cli.app", "open a page to color photos in the browser, with hints"),
    "export": ("colorgan.cli.export", "write a model as ONNX or a torch.export program"),
    "release": ("colorgan.cli.release", "make a small released model of a training checkpoint"),
    "chroma": ("colorgan.cli.chroma", "fit, validate or test a regressor of the mean color"),
    "lr-find": ("colorgan.cli.lr_find", "find a learning rate for what `fit` would train"),
    "inspect": ("colorgan.cli.inspect", "show what the networks will see of a folder of photos"),
    "evaluate": ("colorgan.cli.evaluate", "measure checkpoints and folders of pictures against the reference"),
    "benchmark": ("colorgan.cli.benchmark", "run a grid of trainings, and report it"),
}
"""Commands beside those of the trainer, with the module whose ``main(args)`` carries them out."""


def main(args: list[str] | None = None) -> int:
    """Runs a command.

    Args:
        args: the words after the program's name; by default those of the process.

    Returns:
        The exit code: 0; 1 for input that the user can mend; 2 for wrong usage; 128 + n after signal n.
    """
    words = sys.argv[1:] if args is None else list(args)
    if not words or words[0] in ("-h", "--help"):
        print(_overview())
        return 0
    if words[0] not in (*COMMANDS, *TRAINER_COMMANDS) and not words[0].startswith("-"):
        _say(
            f"there is no command {words[0]!r}{did_you_mean(words[0], [*COMMANDS, *TRAINER_COMMANDS])}\n\n{_overview()}"
        )
        return 2
    try:
        if words[0] in COMMANDS:
            code: int = importlib.import_module(COMMANDS[words[0]][0]).main(words[1:])
            return code
        importlib.import_module("colorgan.cli.trainer").train(words)
    except TrainingInterruptedError as stopped:
        _say(str(stopped))
        return 128 + stopped.signal
    except (ValueError, FileNotFoundError, PermissionError) as error:
        if os.environ.get("COLORGAN_TRACEBACK"):
            raise
        where = "" if isinstance(error, ColorganError) else " (COLORGAN_TRACEBACK=1 shows where this comes from)"
        _say(f"error: {error}{where}")
        return 1
    return 0


def _overview() -> str:
    described = {**TRAINER_COMMANDS, **{name: text for name, (_, text) in COMMANDS.items()}}
    lines = [f"  {name:<10} {text}" for name, text in described.items()]
    return "\n".join(
        [
            "usage: colorgan COMMAND [OPTIONS]      (COMMAND --help shows the options)",
            "",
            *lines,
            "",
            "try:   colorgan colorize old.jpg",
            "       python train.py fit -c configs/quickstart.yaml",
        ]
    )


def _say(text: str) -> None:
    print(text, file=sys.stderr)
