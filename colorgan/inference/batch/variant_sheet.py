"""Draws a contact sheet of six answers for one photo."""

from collections.abc import Sequence
from pathlib import Path

from colorgan.errors import ColorganError
from colorgan.files import atomic_write
from colorgan.images import contact_sheet, printable, read_photo
from colorgan.inference.batch.before_after import SHEETS
from colorgan.inference.batch.jobs import Job
from colorgan.inference.batch.pipeline import BatchOptions
from colorgan.inference.batch.writer import write_failure
from colorgan.inference.photo_colorizer import PhotoColorizer
from colorgan.inference.small_image import downscale
from colorgan.inference.variants import Variant, make_variants

_TILE_SIZE = 480
_COLUMNS = 3


def check_variant_sheet(job: Job, overwrite: bool) -> None:
    """Checks that the sheet of a photo may be written, before any work is done.

    Raises:
        ColorganError: if it exists.
    """
    file = _sheet_of(job)
    if file.exists() and not overwrite:
        raise ColorganError(f"{printable(file)} exists; give --overwrite to replace it")


def write_variant_sheet(
    model: PhotoColorizer, job: Job, options: BatchOptions, names: Sequence[str] = ()
) -> tuple[Path, list[Variant]]:
    """Writes ``NAME_variants.png`` into a folder ``sheets`` beside the result, with a label below each variant.

    Args:
        model: the model, or several.
        job: the photo and its colorized file.
        options: hints, look and size.
        names: names of the models, if there are several.

    Returns:
        The sheet, and its variants from left to right and top to bottom.

    Raises:
        UnreadableImage: if the photo cannot be read.
        ColorganError: if the hints cannot be used, or the sheet cannot be written.
    """
    photo = read_photo(job.source)
    pixels = photo.rgb if photo.gray16 is None else photo.gray16
    variants = make_variants(model, pixels, options.hints or (), options.look, options.size, names)
    height, width = pixels.shape[:2]
    scale = min(1.0, _TILE_SIZE / max(height, width))
    small = downscale(pixels, (max(1, round(height * scale)), max(1, round(width * scale))))
    rows = -(-len(variants) // _COLUMNS)
    columns = [variants[column::_COLUMNS] for column in range(_COLUMNS)]  # the sheet is filled block by block
    ordered = [variant for column in columns for variant in column]
    sheet = contact_sheet(
        {"": [variant.prediction.apply_to(small, variant.look) for variant in ordered]},
        captions=[f"{variants.index(variant) + 1}  {variant.label}" for variant in ordered],
        title=job.name or job.source.name,
        blocks=-(-len(variants) // rows),
        tile=_TILE_SIZE,
    )
    file = _sheet_of(job)
    try:
        with atomic_write(file) as temporary:
            sheet.save(temporary, "PNG")
    except OSError as error:
        raise ColorganError(write_failure(file, error)) from error
    return file, variants


def _sheet_of(job: Job) -> Path:
    return job.target.parent / SHEETS / f"{job.target.stem}_variants.png"
