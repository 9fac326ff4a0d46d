"""``colorgan inspect DATA``: what the networks will see of a folder of photos."""

import argparse
from pathlib import Path

from colorgan.data import Photos
from colorgan.evaluation.inspection import inspect
from colorgan.models import color_spaces
from colorgan.models.color_spaces import ColorSpace, Lab


def _color_space(name: str) -> ColorSpace:
    known = {
        one.__name__: one for one in vars(color_spaces).values() if isinstance(one, type) and one is not ColorSpace
    }
    found = known.get(name)
    if found is None or not issubclass(found, ColorSpace):
        spaces = ", ".join(known_name for known_name, one in known.items() if issubclass(one, ColorSpace))
        raise argparse.ArgumentTypeError(f"there is no color space {name!r}; there are {spaces}")
    return found()


def main(args: list[str] | None = None) -> int:
    """The command ``colorgan inspect``.

    Args:
        args: the words after the command; by default those of the process.

    Returns:
        0; what is wrong with the data is raised as :class:`~colorgan.errors.ColorganError`.
    """
    parser = argparse.ArgumentParser(
        "colorgan inspect", description="Shows what the networks will see of a folder of photos, and its figures."
    )
    parser.add_argument("data", metavar="DATA", help="folder of photos, or `sample` for those that come with colorgan")
    parser.add_argument("--size", type=int, default=128, help="height and width that the networks see (default 128)")
    parser.add_argument(
        "--crop", choices=("center", "random", "none"), default="center", help="how photos become squares"
    )
    parser.add_argument("--color-space", type=_color_space, default=Lab(), help="RGB, HSV, YCbCr or Lab (default)")
    parser.add_argument(
        "--out", type=Path, default=Path("inspect.png"), help="file for the sheet (default inspect.png)"
    )
    parser.add_argument("--photos", type=int, default=8, help="photos on the sheet (default 8)")
    parser.add_argument("--val_fraction", type=float, default=0.1, help="share for validation, if no folder is for it")
    parser.add_argument("--seed", type=int, default=0, help="fixes the division (default 0)")
    parser.add_argument("--cache_dir", default=None, help="where decoded photos are kept")
    given = parser.parse_args(args)
    if given.photos < 1:
        parser.error(f"--photos must be at least 1; received {given.photos}")
    data = Photos(
        given.data,
        size=given.size,
        crop=given.crop,
        val_fraction=given.val_fraction,
        seed=given.seed,
        cache_dir=given.cache_dir,
        batch_size=given.photos,
        num_workers=0,
        drop_last=False,
    )
    print(inspect(data, given.color_space, given.out, given.photos).text)
    return 0
