"""``colorgan colorize``: colorizes photos, folders of photos and video frames of any size."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from colorgan.cli.parsing import Parser, add_model_options, number
from colorgan.errors import ColorganError
from colorgan.inference.batch import BatchOptions, BatchResult, colorize_files, plan_jobs, write_sheets
from colorgan.inference.hint_file import read_hints
from colorgan.inference.open_model import open_model

_EXAMPLES = """\
examples:
  colorgan colorize old.jpg                                  writes colorized/old.png
  colorgan colorize albums -o colorized --grid               a folder and its subfolders, with before/after sheets
  colorgan colorize old.jpg -o new.png --hints hints.json    with colors that you know
  colorgan colorize frames -o colorized --temporal 0.8       video frames, with less flicker

Existing files are skipped unless you give --overwrite, so an interrupted run continues where it stopped.
"""
_INTERRUPTED = 130


def main(args: Sequence[str]) -> int:
    """Runs the command.

    Args:
        args: the arguments of the command.

    Returns:
        0; 1 if any photo could not be read or written; 130 after Ctrl-C.

    Raises:
        ColorganError: for invalid input, before any work is done.
    """
    options = _parser().parse_args(args)
    jobs = plan_jobs(options.photos, options.output, f".{options.format}")
    hints = None
    if options.hints is not None:
        if len(jobs) != 1:
            raise ColorganError(f"--hints applies to a single photo, received {len(jobs)} photos")
        hints = read_hints(options.hints)
    batch_options = BatchOptions(
        size=options.size,
        batch_size=options.batch,
        strength=options.strength,
        hints=hints,
        temporal=options.temporal,
        metadata=options.metadata,
        overwrite=options.overwrite,
    )
    with tqdm(total=len(jobs), unit="photo", disable=None) as progress:
        try:
            model = open_model(options.checkpoint, options.device)
            result = colorize_files(model, jobs, batch_options, progress.update)
        except KeyboardInterrupt:
            progress.close()
            print("interrupted; run the same command again to continue", file=sys.stderr)
            return _INTERRUPTED
    folder = options.output if options.output.is_dir() else options.output.parent
    sheets = write_sheets(jobs, folder, options.overwrite) if options.grid else []
    _print_result(result, options.output, sheets)
    return 1 if result.failures else 0


def _print_result(result: BatchResult, output: Path, sheets: Sequence[Path]) -> None:
    for message in result.failures:
        print(f"error: {message}", file=sys.stderr)
    parts = [f"colorized {_count(result.written, 'photo')} into {output}"]
    if result.skipped:
        parts.append(f"skipped {_count(result.skipped, 'existing file')} (--overwrite replaces them)")
    if result.failures:
        parts.append(f"{_count(len(result.failures), 'photo')} failed (see above)")
    if result.scenes:
        parts.append(_count(result.scenes, "scene"))
    if sheets:
        parts.append(f"sheet{'s' * (len(sheets) > 1)}: {', '.join(map(str, sheets))}")
    print("; ".join(parts))


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'s' * (count != 1)}"


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        "colorgan colorize",
        description="Colorize photos of any size. The result has the same size and the same lightness.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO|FOLDER", help="photos and folders to colorize")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("colorized"), metavar="PATH",
        help="folder to write to, or, for one photo, a file name ending in .png or .jpg (default: %(default)s)",
    )  # fmt: skip
    add_model_options(parser)
    parser.add_argument("--hints", type=Path, metavar="hints.json", help="color hints, for a single photo")
    parser.add_argument(
        "--batch", type=number(int, 1, 1024), default=8, metavar="N",
        help="maximum number of photos per network call (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--strength", type=number(float, 0, 1), default=1.0, metavar="0..1",
        help="strength of the colors: 0 is gray, 1 is as predicted (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--temporal", type=number(float, 0, 0.99), default=0.0, metavar="0..0.99",
        help="for video frames: weight of the previous frame's colors, such as 0.8; restarts at cuts (default: off)",
    )  # fmt: skip
    parser.add_argument("--grid", action="store_true", help="write contact sheets of the photos before and after")
    parser.add_argument("--format", choices=("png", "jpg"), default="png", help="file format (default: %(default)s)")
    parser.add_argument("--metadata", action="store_true", help="keep EXIF, XMP and resolution")
    parser.add_argument("--overwrite", action="store_true", help="replace existing files")
    return parser
