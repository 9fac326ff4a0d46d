"""What is done with each command of the documentation: it is run at a small size, or parsed for a stated reason."""

import ast
import contextlib
import functools
import importlib
import importlib.util
import io
import json
import re
import runpy
import shlex
import sys
import tomllib
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from colorgan.cli import main
from colorgan.cli.commands import COMMANDS, TRAINER_COMMANDS
from colorgan.cli.parsing.function_parser import make_parser, run_function
from colorgan.cli.trainer import ColorganCLI
from tests.docs.shell import Call
from tests.helpers import REPOSITORY

SMALL = (
    "--data.size=32",
    "--data.batch_size=2",
    "--data.num_workers=0",
    "--model.generator.width=4",
    "--trainer.accelerator=cpu",
    "--trainer.precision=32-true",
    "--trainer.enable_progress_bar=false",
    "--trainer.enable_model_summary=false",
    "--trainer.limit_train_batches=1",
    "--trainer.limit_val_batches=1",
)
"""Options that make a training take a second."""

_REPEATED = "a variant of a training that another page has, and that is run there"
_WEIGHTS = "needs weights from timm's hub, and the run before it; tests/cli/test_configs.py trains the recipe"
PARSED = {
    r"^fit .*recipes/progressive_|^fit .*progressive_gan": _WEIGHTS,
    r"^fit .*recipes/photos_adversarial": "needs the run before it; tests/cli/test_configs.py trains the recipe",
    r"^fit .*flowers_unet": "downloads Flowers102; tests/cli/test_configs.py trains the recipe",
    r"^fit .*s3://bucket": "needs a bucket; tests/data/test_streaming.py reads shards from a server",
    r"^fit .*--model.init_from checkpoints/faces": "tests/training/test_transfer.py starts from weights of another run",
    r"^fit .*--data.root photos1000": _REPEATED,
    r"^fit .*--model.reconstruction.rebalance|^fit .*--seed_everything 1 ": _REPEATED,
    r"^fit .*configs/logger/wandb|^fit .*best/config.yaml": "tests/cli/test_tracking.py logs to Weights & Biases",
    r"^tune": "trains for hours; tests/cli/test_tune.py searches",
    r"^app": "serves until it is stopped; tests/web uses it",
    r"^study-serve": "serves until it is stopped; tests/cli/test_study_serve.py uses it",
    r"^study-report": "needs answers of people; tests/evaluation/study has made-up ones",
    r"^export": "takes long; tests/cli/test_export.py exports",
    r"^release": "measures the shipped model; tests/cli/test_release.py releases",
    r"^evaluate .*flowers12": "tests/cli/test_evaluate.py compares a model with images of another program",
    r"^benchmark(?!.*--wandb-sweep)": "trains for hours; its grid and the first run's configuration are read",
}
"""Commands of colorgan that are parsed to the end but not run, by a pattern of their arguments, and why."""

ELSEWHERE = {
    "examples/plugin/README.md": "tests/test_plugin.py installs the package and takes all of its commands",
}
"""Pages whose commands another test runs as they are."""

OTHERS = {
    "git": "needs a network or the history",
    "hf": "needs an account of the Hub",
    "wandb": "needs an account of Weights & Biases",
    "tensorboard": "serves until it is stopped; tests/cli/test_tracking.py reads what it shows",
    "id": "gives the number of the user to docker",
    "docker": "builds and starts images; tests/test_docker.py checks what its commands name",
    "aws": "needs an account of a cloud",
    "sh": "needs a GPU, and checkouts of published code",
}
"""Programs whose commands are not run, and why; files that they name must exist."""

OPTIONAL = ("ray", "pyarrow", "psutil", "wandb_workspaces")
"""Modules that programs import and that need not be installed; without them, arguments are not parsed."""

LAUNCHERS = ("ssh", "srun")
"""Programs that start another one, elsewhere."""

PACKAGES = {"s3fs"}
"""Packages that pages tell to install, and that are no dependency of an extra."""

_ADDED: set[frozenset[str]] = set()
"""Options added to a grid that have been parsed. ``tests/evaluation/benchmark`` parses the grids themselves."""

_OUTPUTS = ("-o", "--out", "--output", "--wandb-sweep", "--runs")


class Stopped(BaseException):
    """Ends a program after its arguments have been parsed."""


def check(call: Call, run: bool = True) -> str | None:
    """Runs or parses a command.

    Args:
        call: the command.
        run: whether a command of colorgan is run, where the table does not say otherwise.

    Returns:
        What is wrong with it, or ``None``.
    """
    own = as_colorgan(call)
    if own is not None:
        with pytest.MonkeyPatch.context() as patch:
            if call.program == "srun":
                patch.setenv("SLURM_NTASKS", "8")  # as srun does
            return check_colorgan(own, run)
    if call.program in PROGRAMS:
        return PROGRAMS[call.program](call)
    return f"{call.program} is not in the table of programs"


