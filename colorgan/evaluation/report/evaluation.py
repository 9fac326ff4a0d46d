"""The evaluation: from the names of systems to the files of a report."""

import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from colorgan.errors import ColorganError
from colorgan.evaluation.report.hinted import measure_hinted
from colorgan.evaluation.report.markdown import markdown
from colorgan.evaluation.report.measure import measure
from colorgan.evaluation.report.page import Exhibits, page
from colorgan.evaluation.report.photos import Framing, ReferencePhotos, data_folder
from colorgan.evaluation.report.pictures import Album, spread
from colorgan.evaluation.report.results import Results, results_of, write_json, write_table
from colorgan.evaluation.report.runs import read_curves
from colorgan.evaluation.report.systems import ReferenceSystem, System, UniformColor, mean_color, open_systems
from colorgan.files import atomic_write
from colorgan.images.contact_sheet import contact_sheet
from colorgan.metrics.features import EFFICIENTNET, INCEPTION, INCEPTION_CLEAN, FeatureExtractor
from colorgan.metrics.perceptual import LPIPS

_SHEET_COLUMNS = 8
_SHEET_TILE = 144
_PACKAGES = ("torch", "torchvision", "torch-fidelity", "timm", "kornia", "pillow", "numpy")


def evaluate(
    systems: Sequence[str],
    *,
    root: str | Path,
    out: Path,
    train: str | Path | None = None,
    framing: Framing | None = None,
    protocol: str = "own",
    limit: int | None = None,
    features: Sequence[str] = (),
    inception: str | Path | None = None,
    lpips: str | Path | None = None,
    hints: Sequence[str] = (),
    margin: float = 12 / 255,
    subset_size: int | None = None,
    keep: str = "checkpoints",
    count: int = 20,
    device: torch.device | None = None,
    title: str | None = None,
) -> Path:
    """Measures systems and writes the report: ``report.html``, ``report.md``, ``metrics.json``, ``per_photo.csv``.

    Args:
        systems: as on the command line: checkpoints, run folders, folders of pictures; ``NAME=PATH`` names one.
        root: the reference photos.
        out: folder of the report.
        train: training photos, for the anchor of their mean color.
        framing: the size at which everything is measured.
        protocol: what to call the protocol, ``own`` or ``literature``.
        limit: the first so many photos.
        features: more extractors of torch-fidelity.
        inception: local weights of Inception.
        lpips: local weights of LPIPS's AlexNet.
        hints: protocols, among :data:`colorgan.evaluation.report.hinted.PROTOCOLS`, in which PSNR is measured against the number
            of hints.
        margin: of the margin accuracy, on the scale on which white is 1.
        subset_size: photos in a subset of the kernel distance.
        keep: whose pictures are written: ``checkpoints``, ``all`` or ``none``.
        count: photos on the contact sheet.
        device: where networks run.
        title: heading of the report.

    Returns:
        The page.

    Raises:
        ColorganError: for input that the user can mend.
    """
    device = device if device is not None else torch.device("cpu")
    if count < 1:
        raise ColorganError(f"a contact sheet shows at least 1 photo; received {count}")
    if out.exists() and not out.is_dir():
        raise ColorganError(f"{out} is a file; a report needs a folder")
    photos = ReferencePhotos(root, framing, limit)
    contenders = open_systems(systems, photos, device)
    everyone: list[System] = [*contenders, UniformColor("gray"), _mean_color(photos, train), ReferenceSystem()]
    extractors, not_measured = _extractors(features, inception, device)
    perceptual = _perceptual(lpips, device, not_measured)

    folders = _picture_folders(everyone, out / "pictures", keep)
    with tqdm(total=len(photos) * len(everyone), unit=" pictures", desc="measuring") as bar:
        measured = measure(
            photos, everyone, extractors, lpips=perceptual, margin=margin, pictures=folders, done=bar.update
        )
    record = _record(photos, protocol, extractors, perceptual, margin, device, not_measured)
    results = results_of(measured, everyone, extractors, photos.names, record, subset_size)
    if hints:
        with tqdm(total=len(photos) * len(hints), unit=" photos", desc="with hints") as bar:
            gained = measure_hinted(photos, contenders, hints, out / "hints", bar.update)
        results = replace(results, hinted=gained)
    exhibits = Exhibits(
        album=Album(photos, everyone),
        chosen=spread(count, len(photos)),
        histograms={name: own.histogram for name, own in measured.items()},
        curves={system.name: read_curves(system.run_folder) for system in contenders if system.run_folder is not None},
    )
    _write(results, exhibits, out, title or out.resolve().name)
    return out / "report.html"


