"""``colorgan evaluate``: measures checkpoints and folders of pictures, and writes a report."""

import argparse
import difflib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from colorgan.errors import ColorganError

if TYPE_CHECKING:
    import torch

    from colorgan.evaluation.report.photos import Framing

_USUAL_SIZE = 256
_LITERATURE_SIZE = 256
_EXAMPLES = """\
examples:
  colorgan evaluate checkpoints/flowers/20261121-101500 --data.root flowers --out reports/flowers
  colorgan evaluate ours=best.ckpt theirs=pictures/deoldify --data.root photos/test --out reports/two
  colorgan evaluate best.ckpt --data.root imagenet/val --limit 5000 --protocol literature --out reports/imagenet
"""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        if wrong := re.search(r"unrecognized arguments: (--[\w.-]+)", message):
            options = [option for action in self._actions for option in action.option_strings]
            close = difflib.get_close_matches(wrong[1], options, n=1)
            message = f"there is no option {wrong[1]}" + (f"; did you mean {close[0]}?" if close else "")
        self.exit(2, f"error: {message}\n(`colorgan evaluate --help` lists all options)\n")


def main(args: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
        args: its words; by default those of the process.

    Returns:
        The exit code, 0.

    Raises:
        ColorganError: for input that the user can mend, in one sentence.
    """
    options = _parser().parse_args(args)
    literature = options.protocol == "literature"
    from colorgan.evaluation.report.evaluation import (
        evaluate,  # only now: help should not wait for the networks' libraries
    )

    report = evaluate(
        options.systems,
        root=options.root,
        out=options.out,
        train=options.train,
        framing=_framing(options, literature),
        protocol=options.protocol,
        limit=options.limit,
        features=options.features,
        inception=options.inception,
        lpips=options.lpips,
        hints={None: (), "both": ("zhang2017", "icolorit")}.get(options.hints, (options.hints,)),
        margin=options.margin / 255,
        subset_size=options.kid_subset_size,
        keep=options.pictures or ("all" if literature else "checkpoints"),
        count=options.sheet,
        device=_device(options.device),
        title=options.title,
    )
    print(f"report: {report}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="colorgan evaluate",
        description="Measures checkpoints, and folders of pictures made by any program, against the reference photos.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "systems",
        nargs="+",
        metavar="SYSTEM",
        help="a checkpoint, the folder of a training run or of a released model, or a folder of pictures named as the "
        "photos are; NAME=PATH gives it a name in the report",
    )
    parser.add_argument(
        "--data.root",
        dest="root",
        required=True,
        metavar="DIR",
        help="folder of the reference photos; of one with test/ or val/ below it, these are taken; `sample` for ours",
    )
    parser.add_argument(
        "--data.train",
        dest="train",
        metavar="DIR",
        help="training photos, for the anchor of their mean color (default: train/ beside the photos)",
    )
    parser.add_argument("--out", required=True, metavar="DIR", type=Path, help="folder of the report")
    parser.add_argument(
        "--protocol",
        choices=("own", "literature"),
        default="own",
        help="`literature`: all photos squeezed to 256 x 256, the first --limit in the order of their names, all "
        "pictures written as PNG, as published tables of FID, colorfulness and PSNR do (default: own)",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="only the first N photos in the order of their names")
    parser.add_argument(
        "--size",
        type=int,
        metavar="N",
        help="photos whose shorter side is longer than N pixels are shrunk to it, proportions kept; 0 measures every "
        "photo at its own size (default: 256)",
    )
    parser.add_argument("--square", action="store_true", help="squeeze all photos to squares of --size pixels")
    parser.add_argument(
        "--features",
        action="append",
        default=[],
        metavar="NAME",
        help="measure the Fréchet distance on this extractor of torch-fidelity as well; may be repeated",
    )
    parser.add_argument(
        "--weights.inception",
        dest="inception",
        metavar="FILE",
        help="Inception's weights, where they cannot be downloaded",
    )
    parser.add_argument(
        "--weights.lpips",
        dest="lpips",
        metavar="FILE",
        help="torchvision's AlexNet weights for LPIPS, where they cannot be downloaded",
    )
    parser.add_argument(
        "--hints",
        choices=("zhang2017", "icolorit", "both"),
        help="measure PSNR against the number of hints as well, in the protocol of Zhang et al. 2017 (6 x 6 pixels at "
        "256), of iColoriT (2 x 2 at 224), or in both; the hints are written below hints/ in the report's folder",
    )
    parser.add_argument(
        "--margin", type=float, default=12.0, metavar="M", help="of the margin accuracy, of 255 (default: 12)"
    )
    parser.add_argument(
        "--kid-subset-size",
        type=int,
        metavar="N",
        help="photos in a subset of the kernel distance (default: 1,000, or half of the photos)",
    )
    parser.add_argument(
        "--pictures",
        choices=("checkpoints", "all", "none"),
        help="whose pictures are written as PNG, below pictures/ in the report's folder; `all` adds gray, mean color "
        "and reference at the measured size, so that any other program can measure the same (default: checkpoints)",
    )
    parser.add_argument("--sheet", type=int, default=20, metavar="N", help="photos on the contact sheet (default: 20)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, mps, or auto (default)")
    parser.add_argument("--title", help="heading of the report (default: the name of its folder)")
    return parser


def _framing(options: argparse.Namespace, literature: bool) -> "Framing":
    from colorgan.evaluation.report.photos import Framing

    if literature:
        if options.size is not None or options.square:
            raise ColorganError("--protocol literature fixes the size at 256 x 256; leave out --size and --square")
        return Framing(_LITERATURE_SIZE, square=True)
    return Framing(_USUAL_SIZE if options.size is None else options.size, square=options.square)


def _device(name: str) -> "torch.device":
    import torch

    if name == "auto":
        accelerator = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else None
        return accelerator or torch.device("cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ColorganError(f"the device {name!r} cannot be used here; use cpu") from error
    return device