def as_colorgan(call: Call) -> Call | None:
    """The command of colorgan that another program starts, such as ``python train.py``, or that it is."""
    words = (call.program, *call.arguments)
    if call.program in LAUNCHERS:
        words = next((words[index:] for index, word in enumerate(words) if word in ("python", "colorgan")), words)
    started = {("python", "train.py"): (), ("python", "evaluate.py"): ("evaluate",)}
    if words[:2] in started:
        return Call("colorgan", (*started[words[:2]], *words[2:]), call.folder)
    return Call("colorgan", words[1:], call.folder) if words[0] == "colorgan" else None


def check_colorgan(call: Call, run: bool) -> str | None:
    arguments = list(call.arguments)
    text = shlex.join(arguments)
    name = arguments[0] if arguments else ""
    if not name.startswith("-") and name not in (*COMMANDS, *TRAINER_COMMANDS):
        return f"there is no command {name}"
    if not run or any(re.search(pattern, text) for pattern in PARSED):
        return parsed(arguments) or _missing(arguments, call.folder)
    if name == "colorize":
        arguments.append("--overwrite")
    elif name == "evaluate":
        arguments += ["--limit", "2"]
    elif name == "lr-find":
        arguments += [option for option in small(arguments) if "limit" not in option] + ["--lr_find.num_batches=20"]
    elif name == "predict":
        arguments += ["--overwrite=true"]
    elif name == "chroma":
        arguments += [option for option in SMALL if "generator" not in option] + ["--trainer.max_epochs=1"]
    elif name in ("fit", "validate"):
        how_long = "--trainer.max_epochs=2" if "--ckpt_path" in arguments else "--trainer.fast_dev_run=1"
        arguments += [*small(arguments), *([how_long] if name == "fit" else [])]
    return outcome(lambda: main(arguments))


def small(arguments: list[str]) -> list[str]:
    """The options that make a training small, as far as its networks allow."""
    is_deep = any("faces_encoder_decoder" in argument for argument in arguments)
    return [*SMALL, *(["--data.size=64"] if is_deep else [])]


def parsed(arguments: list[str]) -> str | None:
    """Parses a command of colorgan to the end, and checks its configuration."""
    name = arguments[0]
    if name == "benchmark":
        return _read_grid(arguments)
    if name in (*TRAINER_COMMANDS, "chroma", "lr-find"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(ColorganCLI, "before_instantiate_classes", _stop)
            return outcome(lambda: main([*arguments, "--trainer.accelerator=cpu"]))
    function = getattr(importlib.import_module(f"colorgan.cli.{name.replace('-', '_')}"), name.replace("-", "_"))

    @functools.wraps(function)
    def nothing(*_: Any, **__: Any) -> int:
        return 0

    return outcome(lambda: run_function(nothing, arguments[1:], name))


def _read_grid(arguments: list[str]) -> str | None:
    """Reads a grid with its overlays, and parses the configuration of the first run, once for all that add the same."""
    arguments = [argument for argument in arguments if argument != "--timing"]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        wrong = outcome(lambda: main([*arguments, "--list"]))
    if wrong is not None:
        return wrong
    first = printed.getvalue().split()[0]
    added = frozenset(argument.partition("=")[0] for argument in arguments[arguments.index("--out") + 2 :])
    if added in _ADDED:
        return None
    wrong = outcome(lambda: main([*arguments, "--print", first]))
    if wrong is None:
        _ADDED.add(added)
    return wrong


def _stop(*_: object, **__: object) -> None:
    raise Stopped


def outcome(run: Callable[[], object]) -> str | None:
    """What a program printed as an error, or ``None`` if it succeeded."""
    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors):
            code = run()
    except Stopped:
        return None
    except SystemExit as end:
        code = end.code
    return None if not code else f"ends with {code}: {errors.getvalue().strip()[-500:]}"


def _missing(arguments: list[str], folder: Path) -> str | None:
    """Files that a command names as its input, and that are not there."""
    previous = ""
    for argument in arguments:
        value = argument.partition("=")[2] if argument.startswith("--") else argument
        is_file = re.fullmatch(r"[\w./-]+\.(?:yaml|json|ckpt|onnx|jpg|py|txt|sh|md)|\w+(?:/[\w.-]+)+", value)
        if is_file and previous not in _OUTPUTS and not (folder / value).exists():
            return f"{value} does not exist"
        previous = argument
    return None


def check_python(call: Call) -> str | None:
    first, *rest = call.arguments
    if first == "-m":
        return None if importlib.util.find_spec(rest[0]) else f"there is no module {rest[0]}"
    if first == "-c":
        return compiled(rest[0])
    return check_script(call.folder / first, rest)


