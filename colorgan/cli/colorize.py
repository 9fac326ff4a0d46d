"""``colorgan colorize``: photos, folders of photos and frames of films, of any size, into files of the same size."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from colorgan.cli.parsing.options import Parser, add_model_options, number
from colorgan.errors import ColorganError
from colorgan.inference.batch.before_after import write_sheets
from colorgan.inference.batch.jobs import plan
from colorgan.inference.batch.pipeline import Options, Outcome, colorize_files
from colorgan.inference.hint_file import read_hints
from colorgan.inference.open_model import open_model

_EXAMPLES = """\
examples:
  colorgan colorize old.jpg                                  writes colorized/old.png
  colorgan colorize albums -o colored --grid                a folder, its tree mirrored, and sheets to look through
  colorgan colorize old.jpg -o new.png --hints hints.json    with colors that you know
  colorgan colorize frames -o colored --temporal 0.8        the frames of a film, kept steady

Files that are there are never overwritten, unless you say --overwrite: the same command goes on with interrupted work.
"""
_INTERRUPTED = 130


def main(args: Sequence[str]) -> int:
    """Runs the command.

    Args:
        args: its words.

    Returns:
        0; 1 if any photo could not be read or written; 130 after Ctrl-C.

    Raises:
        ColorganError: for input that the user can mend, before any work.
    """
    given = _parser().parse_args(args)
    jobs = plan(given.photos, given.output, f".{given.format}")
    hints = None
    if given.hints is not None:
        if len(jobs) != 1:
            raise ColorganError(f"hints belong to one photo, but {len(jobs)} photos are to be colored")
        hints = read_hints(given.hints)
    options = Options(given.size, given.batch, given.strength, hints, given.temporal, given.metadata, given.overwrite)
    with tqdm(total=len(jobs), unit="photo", disable=None) as bar:
        try:
            outcome = colorize_files(open_model(given.checkpoint, given.device), jobs, options, bar.update)
        except KeyboardInterrupt:
            bar.close()
            print("stopped; the same command goes on from here", file=sys.stderr)
            return _INTERRUPTED
    pages = write_sheets(jobs, _folder(given.output), given.overwrite) if given.grid else []
    _report(outcome, given.output, pages)
    return 1 if outcome.failures else 0


def _report(outcome: Outcome, output: Path, pages: Sequence[Path]) -> None:
    for sentence in outcome.failures:
        print(f"error: {sentence}", file=sys.stderr)
    notes = [f"{_photos(outcome.written)} colored into {output}"]
    if outcome.kept:
        notes.append(f"{_photos(outcome.kept)} left as they were there already (--overwrite replaces them)")
    if outcome.failures:
        notes.append(f"{_photos(len(outcome.failures))} left out, named above")
    if outcome.scenes:
        notes.append(f"{outcome.scenes} scene{'s' * (outcome.scenes != 1)}")
    if pages:
        notes.append(f"sheet{'s' * (len(pages) > 1)}: {', '.join(str(page) for page in pages)}")
    print("; ".join(notes))


def _photos(count: int) -> str:
    return f"{count} photo{'s' * (count != 1)}"


def _folder(output: Path) -> Path:
    return output if output.is_dir() else output.parent


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        "colorgan colorize",
        description="Colorize photos of any size; what comes out has the same pixels and the same lightness.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("photos", nargs="+", type=Path, metavar="PHOTO|FOLDER", help="what to colorize")
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("colorized"), metavar="OUT",
        help="folder to write to (default: colorized); for one photo, also a file name ending in .png or .jpg",
    )  # fmt: skip
    add_model_options(parser)
    parser.add_argument("--hints", type=Path, metavar="hints.json", help="colors that you know, for one photo")
    parser.add_argument(
        "--batch", type=number(int, 1, 1024), default=8, metavar="N",
        help="photos that go through the network together, at most (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--strength", type=number(float, 0, 1), default=1.0, metavar="0..1",
        help="0 gives the gray photo, 1 the predicted colors (default: %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--temporal", type=number(float, 0, 0.99), default=0.0, metavar="0..0.99",
        help="for the frames of a film: how much of the last frame's colors is kept, such as 0.8; cuts are seen",
    )  # fmt: skip
    parser.add_argument("--grid", action="store_true", help="write sheets of the photos before and after")
    parser.add_argument("--format", choices=("png", "jpg"), default="png", help="of the files (default: %(default)s)")
    parser.add_argument("--metadata", action="store_true", help="keep EXIF, XMP and resolution")
    parser.add_argument("--overwrite", action="store_true", help="replace files that are there")
    return parser
