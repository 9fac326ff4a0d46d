"""Compares models on the held-out photos: figures by kind of photo, and a numbered sheet to be looked at.

    python tools/model/compare.py PHOTOS OUT former=checkpoints/colorgan-photos new=last.ckpt

PHOTOS is what ``photos.py`` wrote. OUT receives a report of ``colorgan evaluate``, and

- ``figures.md``: PSNR, CIEDE2000, colorfulness and its ratio to the reference's by kind of photo; the Fréchet distance;
- ``held_out.jpg`` and pages of it, ``held_out_1.jpg`` …: 60 numbered photos;
- ``verdicts.csv``: for each of them and each model, to be filled in: plausible, nearly gray or wrong. It is never
  overwritten; its counts are part of ``figures.md``.
"""

import argparse
import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from PIL import Image

from colorgan.evaluation.report.evaluation import evaluate, image_folder_name
from colorgan.evaluation.report.photos import ReferencePhotos
from colorgan.evaluation.report.systems import GRAY, MEAN_COLOR, REFERENCE
from colorgan.images.contact_sheet import contact_sheet, evenly_spaced

VERDICTS = ("plausible", "nearly gray", "wrong")
SHOWN = {"bsds": 20, "sample": 8}
"""How many photos of a folder are on the sheet; the others are from photos1000."""
SHEET = 60
PAGE = 12
FIRST_THING = 2666196
"""WordNet's numbers of animals in ImageNet are smaller, those of things, food and places are not."""
MEASURES = {"PSNR, dB ↑": ("psnr", 2), "CIEDE2000 ↓": ("ciede2000", 2), "colorfulness": ("colorfulness", 1)}
FRECHET = "fd_efficientnet_lite2"

Values = dict[str, dict[str, dict[str, float]]]
"""Values of a metric by system, photo and metric."""


def kind(name: str) -> str:
    """The kind of a held-out photo: its folder, or animals or things of photos1000."""
    number = re.match(r"n(\d{8})_", PurePosixPath(name).name)
    if number is None:
        return PurePosixPath(name).parts[0]
    return "animals (photos1000)" if int(number[1]) < FIRST_THING else "things, food, places (photos1000)"


def choose(names: Sequence[str]) -> list[int]:
    """The photos of the sheet: all of bsds, some of every sample photo, and of photos1000 evenly by class."""
    folders: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        folders.setdefault(PurePosixPath(name).parts[0], []).append(index)
    counts = {folder: min(SHOWN[folder], len(found)) for folder, found in folders.items() if folder in SHOWN}
    rest = [folder for folder in folders if folder not in counts]
    for folder in rest:
        counts[folder] = (SHEET - sum(counts[name] for name in counts if name in SHOWN)) // len(rest)
    return sorted(found[place] for name, found in folders.items() for place in evenly_spaced(counts[name], len(found)))


