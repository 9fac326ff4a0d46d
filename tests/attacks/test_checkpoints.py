"""One of each kind of hostile checkpoint; ``tests/soak/test_checkpoints.py`` tries all of them at all entries."""

import shutil
from pathlib import Path

import pytest
import yaml

from tests.attacks.checkpoint_corpus import RELEASED, checkpoints, train_genuine
from tests.attacks.guard import assert_clean, assert_refused, guarded
from tests.helpers import picture

REFUSED = (
    "argument: many layers",
    "argument: unknown package",
    "argument: escape sequence",
    "hyper_parameters is laughs",
    "optimizer: endless",
    "working size 12000",
    "gigabytes of zeros",
    "sidecar of 5 GiB",
    "pipe",
)
RESUMED = ("loops: list", "optimizer: missing value", "optimizer: other shape", "scheduler: method")


@pytest.fixture(scope="module")
def genuine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train_genuine(tmp_path_factory.mktemp("genuine"))


def photos_of(genuine: Path) -> Path:
    return genuine.parents[4] / "photos"


@pytest.mark.parametrize("name", REFUSED)
def test_hostile_checkpoints_are_refused_in_one_sentence(genuine: Path, tmp_path: Path, name: str) -> None:
    ((_, file),) = checkpoints(genuine, tmp_path, [name])
    photo = photos_of(genuine) / "0.png"
    assert_refused(guarded("colorize", [photo, "--checkpoint", file], writable=tmp_path), "hostile.ckpt")


@pytest.mark.parametrize("options", [[], ["--trust=mynet"], ["--trust=stranger.Other"]])
def test_code_that_comes_with_a_checkpoint_is_not_imported(genuine: Path, tmp_path: Path, options: list[str]) -> None:
    ((_, file),) = checkpoints(genuine, tmp_path, ["argument: stranger's module"])
    for folder in (tmp_path, file.parent):
        (folder / "stranger.py").write_text("open('owned', 'w')\n")
        (folder / "config.yaml").write_text("model: {generator: {class_path: stranger.Net}}\n")
        parts = folder / "stranger-1.0.dist-info"
        parts.mkdir(exist_ok=True)
        (parts / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
        (parts / "entry_points.txt").write_text("[colorgan.parts]\nNet = stranger:Net\n")
    outcome = guarded("colorize", [photos_of(genuine) / "0.png", "--checkpoint", file, *options], writable=tmp_path)
    assert_refused(outcome, "stranger.Net is not part of colorgan")
    assert not list(tmp_path.rglob("owned"))


def test_a_link_to_itself_is_no_model_to_evaluate(genuine: Path, tmp_path: Path) -> None:
    ((_, file),) = checkpoints(genuine, tmp_path, ["link to itself"])
    arguments = [file, "--data.root", photos_of(genuine), "--out", tmp_path / "report"]
    assert_refused(guarded("evaluate", arguments, writable=tmp_path), "hostile.ckpt")


@pytest.mark.parametrize("name", RESUMED)
def test_hostile_progress_is_refused_in_one_sentence(genuine: Path, tmp_path: Path, name: str) -> None:
    ((_, file),) = checkpoints(genuine, tmp_path, [name])
    arguments = ["-c", genuine.parents[4] / "tiny.yaml", "--ckpt_path", file, "--data.root", photos_of(genuine)]
    assert_refused(guarded("fit", arguments, writable=tmp_path), "checkpoint")


@pytest.mark.parametrize("name", ["paths: local folder", "paths: checkpoint"])
def test_resuming_deletes_nothing(genuine: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "valuable").mkdir()
    (tmp_path / "valuable" / "best.ckpt").write_text("mine")
    ((_, file),) = checkpoints(genuine, tmp_path, [name])
    arguments = ["-c", genuine.parents[4] / "tiny.yaml", "--ckpt_path", file, "--data.root", photos_of(genuine)]
    outcome = guarded("fit", arguments, writable=tmp_path)  # nothing but the commands themselves protects the folder
    assert_clean(outcome)
    assert outcome.exit_code == 0
    assert (tmp_path / "valuable" / "best.ckpt").read_text() == "mine"


@pytest.mark.parametrize("name", ["aliases", "deep network", "program"])
def test_hostile_released_models_are_refused(model_folder: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(model_folder, tmp_path / "model")
    config = yaml.safe_load((folder / "config.yaml").read_text())
    (folder / "config.yaml").write_text(RELEASED[name](config))
    picture(0).save(tmp_path / "photo.png")
    assert_refused(guarded("colorize", ["photo.png", "--checkpoint", folder], writable=tmp_path), "model")
