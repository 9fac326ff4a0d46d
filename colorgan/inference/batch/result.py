"""The result of a batch, and the record that fills it in."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class BatchResult:
    """Result of :func:`colorize_files`.

    Attributes:
        written: number of photos colorized.
        skipped: number of photos whose output file already existed.
        failures: an error message for each photo that could not be read or written.
        scenes: number of scenes found by temporal smoothing; 0 without it.
    """

    written: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)
    scenes: int = 0


@dataclass
class Record:
    """Counts each photo once, when it is done.

    Attributes:
        result: the counts and messages so far.
        on_progress: called after each photo.
    """

    result: BatchResult
    on_progress: Callable[[], object]

    def written(self) -> None:
        """Counts a photo that was colorized."""
        self.result.written += 1
        self.on_progress()

    def skipped(self) -> None:
        """Counts a photo whose output file already existed."""
        self.result.skipped += 1
        self.on_progress()

    def failed(self, message: str) -> None:
        """Counts a photo that could not be read or written."""
        self.result.failures.append(message)
        self.on_progress()
