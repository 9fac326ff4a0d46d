"""Averages the weights of models that were trained one after the other: often better than each of them.

    python tools/model/average.py OUT.ckpt first.ckpt=0.2 second.ckpt=0.8

The networks must be the same, and the later one must have started from the earlier one, so that their weights lie close
together ("WiSE-FT", Wortsman et al., Robust Fine-Tuning of Zero-Shot Models, CVPR 2022). The moving averages are taken
where there are any. OUT.ckpt has the generator alone, for ``colorgan release``, ``evaluate`` and ``model.init_from``.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from colorgan.inference.checkpoint import TRAINED_PREFIX, network_prefix, read
from colorgan.training.checkpoints import CheckpointFiles


def network_weights(contents: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors of the network that a checkpoint would be used with."""
    state: dict[str, Tensor] = contents["state_dict"]
    prefix = network_prefix(state) or TRAINED_PREFIX
    return {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}


def average(networks: Sequence[Mapping[str, Tensor]], weights: Sequence[float]) -> dict[str, Tensor]:
    """The weighted mean of tensors of the same names and shapes; those of integers are the last network's."""
    first, last = networks[0], networks[-1]
    shapes = {name: tensor.shape for name, tensor in first.items()}
    if any({name: tensor.shape for name, tensor in other.items()} != shapes for other in networks):
        raise SystemExit("the networks differ: give checkpoints of runs of which one started from the other")
    total = sum(weights)
    mean = dict(last)
    for name, tensor in last.items():
        if tensor.is_floating_point():
            parts = (network[name] * (weight / total) for network, weight in zip(networks, weights, strict=True))
            mean[name] = sum(parts, start=tensor.new_zeros(()))
    return mean


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("models", nargs="+", metavar="CHECKPOINT=WEIGHT")
    args = parser.parse_args(arguments)
    named = [model.rpartition("=") for model in args.models]
    try:
        files, weights = [Path(name) for name, _, _ in named], [float(weight) for *_, weight in named]
    except ValueError:
        parser.error(f"give each model as CHECKPOINT=WEIGHT, such as last.ckpt=0.8; received {' '.join(args.models)}")
    contents = [read(file) for file in files]
    mean = average([network_weights(content) for content in contents], weights)
    hyper_parameters = {**contents[-1]["hyper_parameters"], "ema_decay": 0.0}
    state = {TRAINED_PREFIX + name: tensor for name, tensor in mean.items()}
    CheckpointFiles().save_checkpoint({"state_dict": state, "hyper_parameters": hyper_parameters}, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
