"""Participants who do not exist: their answers are drawn."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from colorgan.evaluation.study.answers import FORMAT
from colorgan.evaluation.study.key import StudyKey


def answers_of(
    key: StudyKey, name: str, rates: Mapping[str, float], seed: int = 0, attention: float = 1.0
) -> dict[str, object]:
    """The file of a participant.

    Args:
        key: the key of the study.
        name: name of the participant.
        rates: probability to be fooled by each system.
        seed: random seed.
        attention: probability to answer a vigilance pair right.
    """
    random = np.random.default_rng(seed)
    order = list(key.systems)
    by_photo: dict[tuple[str, str], list[str]] = {}
    for pair_name, pair in key.pairs.items():
        by_photo.setdefault((pair.kind, pair.photo), []).append(pair_name)
    entries = []
    for number, names in enumerate(by_photo.values()):
        wanted = order[(number + seed) % len(order)]
        name_of_pair = next((each for each in names if key.pairs[each].system == wanted), names[0])
        pair = key.pairs[name_of_pair]
        fooled = random.random() < (1 - attention if pair.kind == "vigilance" else rates[pair.system])
        chosen = 1 - pair.real if fooled else pair.real
        first, milliseconds = int(random.integers(2)), int(random.integers(800, 5000))
        entries.append({"pair": name_of_pair, "first": first, "chosen": chosen, "milliseconds": milliseconds})
    return {"format": FORMAT, "study": key.study, "participant": name, "answers": entries}


def write_answers(folder: Path, key: StudyKey, count: int, rates: Mapping[str, float]) -> Path:
    """Writes the files of several participants."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(count):
        content = answers_of(key, f"p{seed:02d}", rates, seed)
        (folder / f"p{seed:02d}.json").write_text(json.dumps(content), encoding="utf-8")
    return folder
