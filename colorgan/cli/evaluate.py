"""``colorgan evaluate``: measures checkpoints and folders of images, and writes a report."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from colorgan.cli.parsing.options import Parser
from colorgan.errors import ColorganError

if TYPE_CHECKING:
    from colorgan.evaluation.report.photos import Resize

_DEFAULT_SIZE = 256
_LITERATURE_SIZE = 256
_EXAMPLES = """\
examples:
  colorgan evaluate checkpoints/flowers/20261121-101500 --data.root flowers --out reports/flowers
  colorgan evaluate ours=best.ckpt theirs=images/deoldify --data.root photos/test --out reports/two
  colorgan evaluate best.ckpt --data.root imagenet/val --limit 5000 --protocol literature --out reports/imagenet
"""


def main(args: Sequence[str] | None = None) -> int:
    """Runs ``colorgan evaluate``.

    Args:
        args: the arguments of the command; by default those of the process.

    Returns:
        The exit code, 0.

    Raises:
        ColorganError: if an argument or a file is invalid.
    """
    options = _parser().parse_args(args)
    # imported here, so that --help is fast
    from colorgan.evaluation.report.evaluation import evaluate
    from colorgan.inference.device import choose_device

    literature = options.protocol == "literature"
    report = evaluate(
        options.systems,
        root=options.root,
        out=options.out,
        train=options.train,
        resize=_resize(options, literature),
        protocol=options.protocol,
        limit=options.limit,
        features=options.features,
        inception=options.inception,
        lpips=options.lpips,
        hints={None: (), "both": ("zhang2017", "icolorit")}.get(options.hints, (options.hints,)),
        margin=options.margin / 255,
        subset_size=options.kid_subset_size,
        save_images=options.images or ("all" if literature else "checkpoints"),
        sheet_size=options.sheet,
        device=choose_device(options.device),
        title=options.title,
    )
    print(f"report: {report}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="colorgan evaluate",
        description="Compares checkpoints, and folders of images made by any program, with reference photos.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "systems",
        nargs="+",
        metavar="SYSTEM",
        help="a checkpoint, the folder of a training run or a released model, or a folder of images with the names of "
        "the photos; NAME=PATH sets its name in the report",
    )
    parser.add_argument(
        "--data.root",
        dest="root",
        required=True,
        metavar="DIR",
        help="folder of the reference photos, or of its subfolder test/ or val/; `sample` for the sample photos",
    )
    parser.add_argument(
        "--data.train",
        dest="train",
        metavar="DIR",
        help="training photos for the mean color baseline (default: train/ in the folder of --data.root)",
    )
    parser.add_argument("--out", required=True, metavar="DIR", type=Path, help="folder of the report")
    parser.add_argument(
        "--protocol",
        choices=("default", "literature"),
        default="default",
        help="`literature`: the first --limit photos, ordered by name, all resized to 256 x 256, and all "
        "images written as PNG, like published tables of FID, colorfulness and PSNR",
    )
    parser.add_argument(
        "--limit", type=int, metavar="N", help="use only the first N photos in the order of their names"
    )
    parser.add_argument(
        "--size",
        type=int,
        metavar="N",
        help="downscale photos whose shorter side is longer than N pixels, keeping their proportions; 0 keeps the size "
        "of every photo (default: 256)",
    )
    parser.add_argument(
        "--square",
        action="store_true",
        help="resize all photos to squares of --size pixels, distorting them",
    )
    parser.add_argument(
        "--features",
        action="append",
        default=[],
        metavar="NAME",
        help="also measure the Fréchet distance on this extractor of torch-fidelity; repeatable",
    )
    parser.add_argument(
        "--weights.inception",
        dest="inception",
        metavar="FILE",
        help="local file with the weights of Inception, for machines without a network",
    )
    parser.add_argument(
        "--weights.lpips",
        dest="lpips",
        metavar="FILE",
        help="local file with torchvision's AlexNet weights for LPIPS, for machines without a network",
    )
    parser.add_argument(
        "--hints",
        choices=("zhang2017", "icolorit", "both"),
        help="also measure PSNR against the number of hints, in the protocol of Zhang et al. 2017 (6 x 6 pixels at "
        "256 px), of iColoriT (2 x 2 at 224 px), or in both; the hints are written to hints/ in the report's folder",
    )
    parser.add_argument(
        "--margin", type=float, default=12.0, metavar="M", help="margin of the margin accuracy, of 255 (default: 12)"
    )
    parser.add_argument(
        "--kid-subset-size",
        type=int,
        metavar="N",
        help="photos in a subset of the kernel distance (default: 1,000, or half of the photos)",
    )
    parser.add_argument(
        "--images",
        choices=("checkpoints", "all", "none"),
        help="systems whose images are written as PNG to images/ in the report's folder; `all` adds the baselines and "
        "the reference at the measured size, so that other programs can measure the same images (default: checkpoints)",
    )
    parser.add_argument("--sheet", type=int, default=20, metavar="N", help="photos on the contact sheet (default: 20)")
    parser.add_argument("--device", default="auto", help="cpu, cuda, mps or auto (default)")
    parser.add_argument("--title", help="heading of the report (default: the name of its folder)")
    return parser


def _resize(options: argparse.Namespace, literature: bool) -> "Resize":
    from colorgan.evaluation.report.photos import Resize

    if literature:
        if options.size is not None or options.square:
            raise ColorganError("--protocol literature fixes the size at 256 x 256; leave out --size and --square")
        return Resize(_LITERATURE_SIZE, square=True)
    return Resize(_DEFAULT_SIZE if options.size is None else options.size, square=options.square)
