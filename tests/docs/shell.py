"""What a shell makes of commands: every program that they would start, with its arguments, without starting any."""

import functools
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

_RECORD = """\
command_not_found_handle() { printf '%s\\0' "$#" "$PWD" "$@" >> "$RECORD"; }
"""
"""With an empty ``PATH``, every program is unknown, and bash calls this function with its name and arguments."""


@dataclass(frozen=True)
class Call:
    """A program with its arguments.

    Attributes:
        program: its name.
        arguments: its arguments, after quotes, variables and patterns of file names.
        folder: the working directory.
    """

    program: str
    arguments: tuple[str, ...]
    folder: Path

    def __str__(self) -> str:
        return " ".join((self.program, *self.arguments))


def calls(script: str, folder: Path) -> list[Call]:
    """The programs that a script would start, in their order.

    Args:
        script: commands of bash, with comments, continued lines, loops and so on.
        folder: the working directory, where patterns of file names are expanded.

    Raises:
        AssertionError: if bash cannot read the script.
    """
    record = folder / ".calls"
    record.unlink(missing_ok=True)
    done = subprocess.run(
        [_bash(), "--noprofile", "--norc", "-c", _RECORD + script],
        cwd=folder,
        env={"PATH": "/nonexistent", "RECORD": str(record)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == "", f"bash cannot read this: {done.stderr}{script}"
    words = record.read_text(encoding="utf-8").split("\0") if record.exists() else []
    found = []
    while len(words) > 1:
        count = int(words[0])
        program, *arguments = words[2 : 2 + count]
        found.append(Call(program, tuple(arguments), Path(words[1])))
        del words[: 2 + count]
    return found


@functools.cache
def _bash() -> str:
    """The path of bash, version 4 or later; macOS comes with an older one."""
    bash = shutil.which("bash")
    version = ["-c", "echo ${BASH_VERSINFO[0]}"]
    if bash is None or int(subprocess.run([bash, *version], capture_output=True, check=True).stdout) < 4:
        pytest.skip("commands are read by bash 4 or later")
    return bash
