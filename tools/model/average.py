"""Averages the weights of models that were trained one after the other: often better than each of them.

    python tools/model/average.py OUT.ckpt first.ckpt=0.2 second.ckpt=0.8 --strength 0.9

The networks must be the same, and the later one must have started from the earlier one, so that their weights lie close
together ("WiSE-FT", Wortsman et al., Robust Fine-Tuning of Zero-Shot Models, CVPR 2022). The moving averages are taken
where there are any. A released folder can be given as well. ``--strength`` makes all colors stronger or paler, by its
factor on the last convolution of the generator; colors of hints stay as they are. OUT.ckpt has the generator alone, for
``colorgan release``, ``evaluate`` and ``model.init_from``.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor

from colorgan.inference.checkpoint import TRAINED_PREFIX, network_prefix, read
from colorgan.inference.released import read_contents
from colorgan.training.checkpoints import CheckpointFiles

LAST_CONVOLUTION = "generator.last."


def read_model(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The tensors of the network that a checkpoint or released folder would be used with, and how to build it."""
    if path.is_dir():
        config, weights = read_contents(path)
        return weights, {name: config[name] for name in ("color_space", "hints", "generator")}
    contents = read(path)
    state: dict[str, Tensor] = contents["state_dict"]
    prefix = network_prefix(state) or TRAINED_PREFIX
    weights = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
    return weights, contents["hyper_parameters"]


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


def change_strength(network: dict[str, Tensor], strength: float) -> None:
    """Multiplies the last convolution, whose output tanh turns into chroma."""
    if f"{LAST_CONVOLUTION}weight" not in network:
        raise SystemExit(f"--strength needs a generator that ends in a convolution, {LAST_CONVOLUTION}weight")
    for name in network.keys() & {f"{LAST_CONVOLUTION}weight", f"{LAST_CONVOLUTION}bias"}:
        network[name] = network[name] * strength


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("models", nargs="+", metavar="CHECKPOINT=WEIGHT")
    parser.add_argument("--strength", type=float, default=1, help="factor of all colors, such as 0.9 (default: 1)")
    args = parser.parse_args(arguments)
    named = [model.rpartition("=") for model in args.models]
    try:
        files, weights = [Path(name) for name, _, _ in named], [float(weight) for *_, weight in named]
    except ValueError:
        parser.error(f"give each model as CHECKPOINT=WEIGHT, such as last.ckpt=0.8; received {' '.join(args.models)}")
    networks, descriptions = zip(*(read_model(file) for file in files), strict=True)
    mean = average(networks, weights)
    if args.strength != 1:
        change_strength(mean, args.strength)
    hyper_parameters = {**descriptions[-1], "ema_decay": 0.0}
    state = {TRAINED_PREFIX + name: tensor for name, tensor in mean.items()}
    CheckpointFiles().save_checkpoint({"state_dict": state, "hyper_parameters": hyper_parameters}, args.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
