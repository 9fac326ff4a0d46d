"""The evaluation, from the arguments of the command line to the files of the report."""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Literal

import torch
from tqdm import tqdm

from colorgan.errors import ColorganError
from colorgan.evaluation.curves import read_curves
from colorgan.evaluation.report.comparisons import contenders_of
from colorgan.evaluation.report.hints import measure_hints
from colorgan.evaluation.report.images import ImageStore
from colorgan.evaluation.report.measure import measure
from colorgan.evaluation.report.page import ReportAssets, render_latex, render_markdown, render_page
from colorgan.evaluation.report.photos import ReferencePhotos, Resize, resolve_folder
from colorgan.evaluation.report.record import make_record
from colorgan.evaluation.report.results import EvaluationResults, compute_results, write_csv, write_json
from colorgan.evaluation.report.systems import (
    GRAY,
    REFERENCE,
    ConstantColorSystem,
    ReferenceSystem,
    System,
    mean_color,
    open_systems,
)
from colorgan.files import atomic_write, resolved, write_text
from colorgan.images.contact_sheet import contact_sheet, evenly_spaced
from colorgan.metrics.features import INCEPTION, INCEPTION_CLEAN, FeatureExtractor
from colorgan.metrics.installed import load_installed_parts
from colorgan.metrics.metric import PhotoFunction
from colorgan.metrics.perceptual import LPIPS
from colorgan.metrics.pixels import margin_accuracy
from colorgan.metrics.registry import JUDGE, photo_metrics

SavedImages = Literal["checkpoints", "all", "none"]

_SHEET_COLUMNS = 8
_SHEET_IMAGE_SIZE = 144


def evaluate(
    systems: Sequence[str],
    *,
    root: str | Path,
    out: Path,
    train: str | Path | None = None,
    resize: Resize | None = None,
    protocol: str = "default",
    limit: int | None = None,
    features: Sequence[str] = (),
    inception: str | Path | None = None,
    lpips: str | Path | None = None,
    hints: Sequence[str] = (),
    margin: float = 12 / 255,
    subset_size: int | None = None,
    groups: Sequence[str] = (),
    latex: bool = False,
    save_images: SavedImages = "checkpoints",
    sheet_size: int = 20,
    device: torch.device | None = None,
    title: str | None = None,
    trust: Iterable[str | Path] = (),
) -> Path:
    """Measures systems and writes the report: ``report.html``, ``report.md``, ``metrics.json``, ``per_photo.csv``.

    Args:
        systems: checkpoints, run folders and folders of images, as on the command line; ``NAME=PATH`` sets a name.
        root: the reference photos.
        out: folder of the report.
        train: training photos for the mean color baseline.
        resize: the size at which everything is measured.
        protocol: name of the protocol in the report, ``default`` or ``literature``.
        limit: uses only the first photos.
        features: additional extractors of torch-fidelity.
        inception: local weights of Inception.
        lpips: local weights of the AlexNet of LPIPS.
        hints: protocols in which PSNR is measured against the number of hints, see
            :data:`colorgan.evaluation.report.hints.PROTOCOLS`.
        margin: margin of the margin accuracy, for values in [0, 1].
        subset_size: photos in a subset of the kernel distance.
        groups: systems that are compared as one, as ``NAME=SYSTEM,SYSTEM``.
        latex: also writes ``report.tex``.
        save_images: the systems whose images are written.
        sheet_size: photos on the contact sheet.
        device: device of the networks.
        title: heading of the report.
        trust: as for :meth:`~colorgan.inference.torch_colorizer.TorchColorizer.from_checkpoint`.

    Returns:
        The path of ``report.html``.

    Raises:
        ColorganError: if an argument, a photo or a system is invalid.
    """
    device = device if device is not None else torch.device("cpu")
    if sheet_size < 1:
        raise ColorganError(f"the contact sheet needs at least 1 photo; received {sheet_size}")
    if out.exists() and not out.is_dir():
        raise ColorganError(f"{out} is a file; give a folder for the report")
    load_installed_parts()
    photos = ReferencePhotos(root, resize, limit)
    compared = open_systems(systems, photos, device, trust)
    contenders = contenders_of([system.name for system in compared], groups)
    all_systems: list[System] = [
        *compared,
        ConstantColorSystem(GRAY),
        _mean_color_baseline(photos, train),
        ReferenceSystem(),
    ]
    extractors, not_measured = _load_extractors(features, inception, device)
    perceptual = _load_lpips(lpips, device, not_measured)

    functions: dict[str, PhotoFunction] = {"margin_accuracy": partial(margin_accuracy, margin=margin)}
    if perceptual is not None:
        functions["lpips"] = perceptual

    folders = _image_folders(all_systems, out / "images", save_images)
    with tqdm(total=len(photos) * len(all_systems), unit=" images", desc="measuring") as bar:
        measurements = measure(
            photos,
            all_systems,
            extractors,
            photo_metrics(functions),
            settings=(margin, None if perceptual is None else (perceptual.network, perceptual.sha256, device.type)),
            image_folders=folders,
            on_progress=bar.update,
        )
    record = make_record(photos, protocol, extractors, perceptual, margin, device, not_measured)
    results = compute_results(measurements, all_systems, extractors, photos.names, record, subset_size, contenders)
    if hints:
        with tqdm(total=len(photos) * len(hints), unit=" photos", desc="with hints") as bar:
            results = replace(results, hints=measure_hints(photos, compared, hints, out / "hints", bar.update))
    assets = ReportAssets(
        images=ImageStore(photos, all_systems, folders),
        selected=evenly_spaced(sheet_size, len(photos)),
        histograms={name: own.histogram for name, own in measurements.items()},
        curves={
            system.name: read_curves(system.run_folder.metrics) for system in compared if system.run_folder is not None
        },
    )
    heading = title or resolved(out).name
    _write_report(results, assets, out, heading)
    if latex:
        write_text(out / "report.tex", render_latex(results, heading))
    return out / "report.html"


