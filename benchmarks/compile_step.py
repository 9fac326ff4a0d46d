"""``torch.compile`` of both flowers networks against the same step without it, with the time that compiling takes.

python benchmarks/compile_step.py
python benchmarks/compile_step.py --device cuda --batch-size 64 --steps 50
"""

import argparse

import torch
from bare_networks import bare_step
from side_by_side import in_turns, measure, report

from colorgan.models import UNet, UNetDiscriminator


def main() -> None:
    """Compiles, then runs both in turns."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--steps", type=int, default=3, help="steps per turn")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--mode", default="default", help="of torch.compile")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    options = parser.parse_args()
    networks = UNet(1, 3, width=32), UNetDiscriminator(4, width=32)
    plain, compiled = (
        bare_step(*networks, options.batch_size, 128, options.device, mode) for mode in (None, options.mode)
    )
    first = [measure(step).wall for step in (plain, compiled)]
    print(f"first step: {first[0]:.1f} s; with torch.compile {first[1]:.1f} s")

    def repeated(step: object) -> None:
        for _ in range(options.steps):
            step()  # type: ignore[operator]
        if options.device == "cuda":
            torch.cuda.synchronize()

    runs = in_turns({"as it is": lambda: repeated(plain), "torch.compile": lambda: repeated(compiled)}, options.turns)
    report("torch.compile of both networks", runs, options.batch_size * options.steps, "images")


if __name__ == "__main__":
    main()