def _write(results: Results, exhibits: Exhibits, out: Path, title: str) -> None:
    write_json(results, out / "metrics.json")
    write_table(results, out / "per_photo.csv")
    columns = {
        name: [exhibits.album.picture(name, index) for index in exhibits.chosen]
        for name in ("gray", *results.compared, "reference")
    }
    captions = [exhibits.album.names[index] for index in exhibits.chosen]
    drawn = contact_sheet(columns, captions=captions, blocks=max(1, _SHEET_COLUMNS // len(columns)), tile=_SHEET_TILE)
    with atomic_write(out / "sheet.png") as unfinished:
        drawn.save(unfinished, format="PNG")
    for file, text in (
        ("report.md", markdown(results, title, "sheet.png")),
        ("report.html", page(results, exhibits, title)),
    ):
        with atomic_write(out / file) as unfinished:
            unfinished.write_text(text, encoding="utf-8", newline="\n")


def _mean_color(photos: ReferencePhotos, train: str | Path | None) -> UniformColor:
    beside = photos.root / "train"
    if train is not None or beside.is_dir():
        return mean_color(data_folder(train) if train is not None else beside)
    anchor = mean_color(photos.folder)
    anchor.detail["is"] = "mean color of these photos, for want of training photos"
    return anchor


def _extractors(
    features: Sequence[str], inception: str | Path | None, device: torch.device
) -> tuple[list[FeatureExtractor], list[str]]:
    """The extractors that can be had, and a sentence for each that cannot."""
    extractors, not_measured = [], []
    for name in (INCEPTION, INCEPTION_CLEAN):
        try:
            extractors.append(FeatureExtractor(name, inception, device=device))
        except ColorganError as error:
            if inception is not None:
                raise
            if name == INCEPTION:
                _note(error, "--weights.inception")
                not_measured.append(
                    "FID, clean-FID and KID were not measured: the weights of Inception were missing "
                    "(--weights.inception takes a local file)."
                )
    extractors.append(FeatureExtractor(EFFICIENTNET, device=device))
    known = {extractor.name for extractor in extractors}
    extractors += [FeatureExtractor(name, device=device) for name in dict.fromkeys(features) if name not in known]
    return extractors, not_measured


def _perceptual(weights: str | Path | None, device: torch.device, not_measured: list[str]) -> LPIPS | None:
    try:
        return LPIPS("alex", weights, device)
    except ColorganError as error:
        if weights is not None:
            raise
        _note(error, "--weights.lpips")
        not_measured.append(
            "LPIPS was not measured: the weights of AlexNet were missing (--weights.lpips takes a local file)."
        )
        return None


def _note(error: ColorganError, option: str) -> None:
    """Tells the user, who can mend it; the report only says that it is so, the same on every machine."""
    print(f"note: {str(error).replace('as weights', f'with {option}')}", file=sys.stderr)  # noqa: T201


def _picture_folders(systems: Sequence[System], folder: Path, keep: str) -> dict[str, Path]:
    wanted = {"checkpoints": {"checkpoint"}, "all": {"checkpoint", "anchor"}, "none": set()}[keep]
    return {system.name: folder / _safe(system.name) for system in systems if system.kind in wanted}


def _safe(name: str) -> str:
    """A system's name as that of a folder.

    >>> _safe("flowers/20261121-101500"), _safe("..")
    ('flowers-20261121-101500', '_')
    """
    return re.sub(r"[^\w.() -]+", "-", name).strip(". ") or "_"


def _record(
    photos: ReferencePhotos,
    protocol: str,
    extractors: Sequence[FeatureExtractor],
    perceptual: LPIPS | None,
    margin: float,
    device: torch.device,
    not_measured: list[str],
) -> dict[str, Any]:
    named = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return {
        "protocol": f"{protocol} protocol, {photos.framing}",
        "photos": {
            "folder": photos.folder.name,
            "count": len(photos),
            "order": "by name",
            "sha256": photos.digest,
        },
        "pairing": "every picture with the photo of its name; distances are to the reference of the same files",
        "pixels": "8-bit RGB, rounded, never JPEG",
        "features": [
            {
                "metric": extractor.metric,
                "extractor": f"{extractor.name}, layer {extractor.layer}",
                "resize": extractor.resize,
                "weights": extractor.sha256,
                "published": extractor.published,
            }
            for extractor in extractors
        ],
        "lpips": None if perceptual is None else {"network": perceptual.network, "weights": perceptual.sha256},
        "margin": f"{margin * 255:g} of 255",
        "intervals": "95 %; means by 1,000 bootstrap resamples, Fréchet distances by 100 subsets without replacement",
        "not_measured": not_measured,
        "versions": {"colorgan": version("colorgan"), "python": platform.python_version()}
        | {package: version(package) for package in _PACKAGES},
        "device": f"{device.type} ({named})",
    }
