"""The entry for Python: `Colorizer()` and what it takes and returns."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import colorgan
from colorgan import ColorHint, Colorizer, MixedColorizer
from colorgan.cli import main
from colorgan.errors import CheckpointError, ColorganError
from colorgan.images import SAMPLE_PHOTOS, read_rgb
from colorgan.inference import color_distribution
from colorgan.inference.onnx import OnnxColorizer
from colorgan.inference.torch_colorizer import TorchColorizer
from tests.helpers import REPOSITORY, Painter

PHOTO = SAMPLE_PHOTOS / "val" / "rocket_00.jpg"
OTHER = SAMPLE_PHOTOS / "val" / "life_00.jpg"
HINT = {"x": 80, "y": 20, "color": "#305090", "radius": 12}


@pytest.fixture(scope="module")
def colorizer() -> Colorizer:
    return Colorizer()


def test_a_call_gives_what_the_command_writes(colorizer: Colorizer, tmp_path: Path) -> None:
    assert isinstance(colorizer.model, OnnxColorizer)
    (tmp_path / "hints.json").write_text('{"hints": [{"x": 80, "y": 20, "color": "#305090", "radius": 12}]}')
    command = ["colorize", str(PHOTO), "-o", str(tmp_path / "new.png"), "--hints", str(tmp_path / "hints.json")]
    assert main([*command, "--strength", "1.2", "--reference", str(OTHER)]) == 0
    expected = read_rgb(tmp_path / "new.png")
    assert np.ptp(expected.astype(int), axis=-1).max() > 20
    for hints in ([HINT], [ColorHint(**HINT)], tmp_path / "hints.json", str(tmp_path / "hints.json")):
        colorized = colorizer(PHOTO, hints=hints, strength=1.2, reference=OTHER)
        np.testing.assert_array_equal(np.asarray(colorized), expected)


def test_one_list_of_every_kind(colorizer: Colorizer) -> None:
    array = read_rgb(PHOTO)
    tensor = torch.from_numpy(array).permute(2, 0, 1)
    photos = [PHOTO, str(PHOTO), PHOTO.read_bytes(), Image.open(PHOTO), array, tensor]
    first, *others = colorizer(photos)
    assert [type(photo) for photo in (first, *others)] == [Image.Image] * 4 + [np.ndarray, torch.Tensor]
    expected = np.asarray(first)
    for photo in others[:-1]:
        np.testing.assert_array_equal(np.asarray(photo), expected)
    np.testing.assert_array_equal(others[-1].permute(1, 2, 0).numpy(), expected)  # type: ignore[union-attr]


def test_hints_of_several_photos_in_every_form(colorizer: Colorizer, tmp_path: Path) -> None:
    (tmp_path / "hints.json").write_text('[{"x": 80, "y": 20, "color": "#305090", "radius": 12}]')
    photos = [PHOTO] * 4
    plain, *hinted = map(
        np.asarray, colorizer(photos, hints=[None, [HINT], tmp_path / "hints.json", [ColorHint(**HINT)]])
    )
    assert np.abs(hinted[0][15:25, 75:85].astype(int) - plain[15:25, 75:85]).mean() > 10
    np.testing.assert_array_equal(hinted[0], hinted[1])
    np.testing.assert_array_equal(hinted[0], hinted[2])


def test_models_of_every_kind(model_folder: Path, tmp_path: Path) -> None:
    photo = read_rgb(PHOTO)
    through_torch = Colorizer(model_folder)
    assert isinstance(through_torch.model, TorchColorizer)
    assert (through_torch.size, through_torch.takes_hints) == (32, True)
    expected = through_torch(photo)
    for other in (
        Colorizer.from_checkpoint(model_folder),
        Colorizer.from_pretrained(str(model_folder)),
        Colorizer.from_pretrained(model_folder / "model.safetensors"),
        Colorizer(TorchColorizer.from_pretrained(model_folder)),
        Colorizer(MixedColorizer([Colorizer(model_folder), Colorizer(model_folder)])),
    ):
        np.testing.assert_array_equal(other(photo), expected)
    assert Colorizer(Painter())(photo).shape == photo.shape
    with pytest.raises(CheckpointError, match="none.onnx does not exist"):
        Colorizer(tmp_path / "none.onnx")
    with pytest.raises(ColorganError, match="this model predicts one color per pixel"):
        color_distribution(through_torch, PHOTO)


@pytest.mark.parametrize(
    ("photos", "message"),
    [
        ("none.jpg", "cannot read none.jpg: no such file or directory"),
        (REPOSITORY / "docs", "docs: it is a folder"),
        ([PHOTO, b"%PDF-1.7"], "cannot read photo 2: it is a PDF"),
        (["http://example.org/a.jpg"], "http://example.org/a.jpg is a URL; download the file and give its local path"),
        ({"photo": PHOTO}, "a photo must be a path, the bytes of a file, a PIL image, .*; received dict"),
    ],
)
def test_photos_that_cannot_be_read(colorizer: Colorizer, photos: object, message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        colorizer(photos)  # type: ignore[call-overload]
    if isinstance(photos, str):
        with pytest.raises(ColorganError, match=message):
            colorizer(PHOTO, reference=photos)


def test_public_names() -> None:
    names = [
        "ColorArea",
        "ColorGAN",
        "ColorHint",
        "ColorStroke",
        "ColorganError",
        "Colorizer",
        "MixedColorizer",
        "__version__",
        "open_model",
        "open_models",
        "read_hints",
    ]
    assert dir(colorgan) == names
    assert all(getattr(colorgan, name) is not None for name in names)
    with pytest.raises(AttributeError, match="has no attribute 'Colorizr'"):
        _ = colorgan.Colorizr


def test_torch_is_imported_only_when_needed() -> None:
    code = (
        "import sys, colorgan; assert 'numpy' not in sys.modules; assert 'Colorizer' in dir(colorgan);"
        f"colorgan.Colorizer()({str(PHOTO)!r}); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


_MYPY = """
[mypy]
strict = True
follow_imports = silent
ignore_missing_imports = True
mypy_path = {stubs}
[mypy-colorgan.models.*,colorgan.training.*,colorgan.inference.torch_colorizer]
follow_imports = skip
"""


def test_type_checkers_know_what_comes_back(tmp_path: Path) -> None:
    """`typed_use.py` states the types, and mypy compares; torch, which takes minutes, has a stub of one class."""
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.pyi").write_text("class Tensor: ...\n")
    (tmp_path / "mypy.ini").write_text(_MYPY.format(stubs=tmp_path))
    command = [sys.executable, "-m", "mypy", "--config-file", tmp_path / "mypy.ini", "--cache-dir", tmp_path / "cache"]
    program = REPOSITORY / "tests" / "inference" / "typed_use.py"
    done = subprocess.run([*command, program], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.stdout == "Success: no issues found in 1 source file\n", done.stdout + done.stderr