def _write_report(results: EvaluationResults, assets: ReportAssets, out: Path, title: str) -> None:
    write_json(results, out / "metrics.json")
    write_csv(results, out / "per_photo.csv")
    columns = {
        name: [assets.images.image(name, index) for index in assets.selected]
        for name in (GRAY, *results.compared, REFERENCE)
    }
    sheet = contact_sheet(
        columns,
        captions=[assets.images.names[index] for index in assets.selected],
        blocks=max(1, _SHEET_COLUMNS // len(columns)),
        tile=_SHEET_IMAGE_SIZE,
    )
    with atomic_write(out / "sheet.png") as temporary:
        sheet.save(temporary, format="PNG")
    write_text(out / "report.md", render_markdown(results, title, "sheet.png"))
    write_text(out / "report.html", render_page(results, assets, title))


def _mean_color_baseline(photos: ReferencePhotos, train: str | Path | None) -> ConstantColorSystem:
    if train is not None:
        return mean_color(resolve_folder(train))
    if (photos.root / "train").is_dir():
        return mean_color(photos.root / "train")
    baseline = mean_color(photos.folder)
    baseline.detail["is"] = "mean color of these photos, because there are no training photos"
    return baseline


def _load_extractors(
    features: Sequence[str], inception: str | Path | None, device: torch.device
) -> tuple[list[FeatureExtractor], list[str]]:
    """Loads the available extractors.

    Returns:
        The extractors, and a sentence on those whose weights are not available.
    """
    extractors, not_measured = [], []
    for name in (INCEPTION, INCEPTION_CLEAN):
        try:
            extractors.append(FeatureExtractor(name, inception, device=device))
        except ColorganError as error:
            if inception is not None:
                raise
            if name == INCEPTION:
                _print_note(error, "--weights.inception")
                not_measured.append(
                    "FID, clean-FID and KID were not measured: the weights of Inception were not available "
                    "(--weights.inception takes a local file)."
                )
    extractors.append(FeatureExtractor(JUDGE, device=device))
    known = {extractor.name for extractor in extractors}
    extractors += [FeatureExtractor(name, device=device) for name in dict.fromkeys(features) if name not in known]
    return extractors, not_measured


def _load_lpips(weights: str | Path | None, device: torch.device, not_measured: list[str]) -> LPIPS | None:
    try:
        return LPIPS("alex", weights, device)
    except ColorganError as error:
        if weights is not None:
            raise
        _print_note(error, "--weights.lpips")
        not_measured.append(
            "LPIPS was not measured: the weights of AlexNet were not available (--weights.lpips takes a local file)."
        )
        return None


def _print_note(error: ColorganError, option: str) -> None:
    """Prints the details, which depend on the machine; the report has to be the same on every machine."""
    print(f"note: {str(error).replace('as weights', f'with {option}')}", file=sys.stderr)  # noqa: T201


def _image_folders(systems: Sequence[System], folder: Path, save_images: SavedImages) -> dict[str, Path]:
    kinds = {"checkpoints": {"checkpoint"}, "all": {"checkpoint", "baseline"}, "none": set[str]()}[save_images]
    return {system.name: folder / image_folder_name(system.name) for system in systems if system.kind in kinds}


def image_folder_name(name: str) -> str:
    """The name of a system as the name of a folder.

    >>> image_folder_name("flowers/20261121-101500"), image_folder_name("..")
    ('flowers-20261121-101500', '_')
    """
    return re.sub(r"[^\w.() -]+", "-", name).strip(". ") or "_"
