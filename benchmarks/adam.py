"""torch's implementations of Adam on the parameters of the flowers networks (29 million).

python benchmarks/adam.py
python benchmarks/adam.py --device cuda
"""

import argparse
import copy
from collections.abc import Callable

import torch
from side_by_side import in_turns, report
from torch import nn

from colorgan.models import UNet, UNetDiscriminator

_OPTIONS: dict[str, dict[str, bool]] = {
    "torch's default": {},
    "for loop": {"foreach": False},
    "foreach": {"foreach": True},
    "fused, colorgan's default": {"fused": True},
}


def step_of(networks: nn.Module, device: str, **options: bool) -> Callable[[], object]:
    """A step of Adam on copies of the networks, with random gradients."""
    parameters = list(copy.deepcopy(networks).to(device, memory_format=torch.channels_last).parameters())
    for parameter in parameters:
        parameter.grad = torch.randn_like(parameter) * 1e-3
    adam = torch.optim.Adam(parameters, 1e-4, betas=(0.5, 0.999), **options)

    def step() -> None:
        adam.step()
        if device == "cuda":
            torch.cuda.synchronize()

    return step


def main() -> None:
    """Runs all of them in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    options = parser.parse_args()
    networks = nn.ModuleList([UNet(1, 3, width=32), UNetDiscriminator(4, width=32)])
    steps = {name: step_of(networks, options.device, **choice) for name, choice in _OPTIONS.items()}
    report("A step of Adam", in_turns(steps, options.turns, warmups=2), 1, "steps")


if __name__ == "__main__":
    main()
