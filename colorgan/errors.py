"""The errors that a user can mend. The command line shows their sentence; everything else keeps its traceback."""


class ColorganError(ValueError):
    """Something the user gave is wrong; the message says what was received and what to do."""


class CheckpointError(ColorganError):
    """A checkpoint is missing, damaged, not one of ours, or asks for something that is not allowed."""


class TrainingDivergedError(ColorganError):
    """A loss or a weight is no longer a finite number."""
