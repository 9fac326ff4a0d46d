"""Makes a study: chooses the photos, writes the page for the participants, and the key."""

import base64
import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from colorgan.color.tensors import photo_by_photo, to_lab, to_uint8
from colorgan.errors import ColorganError, plural
from colorgan.evaluation.rendering import render
from colorgan.evaluation.report.images import image_url
from colorgan.evaluation.report.photos import ReferencePhotos, Resize
from colorgan.evaluation.report.systems import System, open_systems
from colorgan.evaluation.study.answers import FORMAT
from colorgan.evaluation.study.key import ANSWERS, KEY, PAGE, Pair, StudyKey
from colorgan.files import write_text
from colorgan.images import printable
from colorgan.models.color_spaces import Lab

Group: TypeAlias = list[dict[str, Any]]
"""Pairs of the page of which a participant sees one: those of a photo with each of the systems."""

_MAX_PHOTOS = 40
"""Photos of a study unless told otherwise: as many pairs as Zhang et al. showed."""
_EXTRA_SHARE = 0.1
_MIN_PHOTOS = 2


@dataclass(frozen=True)
class StudyOptions:
    """What participants see.

    Attributes:
        photos: photos of the study, each of which a participant sees once; by default up to 40, as far as there are
            enough.
        practice: pairs with feedback before the study, of other photos.
        vigilance: pairs with a photo of opposite colors among the others, of other photos.
        seconds: time for which a pair is visible; ``None`` leaves it until the choice.
        size: the shorter side of a photo, at most, in pixels.
        seed: random seed of the choice, the order and the sides.
        max_bytes: maximum size of the page.
    """

    photos: int | None = None
    practice: int | None = None
    vigilance: int | None = None
    seconds: float | None = None
    size: int = 256
    seed: int = 0
    max_bytes: int = 20_000_000


def make_study(
    systems: Sequence[str],
    *,
    reference: str | Path,
    out: Path,
    options: StudyOptions | None = None,
    title: str = "Real or colorized?",
    device: str | torch.device = "cpu",
    trust: Iterable[str | Path] = (),
) -> StudyKey:
    """Makes a study and writes the page and the key into a folder.

    The page shows a participant each photo once, with one of the systems: which one rotates, so that the systems are
    seen equally often, and every participant compares all of them. The two photos of a pair have the same size and
    encoding. Order and sides are drawn anew for every participant.

    Args:
        systems: folders of images or checkpoints, as for an evaluation report; ``NAME=PATH`` sets a name.
        reference: folder of the real photos.
        out: folder of the study.
        options: what participants see.
        title: heading of the page.
        device: device of the networks.
        trust: as for :meth:`~colorgan.inference.torch_colorizer.TorchColorizer.from_checkpoint`.

    Raises:
        ColorganError: if a system or a photo is invalid, there are too few photos, the page becomes too large, or the
            folder has answers to another study.
    """
    options = options or StudyOptions()
    photos = ReferencePhotos(reference, Resize(options.size))
    opened = open_systems(systems, photos, device, trust)
    random = np.random.default_rng(options.seed)
    practice, test, vigilance = _choose(photos, options, random)
    maker = _PairMaker(photos, opened, random)
    practice_pairs = [
        maker.add(index, opened[number % len(opened)], "practice") for number, index in enumerate(practice)
    ]
    groups = [[maker.add(index, system, "test") for system in opened] for index in test]
    groups += [[maker.add(index, None, "vigilance")] for index in vigilance]
    groups = [groups[number] for number in random.permutation(len(groups))]
    names = tuple(system.name for system in opened)
    content = {
        "format": FORMAT,
        "title": title,
        "milliseconds": None if options.seconds is None else round(1000 * options.seconds),
        "practice": [pair | {"real": maker.pairs[pair["name"]].real} for pair in practice_pairs],
        "groups": groups,
    }
    study = hashlib.sha256(json.dumps([content, names], sort_keys=True).encode()).hexdigest()[:16]
    record = {
        "photos": {"folder": photos.folder.name, "count": len(test), "sha256": photos.digest},
        "practice": len(practice),
        "vigilance": len(vigilance),
        "seconds": options.seconds,
        "size": f"{photos.resize}; WebP of quality 88, or PNG",
        "seed": options.seed,
        "systems": {system.name: {"kind": system.kind, **system.detail} for system in opened},
    }
    page = render_page({**content, "study": study})
    if len(page.encode()) > options.max_bytes:
        raise ColorganError(
            f"the page would have {len(page) / 1e6:.1f} MB, more than {options.max_bytes / 1e6:g}; take fewer photos "
            "(--photos), smaller ones (--size), or allow more (--max-size)"
        )
    key = StudyKey(study, title, names, record, maker.pairs)
    _check_unanswered(out, key)
    key.write(out / KEY)
    write_text(out / PAGE, page)
    return key


