"""Help texts open with a synopsis and examples, fit a terminal, and say nothing that is not so."""

import inspect
import re
import shlex
from collections.abc import Callable

import pytest

from colorgan.cli import main
from colorgan.cli.commands import COMMANDS, TRAINER_COMMANDS, _function
from colorgan.cli.parsing.function_parser import make_parser
from colorgan.cli.trainer_help import HELP
from colorgan.data import Photos

FUNCTIONS = [name for name in COMMANDS if name not in HELP]


@pytest.fixture
def help_of(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """What a command prints on a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")

    def run(command: str, option: str = "--help") -> str:
        try:
            code = main([command, option])
        except SystemExit as stop:
            code = stop.code
        assert code == 0
        return capsys.readouterr().out

    return run


def examples_in(text: str) -> list[str]:
    """The command lines of the examples, joined where they are continued."""
    lines = text.partition("\nexamples:\n")[2].partition("\n\n")[0].replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if re.match(r"  \S", line)]


@pytest.mark.parametrize("command", [*TRAINER_COMMANDS, *COMMANDS])
def test_help_opens_with_a_synopsis_and_two_examples_and_fits_a_terminal(
    command: str, help_of: Callable[..., str]
) -> None:
    text = help_of(command)
    assert text.startswith(f"usage: colorgan {command} ")
    assert max(map(len, text.splitlines())) <= 80
    assert len(text.splitlines()) <= 75
    examples = examples_in(text)
    assert len(examples) >= 2
    assert all(re.match(rf"(ssh .*)?(colorgan|python train.py) {command}\b", example) for example in examples)


@pytest.mark.parametrize("command", FUNCTIONS)
def test_examples_are_valid(command: str, help_of: Callable[..., str]) -> None:
    parser = make_parser(_function(command), command)
    for example in examples_in(help_of(command)):
        words = shlex.split(example[example.index("colorgan") :])
        parser.parse_args(words[2:])


@pytest.mark.parametrize("command", FUNCTIONS)
def test_full_help_describes_each_option(command: str, help_of: Callable[..., str]) -> None:
    lines = help_of(command, "--help-all").partition("\noptions:\n")[2].partition("\n\n")[0].splitlines()
    described = [line for number, line in enumerate(lines) if line.startswith("  -")]
    assert len(described) > 3
    for number, line in enumerate(lines):
        if line.startswith("  -"):
            help_text = line[26:].strip() if len(line.split("  ")) > 2 else lines[number + 1].strip()
            assert help_text, line


def test_rare_options_are_in_the_full_help_only(help_of: Callable[..., str]) -> None:
    short, full = (set(re.findall(r"^  (?:-\w \S+, )?(--[\w-]+)", help_of("colorize", option), re.MULTILINE))
                   for option in ("--help", "--help-all"))  # fmt: skip
    assert short < full
    assert {"--reach", "--mix", "--onnx-black", "--metadata"} <= full - short
    assert f"--help-all lists {len(full - short)} more options" in help_of("colorize")


@pytest.mark.parametrize("command", ["fit", "lr-find"])
def test_options_in_the_short_help_of_the_trainer_exist(command: str, help_of: Callable[..., str]) -> None:
    full = set(re.findall(r"--[\w.]+", help_of(command, "--help-all")))
    full |= {f"--data.{name}" for name in inspect.signature(Photos.__init__).parameters}
    commands = [command] if command == "lr-find" else [*TRAINER_COMMANDS, "chroma"]
    mentioned = {name for each in commands for name in re.findall(r"--[\w.]+", help_of(each))}
    mentioned |= {name.removesuffix(".help") for name in mentioned}
    assert {name for name in mentioned if not name.endswith(".help")} - full <= {"--help"}
