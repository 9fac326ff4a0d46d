"""Sheets of photos: what each run has drawn itself, and the same photos colorized by several configurations."""

import contextlib
import hashlib
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from colorgan.data.folders import SplitFolders
from colorgan.data.manifest import FILE_NAME, LEFT_OUT, read_manifest
from colorgan.errors import ColorganError
from colorgan.evaluation.benchmark.records import GridRunFolder
from colorgan.evaluation.benchmark.results import BenchmarkResults, VariantResult
from colorgan.evaluation.rendering import data_url
from colorgan.files import atomic_write
from colorgan.files.yaml import YAMLError, read_yaml
from colorgan.images import SAMPLE_PHOTOS, RGBArray, contact_sheet, evenly_spaced, read_rgb
from colorgan.inference.open_model import open_model

_SHEET_WIDTH = 960
"""Pixels. Sheets are downscaled for the report; the run folders contain them at full size."""

_PHOTO_SIZE = 256
"""Longer side of the photos that are colorized, in pixels."""

_TILE = 144
_NAME = "photos"


@dataclass(frozen=True)
class Sheet:
    """A sheet of photos, downscaled for the report.

    Attributes:
        name: name of the run.
        file: file name in ``images/``.
        width: in pixels.
        height: in pixels.
        data: the image as a ``data:`` URL.
    """

    name: str
    file: str
    width: int
    height: int
    data: str


def run_sheet(result: VariantResult, images: Path) -> Sheet | None:
    """The sheet of the first seed that has one, downscaled again only after it has changed."""
    run = next((run for run in result.runs if run.sheet), None)
    if run is None or run.sheet is None:
        return None
    small = images / f"{run.run.name}.webp"
    if not small.is_file() or small.stat().st_mtime < run.sheet.stat().st_mtime:
        image = Image.fromarray(read_rgb(run.sheet))
        image.thumbnail((_SHEET_WIDTH, 10 * _SHEET_WIDTH), Image.Resampling.LANCZOS)
        return _save(run.run.name, image, small)
    return _load(run.run.name, small)


def photo_sheet(results: BenchmarkResults, folder: Path, images: Path) -> tuple[Sheet | None, list[str]]:
    """The validation photos that the grid asks for, colorized by the last checkpoints of finished runs.

    Photos are spread evenly over the validation photos of the first run, and go through the same steps as any photo
    that is colorized: they keep their lightness, and their colors are predicted at the size of the training photos.

    Args:
        results: the results so far.
        folder: folder of the grid.
        images: where the sheet is kept until one of the checkpoints changes.

    Returns:
        The sheet, or ``None`` if there is nothing to show, and what could not be shown.
    """
    wanted = results.grid.sheet
    by_name = {result.variant.name: result for result in results.variants}
    cells: dict[str, GridRunFolder] = {}
    for name, title in wanted.cells.items() if wanted is not None else ():
        runs = [run for run in by_name[name].runs if run.status == "finished"] if name in by_name else []
        if runs:
            cells[title] = GridRunFolder(folder, runs[0].run.name)
    if wanted is None or not cells:
        return None, []
    file = images / f"{_NAME}_{_digest(cells, wanted.photos)}.webp"
    with contextlib.suppress(FileNotFoundError):  # also if another process of the grid is about to replace it
        return _load(_NAME, file), []
    try:
        photos = _validation_photos(next(iter(cells.values())).path, wanted.photos)
    except ColorganError as error:
        return None, [f"The sheet of photos is missing: {error}."]
    columns: dict[str, Sequence[RGBArray]] = {}
    problems: list[str] = []
    for title, run in cells.items():
        try:
            model = open_model(run.last_checkpoint)
            if not columns:
                columns |= {"gray": model.colorize(photos, strength=0.0), "reference": photos}
            columns[title] = model.colorize(photos)
        except ColorganError as error:
            problems.append(f"The sheet of photos lacks {title}: {error}.")
    if not columns:
        return None, problems
    if problems:
        file = images / f"{_NAME}_incomplete.webp"  # made again next time
    for old in images.glob(f"{_NAME}_*.webp"):
        old.unlink(missing_ok=True)
    return _save(_NAME, contact_sheet(columns, tile=_TILE), file), problems


def _validation_photos(run: Path, count: int) -> list[RGBArray]:
    """Photos of a run's validation set, as its manifest lists them."""
    try:
        data = read_yaml(run / "config.yaml")["data"]
        arguments = data["init_args"]
        root = SAMPLE_PHOTOS if arguments["root"] in (None, "sample") else Path(arguments["root"])
        given = {name: _paths(arguments[name]) for name in ("train", "val", "test")}
    except (OSError, YAMLError, KeyError, TypeError) as error:
        raise ColorganError(f"{run / 'config.yaml'} does not say in which folders the photos are") from error
    folders = SplitFolders(root, given)
    folder = folders.find("val") or folders.find("train")
    entries = read_manifest(run / FILE_NAME)
    files = [entry.file for entry in entries if entry.split == "val" and entry.status != LEFT_OUT]
    if folder is None or not files:
        raise ColorganError(f"{run / FILE_NAME} lists no validation photos")
    photos = []
    for position in evenly_spaced(count, len(files)):
        image = Image.fromarray(read_rgb(folder / files[position], shrink_to=_PHOTO_SIZE))
        image.thumbnail((_PHOTO_SIZE, _PHOTO_SIZE), Image.Resampling.LANCZOS)
        photos.append(np.asarray(image))
    return photos


def _paths(folders: str | Sequence[str] | None) -> list[Path]:
    return [Path(folders)] if isinstance(folders, str) else [Path(folder) for folder in folders or ()]


def _digest(cells: Mapping[str, GridRunFolder], photos: int) -> str:
    """Changes with the configurations, their titles and their checkpoints."""
    state = [(title, run.name, _modified(run.last_checkpoint)) for title, run in cells.items()]
    return hashlib.sha256(repr((state, photos)).encode()).hexdigest()[:12]


def _modified(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except OSError:
        return 0


def _save(name: str, image: Image.Image, file: Path) -> Sheet:
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=82)
    with atomic_write(file) as temporary:
        temporary.write_bytes(buffer.getvalue())
    return Sheet(name, file.name, *image.size, data_url(buffer.getvalue(), "webp"))


def _load(name: str, file: Path) -> Sheet:
    data = file.read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        return Sheet(name, file.name, *image.size, data_url(data, "webp"))
