"""``colorgan inspect DATA``: the tensors that the networks receive from a folder of photos."""

import argparse
from pathlib import Path

from colorgan.cli.parsing.options import Parser
from colorgan.data import Photos
from colorgan.evaluation.inspection import inspect
from colorgan.models.color_spaces import HSV, RGB, ColorSpace, Lab, YCbCr

_COLOR_SPACES: dict[str, type[ColorSpace]] = {space.__name__: space for space in (RGB, HSV, YCbCr, Lab)}


def _color_space(name: str) -> ColorSpace:
    if name not in _COLOR_SPACES:
        raise argparse.ArgumentTypeError(f"there is no color space {name!r}; choose one of {', '.join(_COLOR_SPACES)}")
    return _COLOR_SPACES[name]()


def main(args: list[str] | None = None) -> int:
    """Runs ``colorgan inspect``.

    Args:
        args: the arguments of the command; by default those of the process.

    Returns:
        The exit code, 0.

    Raises:
        ColorganError: if the data is invalid, or the sheet cannot be written.
    """
    parser = Parser(
        "colorgan inspect",
        description="Prints statistics of the tensors that the networks receive from a folder of photos, and "
        "draws a sheet of the first batch.",
    )
    parser.add_argument("data", metavar="DATA", help="folder of photos, or `sample` for the sample photos")
    parser.add_argument("--size", type=int, default=128, help="height and width of the photos (default: 128)")
    parser.add_argument(
        "--crop",
        choices=("center", "random", "none"),
        default="center",
        help="crop photos to squares, or resize them with `none`",
    )
    parser.add_argument("--color-space", type=_color_space, default=Lab(), help="RGB, HSV, YCbCr or Lab (default)")
    parser.add_argument(
        "--out", type=Path, default=Path("inspect.png"), help="file of the sheet (default: inspect.png)"
    )
    parser.add_argument("--photos", type=int, default=8, help="photos on the sheet (default: 8)")
    parser.add_argument(
        "--val_fraction",
        type=float,
        default=0.1,
        help="fraction of photos for validation, if there is no folder for it",
    )
    parser.add_argument("--seed", type=int, default=0, help="random seed of the validation split (default: 0)")
    parser.add_argument("--cache_dir", default=None, help="folder of decoded photos")
    options = parser.parse_args(args)
    if options.photos < 1:
        parser.error(f"--photos must be at least 1; received {options.photos}")
    data = Photos(
        options.data,
        size=options.size,
        crop=options.crop,
        val_fraction=options.val_fraction,
        seed=options.seed,
        cache_dir=options.cache_dir,
        batch_size=options.photos,
        num_workers=0,
        drop_last=False,
    )
    print(inspect(data, options.color_space, options.out, options.photos).text)
    return 0
