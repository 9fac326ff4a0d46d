"""All wrong configurations: ``pytest -m soak tests/soak/test_config.py``."""

from collections import defaultdict
from pathlib import Path

import pytest

from tests.attacks.config_corpus import CORPUS
from tests.attacks.config_place import attempt, make_place

pytestmark = pytest.mark.soak


def test_every_wrong_configuration_is_refused_in_one_sentence(tmp_path: Path) -> None:
    place = make_place(tmp_path / "place")
    failures: dict[str, str] = {}
    table: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for wrong in CORPUS:
        name = f"{wrong.kind}/{wrong.name}"
        try:
            outcome = attempt(wrong, place, tmp_path / "attempt")
        except AssertionError as error:
            failures[name] = str(error)[:500]
            table[wrong.kind].append((0, 0.0))
        else:
            table[wrong.kind].append((outcome.peak_bytes, outcome.cpu_seconds))
    print("\nkind, tried, failed, peak MiB, longest CPU seconds")
    for kind, results in table.items():
        failed = sum(name.startswith(f"{kind}/") for name in failures)
        peak, longest = max(memory for memory, _ in results) >> 20, max(seconds for _, seconds in results)
        print(f"{kind}, {len(results)}, {failed}, {peak}, {longest:.1f}")
    print(f"all, {len(CORPUS)}, {len(failures)}")
    assert len(CORPUS) >= 150
    assert not failures, "\n".join(f"{name}: {problem}" for name, problem in failures.items())
