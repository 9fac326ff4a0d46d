"""Stored outputs of every network, so that wrong wiring of equal size fails.

``golden.json`` holds the shape, the mean, the standard deviation and five values of each output. They do not depend on
how torch draws random numbers: weights and inputs come from NumPy's ``RandomState``, whose stream is frozen (NEP 19),
and each parameter's from its own name, because renaming one breaks checkpoints. After an intended change, or for a new
network, rewrite the file and look at its difference::

    python -m tests.models.golden
"""

import importlib
import json
import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

FILE = Path(__file__).with_suffix(".json")

_NUM_VALUES = 5
_DIGITS = 10


def uniform(name: str, shape: tuple[int, ...]) -> Tensor:
    """Numbers in [-1, 1) that depend on ``name`` alone, float64."""
    numbers = np.random.RandomState(zlib.crc32(name.encode())).uniform(-1, 1, math.prod(shape))
    return torch.from_numpy(numbers).reshape(shape)


@torch.no_grad()
def fill(network: nn.Module) -> nn.Module:
    """Turns a network to float64 and eval mode, and gives each parameter and batch statistic values of its name.

    Weights preserve the variance of their input, scales and variances are near 1, and biases and means near 0, so that
    no layer saturates. Weights that are drawn and never trained are treated alike. Constants of the architecture, such
    as an encoder's normalization, stay.
    """
    network.double().eval()
    buffers = {
        name: each for name, each in network.named_buffers() if ".running_" in name or name.startswith("mixing.")
    }
    for name, tensor in {**dict(network.named_parameters()), **buffers}.items():
        values = uniform(name, tuple(tensor.shape))
        if tensor.ndim > 1:
            values *= math.sqrt(3 / tensor[0].numel())
        elif name.endswith(("bias", "running_mean")):
            values *= 0.2
        else:
            values = 1 + 0.3 * values
        tensor.copy_(values)
    return network


def summary(output: Tensor) -> dict[str, Any]:
    """What the file stores of an output."""
    values = output.detach().flatten()
    positions = np.linspace(0, len(values) - 1, min(len(values), _NUM_VALUES)).round().astype(int)
    numbers = {"mean": values.mean(), "std": values.std(correction=0)}
    return {
        "shape": list(output.shape),
        **{name: _rounded(number) for name, number in numbers.items()},
        "values": [_rounded(values[position]) for position in positions],
    }


def load() -> dict[str, dict[str, Any]]:
    """The stored outputs, by the call that builds the network."""
    stored: dict[str, dict[str, Any]] = json.loads(FILE.read_text())
    return stored


def contracts() -> Iterator[Any]:
    """All test classes below ``tests/models`` that run a contract on a network."""
    from tests.models.contract import NetworkContract

    for file in sorted(FILE.parent.rglob("test_*.py")):
        relative = file.relative_to(FILE.parents[2]).with_suffix("")
        for value in vars(importlib.import_module(".".join(relative.parts))).values():
            if isinstance(value, type) and issubclass(value, NetworkContract) and value.__name__.startswith("Test"):
                yield value()


def compute() -> dict[str, dict[str, Any]]:
    """The outputs of all networks as they are now."""
    return {
        contract.golden_name(*case): summary(contract.golden_output(*case))
        for contract in contracts()
        for case in contract.golden_cases()
    }


def _rounded(number: Tensor) -> float:
    return float(f"{number.item():.{_DIGITS}g}")


def _write() -> None:
    lines = [f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in sorted(compute().items())]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(lines)} outputs were written to {FILE}")


if __name__ == "__main__":
    _write()
