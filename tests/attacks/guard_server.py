"""Runs one call after the other, each in a forked child that is watched: the other half of ``tests.attacks.guard``.

Forking a process that has imported everything takes milliseconds, where starting Python with torch takes seconds. Each
line of the input is a request as JSON, each line of the output the outcome.
"""

import contextlib
import faulthandler
import importlib
import json
import os
import platform
import resource
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any

HARD_LIMIT = 6 << 30
"""Bytes of memory that a child may add before its allocations fail. Protects the machine; the tests allow less."""

_INSTALLATION = tuple(
    os.path.realpath(path) for path in (sys.prefix, sys.base_prefix, Path(__file__).parents[2], *sys.path) if path
)
_PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.forkpty", "pty.spawn")
_GIT = ["git", "-C", str(Path(__file__).parents[2] / "colorgan")]
"""How a training asks for its own version; no input decides about it."""
_CHANGES = {  # event: positions of the paths among its arguments, and of their folders' descriptors
    "os.remove": ((0, 1),),
    "os.rmdir": ((0, 1),),
    "os.mkdir": ((0, 2),),
    "os.rename": ((0, 2), (1, 3)),
    "os.link": ((1, 3),),
    "os.symlink": ((1, 2),),
    "os.truncate": ((0, None),),
    "os.chmod": ((0, 2),),
    "os.chown": ((0, 3),),
    "os.utime": ((0, 3),),
    "shutil.rmtree": ((0, 1),),
    "shutil.move": ((0, None), (1, None)),
}


class Watch:
    """An audit hook that refuses, and notes, what an input must never be able to cause."""

    def __init__(self, writable: list[str]) -> None:
        self.writable = tuple(os.path.realpath(path) for path in (*writable, "/dev", "/proc/self"))
        self.violations: list[str] = []

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        """Called by the interpreter at each audited event."""
        if event in _PROGRAMS:
            if event == "subprocess.Popen" and args[0] == "git" and args[1][:3] == _GIT:
                return
            self._refuse(f"{event} {args[:2]!r}")
        elif event == "open" and isinstance(args[0], str | bytes | os.PathLike):
            if args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND):
                self._check(event, args[0], None)
        elif event in _CHANGES:
            for path, descriptor in _CHANGES[event]:
                folder = args[descriptor] if descriptor is not None and len(args) > descriptor else None
                self._check(event, args[path], folder)
        elif event == "socket.connect" and isinstance(args[1], tuple) and args[1][0] not in ("127.0.0.1", "::1"):
            self._refuse(f"{event} {args[1]!r}")

    def foreign_modules(self) -> list[str]:
        """Modules that were imported from outside of the installation."""
        files = {name: getattr(module, "__file__", None) for name, module in list(sys.modules.items())}
        return [
            f"import {name} from {file}"
            for name, file in files.items()
            if file and Path(file).is_absolute() and not os.path.realpath(file).startswith(_INSTALLATION)
        ]

    def _check(self, event: str, path: Any, folder: Any) -> None:
        if isinstance(path, int):  # an open file was checked when it was opened
            return
        name = Path(os.fsdecode(path))
        if isinstance(folder, int) and folder >= 0 and not name.is_absolute():
            name = Path(f"/proc/self/fd/{folder}").readlink() / name
        # a link may be removed or replaced where it lies; writing goes to where it points
        place = os.path.realpath(name if event == "open" else name.parent)
        place = place if event == "open" else f"{place}/{name.name}"
        if not any(place == root or place.startswith(root + os.sep) for root in self.writable):
            self._refuse(f"{event} {place}")

    def _refuse(self, violation: str) -> None:
        self.violations.append(violation)
        raise PermissionError(f"the test forbids: {violation}")


def run(request: dict[str, Any]) -> int:
    """Runs a command, or a function of a module, in this process."""
    if "command" in request:
        from colorgan.cli import main

        return main([request["command"], *request["args"]])
    module, _, name = request["call"].partition(":")
    value = getattr(importlib.import_module(module), name)(*request["args"])
    return value if isinstance(value, int) else 0


def child(request: dict[str, Any], report: int) -> None:
    """Runs a request under watch, and writes what was violated to ``report``. Never returns."""
    os.setsid()
    if request["cwd"]:
        os.chdir(request["cwd"])
    for number, key in ((1, "stdout"), (2, "stderr")):
        file = os.open(request[key], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(file, number)
        os.close(file)
    os.environ.update(request["env"])
    faulthandler.enable()
    in_use = int(Path("/proc/self/statm").read_text().split()[5]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_DATA, (in_use + HARD_LIMIT, in_use + HARD_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    watch = Watch(request["writable"])
    code = 70
    try:
        sys.addaudithook(watch)
        code = run(request)
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
        if isinstance(leaving.code, str):
            print(leaving.code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stdout.flush()
            sys.stderr.flush()
        os.write(report, json.dumps(watch.violations + watch.foreign_modules()).encode()[:60_000])
        os._exit(code & 0xFF)


def private_memory(process: int) -> int:
    """Bytes of memory that are the process's own. Pages of libraries do not count."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(("RssAnon", "RssShmem"))) * 1024


def serve() -> None:
    """Answers requests until the input ends."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for module in json.loads(sys.stdin.readline()):
        importlib.import_module(module)
    platform.processor()  # asks a program once, which training would do in each child
    for line in iter(sys.stdin.readline, ""):
        request = json.loads(line)
        reading, writing = os.pipe()
        start = time.monotonic()
        process = os.fork()
        if process == 0:
            os.close(reading)
            child(request, writing)
        os.close(writing)
        first = peak = private_memory(process)
        timed_out = False
        while True:
            ended, status, usage = os.wait4(process, os.WNOHANG)
            if ended:
                break
            peak = max(peak, private_memory(process))
            if not timed_out and time.monotonic() - start > request["seconds"]:
                timed_out = True
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process, signal.SIGKILL)
            time.sleep(0.005)
        with contextlib.suppress(ProcessLookupError):  # what the child has left running
            os.killpg(process, signal.SIGKILL)
        with os.fdopen(reading, "rb") as pipe:
            violations = pipe.read()
        outcome = {
            "exit_code": os.waitstatus_to_exitcode(status),
            "violations": json.loads(violations or b"[]"),
            "peak_bytes": peak - first,
            "seconds": time.monotonic() - start,
            "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "timed_out": timed_out,
        }
        print(json.dumps(outcome), file=answers)


if __name__ == "__main__":
    serve()
