"""Chooses the numerical precision of training: mixed with bfloat16 where this machine computes it faster."""

import hashlib
import json
import math
import os
import platform
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from colorgan.files import atomic_write, default_cache_dir

Chosen = Literal["bf16-mixed", "16-mixed", "32-true"]

_WORTHWHILE = 1.3
"""Smallest speed-up of a convolution for which bfloat16 is chosen: what surrounds the convolutions gains less."""
_BUDGET = 0.3
"""Seconds after which the probe starts no further round."""
_ROUNDS = 12
_AMPERE = (8, 0)
"""CUDA compute capability from which GPUs compute in bfloat16."""


@dataclass(frozen=True)
class Precision:
    """A chosen precision, as Lightning names it, and why it was chosen."""

    name: Chosen
    reason: str

    def __str__(self) -> str:
        """One line for the log, with the option that overrides the choice."""
        off = "" if self.name == "32-true" else " (--trainer.precision 32-true turns it off)"
        return f"precision {self.name}: {self.reason}{off}"


def choose_precision(accelerator: str = "auto") -> Precision:
    """Chooses the precision that trains fastest on this machine without a loss of quality.

    On CUDA that is bfloat16 from Ampere on and float16 before, on a CPU bfloat16 if a short timed probe finds it
    faster, and float32 everywhere else. In mixed precision, weights, their updates and color conversion stay in
    float32.

    Args:
        accelerator: ``cpu``, ``gpu``, ``cuda``, ``mps``, another accelerator of Lightning, or ``auto``.

    Example:
        >>> print(choose_precision("tpu"))
        precision 32-true: no other precision was tried on the accelerator tpu
    """
    device = _device_type(accelerator)
    if device == "cuda" and torch.cuda.is_available():
        capability = min(torch.cuda.get_device_capability(index) for index in range(torch.cuda.device_count()))
        return _cuda_precision(capability)
    if device != "cpu":
        return Precision("32-true", f"no other precision was tried on the accelerator {device}")
    speedup = bfloat16_speedup()
    if speedup >= _WORTHWHILE:
        return Precision("bf16-mixed", f"convolutions are {speedup:.1f} times as fast as in float32 here")
    return Precision("32-true", f"convolutions in bfloat16 are {speedup:.1f} times as fast as in float32 here")


def _device_type(accelerator: str) -> str:
    """The accelerator that Lightning would use."""
    if accelerator not in ("auto", "gpu"):
        return accelerator
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _cuda_precision(capability: tuple[int, int]) -> Precision:
    version = ".".join(map(str, capability))
    if capability >= _AMPERE:
        return Precision("bf16-mixed", f"GPUs of compute capability {version} compute in bfloat16")
    return Precision("16-mixed", f"GPUs of compute capability {version} compute in float16 but not in bfloat16")


def bfloat16_speedup() -> float:
    """How many times as fast as float32 this processor trains a convolution in bfloat16.

    The result is kept in the cache folder, for each kind of processor and version of torch, so that the ranks and the
    next runs of a machine choose the same. A file that is damaged or from another machine is ignored.
    """
    machine = _describe_machine()
    key = hashlib.sha256(json.dumps(machine, sort_keys=True).encode()).hexdigest()[:16]
    file = default_cache_dir() / "precision" / f"{key}.json"
    speedup = _read(file, machine)
    if speedup is None:
        speedup = _probe()
        with suppress(OSError), atomic_write(file) as temporary:  # without a cache, the next run measures again
            temporary.write_text(json.dumps({"machine": machine, "speedup": speedup}), encoding="utf-8")
    return speedup


def _describe_machine() -> dict[str, Any]:
    """Everything on which the result of the probe depends."""
    # platform.processor() starts a program, except on Windows
    model, flags = platform.processor() if os.name == "nt" else platform.machine(), ""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                model = value.strip()
            elif name.strip() in ("flags", "Features"):
                flags = " ".join(sorted(value.split()))
            elif not name.strip():
                break  # the description of the first processor ends here
    return {
        "processor": model,
        "flags": hashlib.sha256(flags.encode()).hexdigest(),
        "torch": torch.__version__,
    }


def _read(file: Path, machine: dict[str, Any]) -> float | None:
    """The speed-up in a cache file, or ``None`` if there is none that can be used."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(content, dict) or content.get("machine") != machine:
        return None
    speedup = content.get("speedup")
    if not isinstance(speedup, float) or not math.isfinite(speedup) or speedup <= 0:
        return None
    return speedup


def _probe() -> float:
    """Times a convolution in both precisions, in turns: forward and backward, in the layout of training.

    It runs on one thread: whether the processor has instructions for bfloat16 does not depend on their number, and
    threads that wait for each other on a busy machine would make the result random.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return _time_convolution()
    finally:
        torch.set_num_threads(threads)


def _time_convolution() -> float:
    with torch.random.fork_rng(devices=[]), torch.enable_grad():  # the run's own random numbers stay as they are
        layer = nn.Conv2d(64, 64, 3, padding=1).to(memory_format=torch.channels_last)
        photos = torch.randn(8, 64, 24, 24).contiguous(memory_format=torch.channels_last).requires_grad_()
    return _fastest_ratio(lambda: _step(layer, photos, False), lambda: _step(layer, photos, True))


def _step(layer: nn.Module, photos: Tensor, bfloat16: bool) -> None:
    with torch.enable_grad():
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            output = layer(photos)
        output.sum().backward()


def _fastest_ratio(float32: Callable[[], None], bfloat16: Callable[[], None]) -> float:
    """The ratio of the shortest times of two functions that are called in turns; the first round warms up."""
    start = time.perf_counter()
    fastest = [math.inf, math.inf]
    for count in range(1 + _ROUNDS):
        for which, function in enumerate((float32, bfloat16)):
            begin = time.perf_counter()
            function()
            if count:
                fastest[which] = min(fastest[which], time.perf_counter() - begin)
        if count and time.perf_counter() - start > _BUDGET:
            break
    return fastest[0] / fastest[1]
