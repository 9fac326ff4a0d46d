"""Parsers made from functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest

from colorgan.cli.parsing.function_parser import make_parser, run_function
from colorgan.cli.parsing.options import Option, PassThrough, Range
from colorgan.files.yaml import YAMLLimitError

received: dict[str, Any] = {}


@dataclass(frozen=True)
class Model:
    """A group of options.

    Attributes:
        device: the device.
    """

    device: str = "auto"


def paint(
    photos: Annotated[Sequence[Path], Option(metavar="PHOTO")],
    *passed_on: Annotated[str, PassThrough(r"--model\b", "--model.x=1")],
    output: Annotated[Path, Option(("-o", "--output"), "PATH")] = Path("out"),
    model: Model = Model(),
    root: Annotated[str, Option(("--data.root",), "DIR")],
    max_size: Annotated[int | None, Range(1, 9), Option(metavar="N")] = None,
    strength: Annotated[float, Range(0, 1)] = 0.5,
    format: Literal["png", "jpg"] = "png",
    names: Sequence[str] = (),
    ray: Annotated[str | None, Option(const="local")] = None,
    overwrite: bool = False,
) -> int:
    """Paint photos.

    In color.

    Args:
        photos: the photos.
        passed_on: for another program.
        output: where 100% of ``them`` go.
        model: the model.
        root: the root.
        max_size: the size (default: that of the photo).
        strength: the strength.
        format: the format.
        names: the names.
        ray: the address.
        overwrite: replace files.

    Returns:
        7.

    Examples:
        paint a.jpg      one
        paint b.jpg      two
    """
    received.clear()
    received.update(locals())
    return 7


def test_all_kinds_of_arguments_arrive() -> None:
    args = ["a.jpg", "1", "--data.root=r", "-o", "o", "--max_size=3", "--strength", "1", "--format=jpg", "--names=a"]
    assert run_function(paint, [*args, "--names", "null", "--ray", "--overwrite", "--device=cpu"], "paint") == 7
    assert received == {
        "photos": [Path("a.jpg"), Path("1")],
        "passed_on": (),
        "output": Path("o"),
        "model": Model("cpu"),
        "root": "r",
        "max_size": 3,
        "strength": 1.0,
        "format": "jpg",
        "names": ["a", "null"],
        "ray": "local",
        "overwrite": True,
    }


def test_defaults_are_those_of_the_function() -> None:
    run_function(paint, ["a", "--data.root", "r"], "paint")
    assert (received["output"], received["model"], received["max_size"]) == (Path("out"), Model(), None)
    assert (list(received["names"]), received["ray"], received["overwrite"]) == ([], None, False)


def test_options_for_another_parser_are_passed_on() -> None:
    run_function(paint, ["--model.width=3", "a", "--data.root=r", "--model.name=x=y"], "paint")
    assert received["passed_on"] == ("--model.width=3", "--model.name=x=y")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["a", "--data.root=r", "--max-size=10"], "expected an integer from 1 to 9, received '10'"),
        (["a", "--data.root=r", "--max-size=x"], "expected an integer from 1 to 9, received 'x'"),
        (["a", "--data.root=r", "--strength=nan"], "expected a number from 0 to 1, received 'nan'"),
        (["a", "--data.root=r", "--format=gif"], "format: expected png or jpg, received gif"),
        (["a", "--data.root=r", "--overwite"], "there is no option '--overwite'; did you mean '--overwrite'?"),
        (["a", "--data.root=r", "--overwrite=yes"], "--overwrite"),
        (["a"], "the following arguments are required: --data.root"),
        (["a", "--data.root="], "--data.root is empty"),
        (["", "--data.root=r"], "an argument is empty"),
        (["--data.root=r"], "the following arguments are required: photos"),
        (["a", "--data.root=r", "--model.x", "3"], "--model.x: options that are passed on take the form --model.x=1"),
    ],
)
def test_invalid_arguments_are_reported_in_one_line(
    args: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        run_function(paint, args, "paint")
    assert stop.value.code == 2
    error = capsys.readouterr().err.splitlines()
    assert len(error) == 1
    assert message in error[0]
    assert error[0].endswith(" (`colorgan paint --help-all` lists all options)")


def test_values_stay_within_limits() -> None:
    with pytest.raises(YAMLLimitError, match="max-size, line 1: values are nested more than 50 deep"):
        run_function(paint, ["a", "--data.root=r", "--max-size=" + "[" * 5000], "paint")


def test_help_comes_from_the_docstring() -> None:
    text = " ".join(make_parser(paint, "paint").format_help().split())
    for part in (
        "Paint photos. In color.",
        "PHOTO the photos",
        "where 100% of `them` go (default: out)",
        "the size (default: that of the photo)",
        "the strength (default: 0.5)",
        "--device DEVICE the device (default: auto)",
        "--data.root DIR the root",
        "examples: paint a.jpg one paint b.jpg two",
    ):
        assert part in text
    assert "passed_on" not in text
