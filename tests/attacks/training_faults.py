"""What goes wrong in the middle of a training: signals, files that cannot be written, and values that are not finite.

Each fault is plain data, and is put into the process that :mod:`tests.attacks.guard` watches, at an exact place.
"""

import builtins
import errno
import fnmatch
import functools
import io
import itertools
import json
import math
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch.plugins import MixedPrecision

BATCHES = 3
"""Of an epoch; training lasts two."""


def run(fault: str, *args: str) -> int:
    """Runs a command in which something goes wrong.

    Args:
        fault: the arguments of one of the functions below, as JSON, with its name as ``kind``.
        args: the command and its arguments.
    """
    from colorgan.cli import main

    torch.set_num_threads(1)
    for number in SIGNALS:  # a shell starts background jobs with some of them ignored
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    arguments = json.loads(fault)
    {"signal": _send_signal, "write": _fail_write, "value": _spoil_value, "none": lambda: None}[arguments.pop("kind")](
        **arguments
    )
    return main(list(args))


def run_two_ranks(fault: str, rank: int, port: int, *args: str) -> int:
    """Runs a command in two processes, as torchrun does; one of them gets the fault.

    Returns:
        The exit code of the first; 99 if that of the second is not 0.
    """
    from tests.forked import exit_with  # imports what a fork of it needs

    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    children = []
    for number in (0, 1):
        process = os.fork()
        if process == 0:
            os.environ |= {
                "LOCAL_RANK": str(number),
                "RANK": str(number),
                "GROUP_RANK": "0",
                "WORLD_SIZE": "2",
                "LOCAL_WORLD_SIZE": "2",
                "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": str(port),
                "TORCHELASTIC_RUN_ID": "none",
                "COLORGAN_RUN_FOLDER": "checkpoints/tiny/ranks",
            }
            exit_with(functools.partial(run, fault if number == rank else '{"kind": "none"}', *args))
        children.append(process)
    codes = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in children]
    return codes[0] if codes[1] == 0 else 99


SIGNALS = tuple(int(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1))

# -- signals -----------------------------------------------------------------------------------------------------------

TRAINING_PHASES = (
    "batch",
    "between the networks",
    "stepped",
    "validation",
    "sheet",
    "metrics",
    "best.ckpt",
    "last.ckpt",
)
EARLY_PHASES = ("parsing", "decoding", "cache", "building", "configuration", "sanity check")
LATE_PHASES = ("last validation", "last checkpoint", "summary")


def _send_signal(phase: str, number: int, group: bool = False) -> None:
    """Sends a signal at a phase of ``fit``; of other commands, at a function ``package.module:Class.name``."""

    def send() -> None:
        if group:
            os.killpg(0, number)
        else:
            os.kill(os.getpid(), number)

    places: dict[str, tuple[str, Callable[..., bool]]] = {
        "parsing": ("colorgan.cli.trainer.command:ColorganCLI.before_instantiate_classes", _at(0)),
        "decoding": ("colorgan.data.decoding:_decode", _at(3)),
        "cache": ("colorgan.data.cache:_publish", _at(0)),
        "building": ("colorgan.training.gan:ColorGAN.__init__", _at(0)),
        "configuration": ("colorgan.cli.trainer.run_config:SaveRunConfig.setup", _at(0)),
        "sanity check": ("colorgan.training.gan:ColorGAN.validation_step", _at(0)),
        "batch": ("colorgan.training.gan:ColorGAN.training_step", _at(BATCHES + 1)),
        "between the networks": ("colorgan.training.gan:ColorGAN._update_generator", _at(BATCHES + 1)),
        "stepped": ("colorgan.training.gan:ColorGAN.on_train_batch_end", _at(1)),
        "validation": ("colorgan.training.gan:ColorGAN.validation_step", _at(2)),
        "sheet": ("colorgan.training.callbacks.samples:SampleSheet.compute", _at(0)),
        "metrics": ("colorgan.training.metrics_file:MetricsFile.log_metrics", _at(1)),
        "best.ckpt": ("colorgan.training.checkpoints:CheckpointFiles.save_checkpoint", _at(0)),
        "last.ckpt": ("colorgan.training.checkpoints:CheckpointFiles.save_checkpoint", _at(1)),
        "last validation": ("colorgan.training.gan:ColorGAN.on_validation_epoch_end", _at(2)),
        "last checkpoint": ("colorgan.training.callbacks.checkpoints:LastCheckpoint.on_train_epoch_end", _at(1)),
        "summary": ("colorgan.cli.trainer.command:ColorganCLI.after_fit", _at(0)),
    }
    place, when = places.get(phase, (phase, _at(0)))
    _before(place, send, when)


def _at(call: int) -> Callable[..., bool]:
    calls = itertools.count()
    return lambda: next(calls) == call


def _before(place: str, act: Callable[[], None], when: Callable[[], bool]) -> None:
    """Acts before a function is called."""
    import importlib

    module, _, path = place.partition(":")
    owner: Any = importlib.import_module(module)
    *parents, name = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)
    original = getattr(owner, name)

    @functools.wraps(original)
    def called(*args: Any, **kwargs: Any) -> Any:
        if when():
            act()
        return original(*args, **kwargs)

    setattr(owner, name, called)


# -- files that cannot be written --------------------------------------------------------------------------------------