def compiled(code: str) -> str | None:
    """Compiles code and runs its imports."""
    tree = ast.parse(code)
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    exec(compile(ast.Module(imports, []), "<imports>", "exec"), {})
    return None


def check_script(script: Path, arguments: list[str]) -> str | None:
    """Parses the arguments of a program of the repository, which other tests or nobody can run here."""
    if not script.is_file():
        return f"{script.name} does not exist"
    source = script.read_text(encoding="utf-8")
    if not re.search(r"parse_args\(|training_options\(|training_parser\(", source):
        compile(source, script, "exec")
        return None
    before = set(sys.modules)
    parse = ArgumentParser.parse_args

    def parse_and_stop(parser: ArgumentParser, *given: Any) -> None:
        parse(parser, *given)
        raise Stopped

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ArgumentParser, "parse_args", parse_and_stop)
        patch.setattr(sys, "argv", [str(script), *arguments])
        patch.syspath_prepend(str(script.resolve().parent))
        try:
            return outcome(lambda: runpy.run_path(str(script), run_name="__main__") and "no arguments were parsed")
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in OPTIONAL:
                raise
            return None
        finally:
            for name in set(sys.modules) - before:  # helpers beside scripts, such as network.py
                if str(getattr(sys.modules[name], "__file__", "")).startswith(str(script.resolve().parent)):
                    del sys.modules[name]


def check_pip(call: Call) -> str | None:
    command, *rest = call.arguments
    if command != "install":
        return f"pip {command} is not known"
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = [*project["dependencies"], *(name for e in project["optional-dependencies"].values() for name in e)]
    known = {re.split(r"[\[><=~!; ]", requirement)[0] for requirement in requirements} | PACKAGES
    for number, argument in enumerate(rest):
        if argument.startswith("-") or argument in (".", "colorgan-*.whl"):
            continue
        extras = re.fullmatch(r"\.\[([\w,]+)\]", argument)
        if extras:
            unknown = set(extras[1].split(",")) - project["optional-dependencies"].keys()
            if unknown:
                return f"there is no extra {unknown}"
        elif number and rest[number - 1] == "-r":
            if not (REPOSITORY / argument).is_file():
                return f"{argument} does not exist"
        elif argument.startswith("./"):
            if not (REPOSITORY / argument / "pyproject.toml").is_file():
                return f"{argument} is no package"
        elif argument.partition("[")[0].replace("_", "-") not in known:
            return f"{argument} is neither a dependency nor in PACKAGES"
    return None


def check_make(call: Call) -> str | None:
    targets = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    unknown = set(call.arguments) - targets
    return f"there is no target {unknown}" if unknown else None


def check_npm(call: Call) -> str | None:
    command, *rest = call.arguments
    file = call.folder / "package.json"
    if command in ("ci", "install"):
        return None if file.is_file() or rest else f"{file} does not exist"
    scripts = json.loads(file.read_text(encoding="utf-8"))["scripts"]
    return None if command == "run" and rest[0] in scripts else f"there is no script {rest[0]}"


def check_pytest(call: Call) -> str | None:
    options = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"][
        "ini_options"
    ]
    markers = {marker.partition(":")[0] for marker in options["markers"]}
    arguments = iter(call.arguments)
    for argument in arguments:
        if argument == "-m":
            if next(arguments) not in markers:
                return "there is no such marker"
        elif argument != "-s" and not (REPOSITORY / argument).exists():
            return f"{argument} does not exist"
    return None


def check_mkdocs(call: Call) -> str | None:
    return None if call.arguments[0] in ("build", "serve") else f"mkdocs {call.arguments[0]} is not known"


def check_other(call: Call) -> str | None:
    return None


PROGRAMS: dict[str, Callable[[Call], str | None]] = {
    "python": check_python,
    "pip": check_pip,
    "make": check_make,
    "npm": check_npm,
    "pytest": check_pytest,
    "mkdocs": check_mkdocs,
    **dict.fromkeys(OTHERS, check_other),
}


def check_fragment(call: Call) -> str | None:
    """A part of a command of colorgan, as in a sentence: the command and its options must be there."""
    own = as_colorgan(call)
    assert own is not None
    command, *rest = own.arguments or ("--help",)
    if command.startswith("-"):
        return None if command in ("--help", "--version") else f"there is no option {command}"
    if command in ("COMMAND", "count-photos"):  # the reader's
        return None
    if command not in (*COMMANDS, *TRAINER_COMMANDS):
        return f"there is no command {command}"
    if command in TRAINER_COMMANDS or command in ("chroma", "lr-find"):
        return None
    function = getattr(importlib.import_module(f"colorgan.cli.{command.replace('-', '_')}"), command.replace("-", "_"))
    help_text = make_parser(function, command).format_help()
    options = [argument.partition("=")[0] for argument in rest if argument.startswith("-")]
    unknown = [option for option in options if not re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", help_text)]
    return f"there is no option {unknown}" if unknown else None
