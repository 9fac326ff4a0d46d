"""The errors that a user can fix, of which the command line prints only the message, and the wording of messages."""

import difflib
import os
import re
import signal
from collections.abc import Iterable
from pathlib import Path


class ColorganError(ValueError):
    """Invalid input; the message names what was received and what to do."""


class CheckpointError(ColorganError):
    """A checkpoint is missing, damaged, foreign, or asks for something that is not allowed."""


class TrainingDivergedError(ColorganError):
    """A loss or a weight is no longer finite."""


class StoppedBySignalError(KeyboardInterrupt):
    """A signal asked the process to stop; libraries clean up after any of them as after Ctrl-C.

    Attributes:
        signal: the number of the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped on {signal.Signals(number).name}")
        self.signal = number

    @property
    def exit_code(self) -> int:
        """128 plus the number of the signal."""
        return 128 + self.signal


class RunNotWrittenError(ColorganError):
    """Training stopped because a file of the run could not be written."""


class TrainingInterruptedError(Exception):
    """Training stopped on a signal, after a checkpoint was saved.

    Attributes:
        signal: the number of the signal.
        checkpoint: the file to resume from.
    """

    def __init__(self, number: int, checkpoint: Path) -> None:
        super().__init__(
            f"stopped on {signal.Signals(number).name} with everything saved; resume with --ckpt_path {checkpoint}"
        )
        self.signal = number
        self.checkpoint = checkpoint


def did_you_mean(name: str, candidates: Iterable[str], *, list_all: bool = False) -> str:
    """The end of an error message about an unknown name: the most similar valid one.

    Args:
        name: what was received.
        candidates: the valid names.
        list_all: whether to list all of them where none is similar.

    Example:
        >>> did_you_mean("unet", ["UNet", "PatchGAN"])
        "; did you mean 'UNet'?"
        >>> did_you_mean("vgg", ["UNet", "PatchGAN"], list_all=True), did_you_mean("x", ["y"])
        ('; valid names are UNet, PatchGAN', '')
    """
    by_lower_case = {candidate.lower(): candidate for candidate in candidates}
    close = difflib.get_close_matches(name.lower()[:80], by_lower_case, n=1)
    if close:
        return f"; did you mean {by_lower_case[close[0]]!r}?"
    return f"; valid names are {', '.join(by_lower_case.values())}" if list_all else ""


def os_reason(error: OSError) -> str:
    """The reason of an operating system's error, without its number and its file.

    >>> os_reason(OSError(28, "No space left on device", "/data/runs/config.yaml"))
    'no space left on device'
    """
    reason = error.strerror or str(error) or type(error).__name__
    return reason[:1].lower() + reason[1:]


def describe_os_error(error: OSError) -> str:
    """The reason of an operating system's error, and its file.

    >>> describe_os_error(OSError(28, "No space left on device", "/data/runs/config.yaml"))
    "no space left on device: '/data/runs/config.yaml'"
    """
    names = [name for name in (error.filename, error.filename2) if isinstance(name, str | os.PathLike)]
    return ": ".join(filter(None, [os_reason(error), " -> ".join(repr(os.fspath(name)) for name in names)]))


def first_sentence(error: BaseException) -> str:
    """The first sentence of another library's message.

    >>> first_sentence(OSError("No space left. Try later."))
    'No space left'
    """
    return str(error).strip().split("\n")[0].split(". ")[0].rstrip(".:") or type(error).__name__


def describe(error: BaseException) -> str:
    """The kind and the first sentence of an error that is not meant for users, in at most 160 characters.

    >>> describe(KeyError("lr"))
    "KeyError: 'lr'"
    """
    return f"{type(error).__name__}: {first_sentence(error)}"[:160]


def one_line(text: str, limit: int = 1000) -> str:
    r"""Prepares a message for the terminal: in one line, without control characters, and of a bounded length.

    File names, keys and class paths are part of messages. In a terminal, escape sequences in them would be obeyed.

    Args:
        text: the message.
        limit: number of characters after which it is cut off.

    Example:
        >>> one_line("there is no class \x1b[31mRed,\n    only Blue")
        'there is no class \\x1b[31mRed, only Blue'
    """
    line = re.sub(r"\s*\n\s*", " ", text.strip())
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in line)
    return line if len(line) <= limit else f"{line[:limit]}…"


def plural(number: int, noun: str) -> str:
    """Formats a number with its noun.

    >>> plural(1, "photo"), plural(1000, "photo")
    ('1 photo', '1,000 photos')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