FILES = ("config.yaml", "metrics.csv", "epoch_*.png", "best.ckpt", "last.ckpt", "*.ckpt.sha256", "pixels*", "index*")
OPERATIONS = ("open", "write", "sync", "replace")
ERRORS = ("ENOSPC", "EIO", "EROFS", "EDQUOT", "EACCES")


def write_faults() -> Iterator[dict[str, Any]]:
    """All kinds of file with all operations and errors, at the first and at later calls."""
    for file, operation, error, nth in itertools.product(FILES, OPERATIONS, ERRORS, (0, 1, 3)):
        once = file in ("config.yaml", "pixels*", "index*")
        if not (once and nth) and not (operation == "replace" and file in ("pixels*", "index*")):
            yield {"kind": "write", "file": file, "operation": operation, "error": error, "nth": nth}


def _fail_write(file: str, operation: str, error: str, nth: int) -> None:
    """Lets the n-th and all later calls of an operation fail for files of a name, as a full or broken disk does."""
    code = getattr(errno, error)
    calls = itertools.count()
    open_file, replace, sync = builtins.open, os.replace, os.fsync

    def matches(path: Any) -> bool:
        name = Path(os.fsdecode(path)).name if isinstance(path, str | bytes | os.PathLike) else ""
        if name.startswith(".") and name.endswith(".tmp"):  # the temporary file of an atomic write
            name = name[1:].rsplit(".", 2)[0]
        return fnmatch.fnmatch(name, file)

    def check(path: Any, *, named: bool = True) -> None:
        if matches(path) and next(calls) >= nth:
            raise OSError(code, os.strerror(code), *([os.fspath(path)] if named else []))

    class Raw(io.FileIO):
        def write(self, data: Any) -> int:
            check(self.name, named=False)
            return super().write(data) or 0

    def faulty_open(path: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if not matches(path) or not set(mode) & set("wax+"):
            return open_file(path, mode, *args, **kwargs)
        if operation == "open":
            check(path)
        if operation != "write":
            return open_file(path, mode, *args, **kwargs)
        raw = Raw(path, mode.replace("b", "").replace("t", ""))
        if kwargs.get("buffering", args[0] if args else -1) == 0:
            return raw
        buffered: Any = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        text = {name: kwargs[name] for name in ("encoding", "errors", "newline") if name in kwargs}
        return buffered if "b" in mode else io.TextIOWrapper(buffered, **text)

    def faulty_replace(source: Any, target: Any, **kwargs: Any) -> None:
        check(target)
        replace(source, target, **kwargs)

    def faulty_sync(descriptor: int) -> None:
        check(Path(f"/proc/self/fd/{descriptor}").readlink(), named=False)
        sync(descriptor)

    if operation in ("open", "write"):
        builtins.open = faulty_open  # type: ignore[assignment]
        io.open = faulty_open  # type: ignore[assignment]
    elif operation == "replace":
        os.replace = faulty_replace  # type: ignore[assignment]
    else:
        os.fsync = faulty_sync  # type: ignore[assignment]


# -- values that are not finite ----------------------------------------------------------------------------------------

WHERE = ("loss", "gradient", "weight", "buffer", "optimizer")
NETWORKS = ("generator", "discriminator")
PRECISIONS = ("32-true", "bf16-mixed", "16-mixed")
MOMENTS = (0, 2, BATCHES - 1, 2 * BATCHES - 1)
"""Batches: the first, one in the middle, the last of an epoch, and the last of all."""


class Float16OnCPU(MixedPrecision):
    """Mixed precision with float16, which Lightning reserves to GPUs."""

    def __init__(self) -> None:
        super().__init__("16-mixed", "cpu", torch.amp.GradScaler("cpu"))


def _spoil_value(where: str, network: str, batch: int, value: float = math.nan, always: bool = False) -> None:
    """Makes a value NaN in one batch, or in each from it on."""
    from colorgan.training.gan import ColorGAN
    from colorgan.training.optimization import ManualOptimization

    step, descend, calls = ColorGAN.training_step, ManualOptimization.descend, itertools.count()
    now = [False]

    def training_step(self: ColorGAN, *args: Any) -> Any:
        number = next(calls)
        now[0] = number >= batch if always else number == batch
        if now[0] and where == "buffer":
            next(b for b in _network(self).buffers() if b.is_floating_point()).fill_(value)
        return step(self, *args)

    def spoiled_descend(self: ColorGAN, optimizer: Any, loss: Any, batch_idx: int) -> None:
        mine = now[0] and optimizer is self.all_optimizers()[NETWORKS.index(network)]
        parameter = next(_network(self).parameters())
        if mine and where == "loss":
            loss = loss * value
        hook = parameter.register_hook(lambda gradient: gradient * value) if mine and where == "gradient" else None
        descend(self, optimizer, loss, batch_idx)
        if hook is not None:
            hook.remove()
        if mine and where == "weight":
            parameter.data[(0,) * parameter.ndim] = value
        if mine and where == "optimizer":
            for state in optimizer.optimizer.state.get(parameter, {}).values():  # empty after a skipped step
                state[(0,) * state.ndim] = value if state.ndim else state

    def _network(model: ColorGAN) -> Any:
        return model.colorizer.generator if network == "generator" else model.discriminator

    ColorGAN.training_step = training_step  # type: ignore[method-assign]
    ManualOptimization.descend = spoiled_descend  # type: ignore[assignment,method-assign]