def read_values(report: Path) -> Values:
    values: Values = {}
    with (report / "per_photo.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            system, photo = row.pop("system"), row.pop("photo")
            values.setdefault(system, {})[photo] = {key: float(cell) for key, cell in row.items() if _is_number(cell)}
    return values


def figures(values: Values, distances: Mapping[str, float | None], systems: Sequence[str]) -> str:
    """Tables in Markdown: one for each measure, a row for each kind of photo."""
    kinds: dict[str, list[str]] = {"all": list(values[REFERENCE])}
    for name in values[REFERENCE]:
        kinds.setdefault(kind(name), []).append(name)
    columns = [GRAY, MEAN_COLOR, *systems, REFERENCE]

    def table(title: str, cell: Callable[[str, list[str]], str]) -> list[str]:
        lines = [f"| {title} | photos | {' | '.join(columns)} |", f"|---|---:|{'---:|' * len(columns)}"]
        for label, names in kinds.items():
            lines.append(f"| {label} | {len(names)} | {' | '.join(cell(system, names) for system in columns)} |")
        return [*lines, ""]

    def mean(system: str, names: list[str], key: str) -> float:
        found = [values[system][name].get(key, float("nan")) for name in names]
        return float(np.mean(found))

    lines = [f"{MEAN_COLOR} is the best constant tint: the mean a* and b* of these photos.", ""]
    for title, (key, digits) in MEASURES.items():
        lines += table(title, lambda system, names, key=key, digits=digits: _shown(mean(system, names, key), digits))  # type: ignore[misc]

    def ratio(system: str, names: list[str]) -> str:
        return f"{mean(system, names, 'colorfulness') / mean(REFERENCE, names, 'colorfulness'):.0%}"

    lines += table("colorfulness, of the reference's", ratio)
    shown = [_shown(distances.get(system), 1) for system in columns]
    lines += [f"| | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
    return "\n".join([*lines, f"| Fréchet distance (EfficientNet-Lite2), all ↓ | {' | '.join(shown)} |", ""])


def verdicts(file: Path, photos: Sequence[str], systems: Sequence[str]) -> str:
    """Writes the sheet of verdicts unless it exists, and counts those that are filled in.

    Raises:
        SystemExit: if the file is of other photos, or has an unknown verdict.
    """
    if not file.exists():
        with file.open("w", encoding="utf-8", newline="") as target:
            writer = csv.writer(target)
            writer.writerow(["number", "photo", *systems])
            writer.writerows([number, photo, *[""] * len(systems)] for number, photo in enumerate(photos, 1))
    with file.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    if [row["photo"] for row in rows] != list(photos):
        raise SystemExit(f"{file} has other photos than the sheet; move it away to begin a new one")
    lines = [f"| of {len(photos)} | {' | '.join(VERDICTS)} |", f"|---|{'---:|' * len(VERDICTS)}"]
    for system in (column for column in rows[0] if column not in ("number", "photo")):
        counts = Counter(row[system].strip() for row in rows if row[system].strip())
        unknown = sorted(set(counts) - set(VERDICTS))
        if unknown:
            raise SystemExit(f"{file}: {unknown[0]!r} is no verdict; write {', '.join(VERDICTS)}")
        if counts:
            lines.append(f"| {system} | {' | '.join(str(counts[verdict]) for verdict in VERDICTS)} |")
    return "\n".join([*lines, ""]) if len(lines) > 2 else ""


def draw(out: Path, photos: ReferencePhotos, chosen: Sequence[int], systems: Sequence[str]) -> None:
    """Draws the numbered sheet and its pages: gray, the reference and each model."""
    references = [photos.load(index).rgb.permute(1, 2, 0).numpy() for index in chosen]
    columns = {GRAY: [np.asarray(Image.fromarray(rgb).convert("L")) for rgb in references], REFERENCE: references}
    for system in systems:
        folder = out / "images" / image_folder_name(system)
        files = [folder / photos.output_name(index) for index in chosen]
        columns[system] = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    captions = [f"{number}  {photos.names[index]}" for number, index in enumerate(chosen, 1)]
    contact_sheet(columns, captions=captions, blocks=3, tile=144).save(out / "held_out.jpg", quality=88)
    for page, start in enumerate(range(0, len(chosen), PAGE), 1):
        part = {name: images[start : start + PAGE] for name, images in columns.items()}
        sheet = contact_sheet(part, captions=captions[start : start + PAGE], blocks=2, tile=208)
        sheet.save(out / f"held_out_{page}.jpg", quality=92)


def _shown(value: float | None, digits: int) -> str:
    return "-" if value is None or not np.isfinite(value) else f"{value:.{digits}f}"


def _is_number(cell: str) -> bool:
    return bool(re.fullmatch(r"-?\d+(\.\d+)?(e-?\d+)?", cell))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photos", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("systems", nargs="+", metavar="NAME=CHECKPOINT")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    options = parser.parse_args()
    held_out = options.photos / "val" if (options.photos / "val").is_dir() else options.photos
    evaluate(
        options.systems,
        root=held_out,
        out=options.out,
        train=held_out,
        sheet_size=2,
        device=torch.device(options.device),
    )
    report = json.loads((options.out / "metrics.json").read_text(encoding="utf-8"))
    systems = [name for name, system in report["systems"].items() if system["kind"] != "baseline"]
    results = {name: system["results"].get(FRECHET, {}) for name, system in report["systems"].items()}
    distances = {name: result.get("value") for name, result in results.items()}
    text = figures(read_values(options.out), distances, systems)
    photos = ReferencePhotos(held_out)
    chosen = choose(photos.names)
    draw(options.out, photos, chosen, systems)
    text += verdicts(options.out / "verdicts.csv", [photos.names[index] for index in chosen], systems)
    (options.out / "figures.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
