"""Signals that ask to stop become one exception, whatever libraries make of it."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from colorgan.errors import StoppedBySignalError
from colorgan.system.signals import STOP_SIGNALS, ignore_stop_signals, stop_on_signals

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows does not send these signals")


@pytest.mark.parametrize("number", STOP_SIGNALS)
def test_each_signal_is_raised_and_handlers_are_restored(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(StoppedBySignalError) as stopped, stop_on_signals() as request:
        signal.raise_signal(number)
    assert stopped.value.exit_code == 128 + number
    assert request.number == number
    assert signal.getsignal(number) is before


def test_ignored_signals_stay_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as under nohup
    try:
        with stop_on_signals() as request:
            signal.raise_signal(signal.SIGHUP)
        assert request.number == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_exception_lost_in_a_destructor_is_raised_again() -> None:
    class Stops:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGTERM)

    def lose_it() -> None:
        with stop_on_signals():
            Stops()
            time.sleep(5)

    with pytest.raises(StoppedBySignalError):
        lose_it()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, -signal.SIGTERM), (signal.SIGUSR1, 0)])
def test_forked_children_are_only_ended_by_sigterm(number: int, code: int) -> None:
    with stop_on_signals() as request:
        child = os.fork()
        if child == 0:
            os.kill(os.getpid(), number)
            os._exit(0)
        _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == code
    assert request.number == 0


def test_outside_of_the_main_thread_nothing_is_changed() -> None:
    seen = []

    def enter() -> None:
        with stop_on_signals():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]


def test_workers_ignore_the_signals_of_their_group() -> None:
    program = "import os; from colorgan.system.signals import *; ignore_stop_signals()\n"
    program += "for number in STOP_SIGNALS: os.kill(os.getpid(), number)"
    assert ignore_stop_signals
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(("processes", "code"), [("2", 143), ("1", 0)])
def test_only_one_of_several_processes_leaves_a_wait_in_compiled_code(processes: str, code: int) -> None:
    """A lock of SQLite stands for a rendezvous: Python handles no signal until it is over."""
    program = (
        "import os, threading, sqlite3, tempfile\n"
        "from colorgan.system.signals import *\n"
        "file = tempfile.mkdtemp() + '/db'\n"
        "holder, waiter = sqlite3.connect(file, isolation_level=None), sqlite3.connect(file, timeout=4)\n"
        "holder.execute('BEGIN EXCLUSIVE')\n"
        "threading.Timer(0.5, os.kill, (os.getpid(), 15)).start()\n"
        "try:\n"
        "    with stop_on_signals():\n"
        "        waiter.execute('CREATE TABLE photos (name)')\n"
        "except BaseException as error:\n"
        "    print(type(error).__name__)\n"
    )
    environment = {**os.environ, "WORLD_SIZE": processes, "LOCAL_RANK": "0"}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done
    assert done.stderr == ("stopped on SIGTERM\n" if code else "")
