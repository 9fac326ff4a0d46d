"""Signals that ask a process to stop: Ctrl-C, SIGTERM, SIGHUP and SIGUSR1."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

from colorgan.errors import StoppedBySignalError

STOP_SIGNALS = tuple(
    signal.Signals[name] for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGUSR1") if name in signal.Signals.__members__
)
"""The signals that exist on this system. Clusters send SIGUSR1 before the time of a job is over."""

_RETRY_AFTER = 0.1
"""Seconds after which a signal is sent again whose exception was lost in a destructor."""


@dataclass
class StopRequest:
    """The last signal that was received.

    Attributes:
        number: its number; 0 if there was none.
    """

    number: int = 0


@contextlib.contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Raises :class:`~colorgan.errors.StoppedBySignalError` in the main thread on a signal that asks to stop.

    Signals that are ignored stay ignored, as ``nohup`` wants it. Child processes that are forked meanwhile ignore the
    signals, because whoever started them stops them; SIGTERM still ends them. Outside of the main thread, where Python
    cannot handle signals, this does nothing.

    Yields:
        The request. Libraries turn exceptions into others, so whoever handles one asks here for the signal.
    """
    request, owner = StopRequest(), os.getpid()

    def handle(number: int, frame: FrameType | None) -> None:
        if os.getpid() == owner:
            request.number = number
            raise StoppedBySignalError(number)
        if number == signal.SIGTERM:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    with _repeated_if_lost():
        previous = {number: signal.getsignal(number) for number in STOP_SIGNALS}
        try:
            for number, handler in previous.items():
                if handler is not signal.SIG_IGN:
                    signal.signal(number, handle)
            yield request
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


def ignore_stop_signals() -> None:
    """Makes a worker process ignore the signals that its whole process group receives: its parent stops it."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextlib.contextmanager
def _repeated_if_lost() -> Iterator[None]:
    """Sends a signal again if Python dropped its exception, as it does in destructors and callbacks."""
    previous = sys.unraisablehook

    def hook(unraisable: Any) -> None:
        if isinstance(unraisable.exc_value, StoppedBySignalError):
            threading.Timer(_RETRY_AFTER, os.kill, (os.getpid(), unraisable.exc_value.signal)).start()
        else:
            previous(unraisable)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = previous
