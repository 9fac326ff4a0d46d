"""Signals that ask a process to stop: Ctrl-C, SIGTERM, SIGHUP and SIGUSR1."""

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
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
_BLOCKED_AFTER = 1.5
"""Seconds without a reaction after which a process of several is taken to wait for another one."""
_PARENT_ENDS_WITHIN = 8.0
"""Seconds that a process leaves to the one that has started it."""


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
            with _leaving_rendezvous(lambda number: not request.number and signal.getsignal(number) is handle):
                yield request
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)


def ignore_stop_signals() -> None:
    """Makes a worker process ignore the signals that its whole process group receives: its parent stops it."""
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def let_parent_end_first() -> None:
    """Waits a while for the process that started this one, which was signaled too.

    Lightning's first process is killed if it finds that another one has ended.
    """
    parent, deadline = os.getppid(), time.monotonic() + _PARENT_ENDS_WITHIN
    while os.getppid() == parent and time.monotonic() < deadline:
        time.sleep(_RETRY_AFTER)


@contextlib.contextmanager
def _leaving_rendezvous(is_unhandled: Callable[[int], bool]) -> Iterator[None]:
    """Ends one of several processes that waits for another one in compiled code, where Python handles no signal.

    Such a process would wait for minutes for a partner that the same signal has ended.

    Args:
        is_unhandled: whether nothing has reacted to a signal, and nothing wants to save first.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    _waking.append(signal.set_wakeup_fd(writing, warn_on_full_buffer=False))  # Python writes there at once

    def watch() -> None:
        while number := int.from_bytes(os.read(reading, 1), "big"):
            time.sleep(_BLOCKED_AFTER)
            several = os.environ.get("WORLD_SIZE", "1") != "1"
            if several and number in tuple(STOP_SIGNALS) and is_unhandled(number):
                if os.environ.get("LOCAL_RANK", "0") == "0":
                    os.write(2, f"stopped on {signal.Signals(number).name}\n".encode())
                os._exit(128 + number)
        os.close(reading)
        os.close(writing)

    threading.Thread(target=watch, name="signals", daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(_waking.pop())
        os.write(writing, b"\0")  # ends the thread


_waking: list[int] = []
"""What was woken up by signals before."""


def _forget_wakeup() -> None:
    """Keeps signals to a forked child from being taken for the parent's."""
    if _waking and threading.current_thread() is threading.main_thread():
        signal.set_wakeup_fd(-1)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_wakeup)


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