def render_page(content: dict[str, Any]) -> str:
    """The page of a study: one file that loads nothing and, by its policy, may run nothing but its own script.

    Args:
        content: what the script reads.
    """
    return render(
        "study_page.html.jinja",
        title=content["title"],
        content=content,
        style_hash=_policy_hash("study_page.css"),
        script_hash=_policy_hash("study_page.js"),
    )


def _policy_hash(template: str) -> str:
    """The hash of a template that the page includes, as content security policies name it."""
    content = (resources.files("colorgan.evaluation") / "templates" / template).read_bytes()
    return f"sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}"


class _PairMaker:
    """Makes pairs and remembers which of their photos are real.

    Args:
        photos: the reference photos.
        systems: the systems.
        random: draws sides and names.
    """

    def __init__(self, photos: ReferencePhotos, systems: Sequence[System], random: np.random.Generator) -> None:
        self.pairs: dict[str, Pair] = {}
        self._photos, self._systems, self._random = photos, systems, random

    def add(self, index: int, system: System | None, kind: Any) -> dict[str, Any]:
        """A pair for the page: its name and its two images, in random order.

        Args:
            index: the photo.
            system: the system; ``None`` for opposite colors.
            kind: kind of the pair.
        """
        photo = self._photos.load(index)
        if system is None:
            other = photo_by_photo(_opposite_colors, photo.rgb.unsqueeze(0))[0]
        else:
            other = system.images([index], [photo])[0]
        real = int(self._random.integers(2))
        size = max(photo.rgb.shape[1:])
        urls = [image_url(photo.rgb, size), image_url(other, size)]
        name = self._random.bytes(6).hex()
        self.pairs[name] = Pair(kind, self._photos.names[index], system.name if system else "", real)
        height, width = photo.rgb.shape[1:]
        return {"name": name, "width": width, "height": height, "images": urls if real == 0 else urls[::-1]}


def _opposite_colors(rgb: Tensor) -> Tensor:
    """Photos with the opposite hue everywhere, uint8 (B, 3, H, W)."""
    gray, color = Lab().split(rgb.float() / 255)
    return to_uint8(Lab().merge(gray, -color))


def _choose(
    photos: ReferencePhotos, options: StudyOptions, random: np.random.Generator
) -> tuple[list[int], list[int], list[int]]:
    """Draws the photos of practice, study and vigilance; those for vigilance are the most colorful of the others."""
    total = len(photos)
    wanted = min(_MAX_PHOTOS, total) if options.photos is None else options.photos
    practice, vigilance = (
        min(math.ceil(_EXTRA_SHARE * wanted), total // 8) if count is None else count
        for count in (options.practice, options.vigilance)
    )
    if options.photos is None:
        wanted = min(wanted, total - practice - vigilance)
    if wanted < _MIN_PHOTOS or wanted + practice + vigilance > total:
        raise ColorganError(
            f"{printable(photos.folder)} has {plural(total, 'photo')}, but the study needs {max(wanted, _MIN_PHOTOS)}, "
            f"{practice} others for practice and {vigilance} for vigilance; take fewer (--photos, --practice, "
            "--vigilance)"
        )
    order = [int(index) for index in random.permutation(total)]
    test, rest = order[:wanted], order[wanted:]
    chroma = {index: _chroma(photos, index) for index in rest[: 4 * (practice + vigilance)]} if vigilance else {}
    watched = sorted(chroma, key=lambda index: -chroma[index])[:vigilance]
    return [index for index in rest if index not in watched][:practice], test, watched


def _chroma(photos: ReferencePhotos, index: int) -> float:
    return float(to_lab(photos.load(index).rgb.unsqueeze(0))[:, 1:].norm(dim=1).mean())


def _check_unanswered(out: Path, key: StudyKey) -> None:
    """Keeps answers from losing the key that they belong to."""
    if out.exists() and not out.is_dir():
        raise ColorganError(f"{printable(out)} is a file; give a folder for the study")
    has_answers = (out / ANSWERS).is_dir() and any((out / ANSWERS).iterdir())
    if has_answers and (out / KEY).is_file() and f'"{key.study}"' not in (out / KEY).read_text("utf-8", "replace"):
        raise ColorganError(f"{printable(out)} has answers to another study; give another folder (-o), or move them")
