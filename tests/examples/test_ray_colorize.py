"""The example for Ray Data: its results are those of `colorgan colorize`."""

import dataclasses
import filecmp
import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest
import skimage.data
from PIL import Image

from colorgan.cli import main
from colorgan.images import read_rgb
from tests.examples.conftest import REPOSITORY

pytest.importorskip("ray.data", reason="Ray Data is not installed: pip install -e '.[ray]'")
fs = pytest.importorskip("pyarrow.fs")

EXAMPLE = REPOSITORY / "examples" / "ray_colorize.py"


@pytest.fixture(scope="module")
def example() -> Any:
    spec = importlib.util.spec_from_file_location("ray_colorize", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six photos of all kinds and sizes, in folders of two levels, and files that are none."""
    folder = tmp_path_factory.mktemp("old") / "photos of old"
    (folder / "b" / "c").mkdir(parents=True)
    coffee = Image.fromarray(skimage.data.coffee())
    exif = Image.Exif()
    exif[0x0112] = 6  # turned
    exif[0x9286] = "grandma"
    coffee.resize((150, 100)).save(folder / "a.jpg", exif=exif, quality=88)
    coffee.resize((120, 130)).save(folder / "a.png")
    coffee.resize((90, 60)).save(folder / "b" / "c" / "scan.tif")
    coffee.resize((50, 300)).save(folder / "b" / "a.webp", lossless=True)
    depth = np.linspace(0, 65535, 40 * 30).astype(np.uint16).reshape(30, 40)
    Image.fromarray(depth).save(folder / "b" / "16 bits.png")
    Image.fromarray(skimage.data.camera()).resize((64, 64)).save(folder / "gray.bmp")
    (folder / "bad.jpg").write_bytes(b"no photo")
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:900])
    (folder / "notes.txt").write_text("not a photo")
    (folder / ".hidden.jpg").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def expected(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("expected") / "new"
    assert main(["colorize", str(photos), "-o", str(folder)]) == 1
    return folder


def assert_same(folder: Path, expected: Path) -> None:
    names = {path.relative_to(expected) for path in expected.rglob("*") if path.is_file()}
    assert names == {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}
    assert len(names) == 6
    for name in names:
        assert np.array_equal(read_rgb(folder / name), read_rgb(expected / name)), name
        assert filecmp.cmp(folder / name, expected / name, shallow=False), name


def batch(paths: list[str]) -> dict[str, Any]:
    return {"path": np.array(paths), "bytes": np.array([Path(path).read_bytes() for path in paths], object)}


def test_actor_writes_what_the_command_writes(example: Any, photos: Path, expected: Path, tmp_path: Path) -> None:
    plan, paths, num_there = example.make_plan(str(photos), str(tmp_path / "new"))
    assert (len(paths), num_there) == (8, 0)
    outcome = example.Colorize(plan, None, "cpu")(batch(paths))
    assert outcome["path"] == paths
    problems = {Path(path).name: text for path, text in zip(paths, outcome["problem"], strict=True) if text}
    assert problems.keys() == {"bad.jpg", "cut.png"}
    assert problems["bad.jpg"].startswith(f"cannot read {photos / 'bad.jpg'}: not an image in a supported format")
    assert_same(tmp_path / "new", expected)
    # an interrupted job continues
    (tmp_path / "new" / "a.jpg").unlink()
    _, paths, num_there = example.make_plan(str(photos), str(tmp_path / "new"))
    assert ({Path(path).name for path in paths}, num_there) == ({"a.jpg", "bad.jpg", "cut.png"}, 5)


def test_results_may_go_to_other_storage(example: Any, photos: Path, expected: Path) -> None:
    memory = fsspec.filesystem("memory")
    plan, paths, _ = example.make_plan(str(photos), str(expected))
    plan = dataclasses.replace(plan, destination=fs.PyFileSystem(fs.FSSpecHandler(memory)), out="/results")
    path = str(photos / "a.jpg")
    assert path not in paths  # its result is there
    assert example.Colorize(plan, None, "cpu")(batch([path]))["problem"] == [""]
    assert memory.cat("/results/a.jpg") == (expected / "a.jpg").read_bytes()


def test_results_that_cannot_be_written_are_named(example: Any, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    plan = example.Plan(fs.LocalFileSystem(), str(photos), fs.LocalFileSystem(), str(tmp_path / "file"), {})
    (problem,) = example.Colorize(plan, None, "cpu")(batch([str(photos / "a.jpg")]))["problem"]
    assert problem.startswith(f"cannot write {tmp_path / 'file' / 'a.jpg'}: ")


def test_results_inside_the_folder_are_no_photos(example: Any, tmp_path: Path) -> None:
    old = tmp_path / "old"
    (old / "new").mkdir(parents=True)
    Image.new("L", (8, 8)).save(old / "a.tif")
    Image.new("RGB", (8, 8)).save(old / "new" / "b.png")
    plan, paths, num_there = example.make_plan(str(old), str(old / "new"))
    assert (paths, num_there) == ([str(old / "a.tif")], 0)
    assert plan.target(paths[0]) == str(old / "new" / "a.png")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["missing", "-o", "new"], "error: there is no folder missing; give a folder of photos, or its address\n"),
        (["empty", "-o", "new"], "error: there are no photos in empty\n"),
        (["empty", "-o", "empty"], "error: empty is the folder of the photos; choose another --output\n"),
    ],
)
def test_wrong_folders_are_one_sentence(
    example: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    sentence: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    assert example.main(arguments) == 1
    assert capsys.readouterr().err == sentence


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_two_workers_colorize_a_folder(photos: Path, expected: Path, tmp_path: Path) -> None:
    """Run with `pytest -m slow tests/examples/test_ray_colorize.py`."""
    command = [sys.executable, str(EXAMPLE), str(photos), "-o", str(tmp_path / "new"), "--workers", "2"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 1, done.stderr
    assert done.stdout.endswith(f"6 photos colorized, 0 were there, 2 failed\n{tmp_path / 'new'}\n")
    assert f"cannot read {photos / 'bad.jpg'}: not an image" in done.stderr
    assert f"cannot read {photos / 'cut.png'}: " in done.stderr
    assert_same(tmp_path / "new", expected)
