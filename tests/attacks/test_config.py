"""Wrong configurations of each kind end in one sentence, before a photo is read."""

from pathlib import Path

import pytest

from tests.attacks.config_corpus import CORPUS, WrongConfiguration
from tests.attacks.config_place import attempt, make_place

FAST = (
    "syntax/duplicate key",
    "syntax/aliases of aliases",
    "syntax/deep block",
    "syntax/5 GiB",
    "file/missing configuration",
    "key/section",
    "key/control characters",
    "type/trainer.callbacks: [3]",
    "type/data.size: null",
    "range/data.size=1000000",
    "range/model.generator.depth=1000000",
    "class/model.generator: os.system",
    "name/empty runs",
    "combination/unknown monitor",
    "combination/learning rates without a logger",
    "combination/transform to another numbers",
    "command line/no value",
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_place(tmp_path_factory.mktemp("place"), checkpoints=False)


def test_names_are_unique() -> None:
    names = [f"{wrong.kind}/{wrong.name}" for wrong in CORPUS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "wrong", [w for w in CORPUS if f"{w.kind}/{w.name}" in FAST], ids=lambda w: f"{w.kind}/{w.name}"
)
def test_refused_in_one_sentence(wrong: WrongConfiguration, place: Path) -> None:
    attempt(wrong, place, place.with_name("attempt"))


def test_all_kinds_are_tried() -> None:
    known = {f"{wrong.kind}/{wrong.name}" for wrong in CORPUS}
    assert set(FAST) <= known
    assert {name.partition("/")[0] for name in FAST} == {wrong.kind for wrong in CORPUS} - {"checkpoint"}
