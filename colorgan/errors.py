"""The errors that a user can mend. The command line shows their sentence; everything else keeps its traceback."""

import signal
from pathlib import Path


class ColorganError(ValueError):
    """Something the user gave is wrong; the message says what was received and what to do."""


class CheckpointError(ColorganError):
    """A checkpoint is missing, damaged, not one of ours, or asks for something that is not allowed."""


class TrainingDivergedError(ColorganError):
    """A loss or a weight is no longer a finite number."""


class TrainingInterruptedError(Exception):
    """Training stopped on a signal, after a checkpoint was saved.

    Attributes:
        signal: the number of the signal.
        checkpoint: the file to go on from.
    """

    def __init__(self, number: int, checkpoint: Path) -> None:
        super().__init__(
            f"stopped on {signal.Signals(number).name} with everything saved; go on with --ckpt_path {checkpoint}"
        )
        self.signal = number
        self.checkpoint = checkpoint


def first_sentence(error: BaseException) -> str:
    """The point of another library's message.

    >>> first_sentence(OSError("No space left. Try later."))
    'No space left'
    """
    return str(error).strip().split("\n")[0].split(". ")[0].rstrip(".:") or type(error).__name__
