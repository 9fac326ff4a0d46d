"""``colorgan inspect DATA``: the tensors that the networks receive from a folder of photos."""

from pathlib import Path
from typing import Annotated, Any, Literal

from colorgan.cli.parsing.options import Option, Range

_HINTS: dict[str, tuple[str, dict[str, Any]]] = {
    "none": ("NoHints", {}),
    "points": ("PointHints", {}),
    "zhang2017": ("GeometricPointHints", {}),
    "icolorit": ("PointHints", {"max_points": 128, "patch_sizes": (2, 2), "placement": "grid", "p_none": 0.0}),
    "pixels": ("PixelHints", {"fraction": 0.02, "p_none": 0.5}),
}
"""Class and arguments of the hints in ``configs/hints``."""


def inspect(
    data: Annotated[str, Option(metavar="DATA")],
    *,
    size: Annotated[int, Range(1), Option(metavar="N")] = 128,
    crop: Literal["center", "random", "none"] = "center",
    color_space: Literal["RGB", "HSV", "YCbCr", "Lab"] = "Lab",
    hints: Literal["points", "zhang2017", "icolorit", "pixels", "none"] = "points",
    out: Annotated[Path, Option(metavar="FILE")] = Path("inspect.png"),
    photos: Annotated[int, Range(1), Option(metavar="N")] = 8,
    val_fraction: Annotated[float, Range(0, 1), Option(metavar="0..1")] = 0.1,
    seed: Annotated[int, Option(metavar="N")] = 0,
    cache_dir: Annotated[str | None, Option(metavar="DIR")] = None,
    manifest: bool = False,
) -> int:
    """Show a folder of photos as the networks see them.

    Prints statistics of the tensors that the networks receive, and draws a sheet of the first batch.

    Args:
        data: folder of photos, or `sample` for the sample photos; with --manifest, also the folder of a training run.
        size: height and width of the photos.
        crop: crop photos to squares, or resize them with `none`.
        color_space: color space of the networks.
        hints: hints that the sheet shows on every second photo, as in configs/hints.
        out: file of the sheet.
        photos: photos on the sheet.
        val_fraction: fraction of photos for validation, if there is no folder for it.
        seed: random seed of the validation split.
        cache_dir: folder of decoded photos.
        manifest: instead, list every file: whether it is accepted, what is changed to read it, or why it is left out.

    Returns:
        The exit code, 0.

    Raises:
        ColorganError: if the data is invalid, or the sheet cannot be written.

    Examples:
        colorgan inspect my_photos
            a sheet of the first photos: inspect.png
        colorgan inspect my_photos --manifest
            every file, and why some are left out
    """
    from colorgan import models
    from colorgan.data import Photos
    from colorgan.evaluation.inspection import describe_manifest, is_manifest
    from colorgan.evaluation.inspection import inspect as describe

    if manifest and is_manifest(Path(data)):
        print(describe_manifest(Path(data)))
        return 0
    module = Photos(
        data,
        size=size,
        crop=crop,
        val_fraction=val_fraction,
        seed=seed,
        cache_dir=cache_dir,
        batch_size=photos,
        num_workers=0,
        drop_last=False,
    )
    if manifest:
        print(describe_manifest(module))
        return 0
    name, arguments = _HINTS[hints]
    print(describe(module, getattr(models, color_space)(), out, photos, getattr(models, name)(**arguments)).text)
    return 0
