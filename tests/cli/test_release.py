"""``colorgan release`` measures the model for its card, and brings a picture along."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from PIL import Image

from colorgan.errors import ColorganError
from colorgan.training.checkpoints import CheckpointFiles
from tests.helpers import run_command

CARD = """\
# written by hand
name: tiny
summary: Colorizes.
license: MIT
data: [ten photos]
training: One step.
compute: One second on one core.
evaluation: On eight photos.
sheet: held_out.jpg
metrics: {}
limits: [it guesses]
"""


@pytest.fixture
def checkpoint(tiny_model: Callable[..., Any], tmp_path: Path) -> Path:
    model = tiny_model()
    contents = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    CheckpointFiles().save_checkpoint(contents, tmp_path / "model.ckpt")
    return tmp_path / "model.ckpt"


@pytest.fixture
def card(tmp_path: Path) -> Path:
    folder = tmp_path / "text"
    folder.mkdir()
    Image.new("RGB", (8, 8), "red").save(folder / "held_out.jpg")
    (folder / "card.yaml").write_text(CARD)
    return folder / "card.yaml"


@pytest.mark.usefixtures("offline_cache")
def test_one_command_makes_all_of_it(
    checkpoint: Path, card: Path, reference_folder: Path, model_folder: Path, tmp_path: Path
) -> None:
    output = tmp_path / "released"
    shutil.copytree(model_folder, output)
    # the former model is in the folder that the new one goes to
    arguments = ["--card", card, "--photos", reference_folder, "--former", output, "--overwrite"]
    assert run_command("release", list(map(str, [checkpoint, "-o", output, *arguments]))) == 0
    text = (output / "README.md").read_text(encoding="utf-8")
    assert "| | this model | former model | gray | mean color |" in text
    assert "## Compute\n\nOne second on one core." in text
    assert "(held_out.jpg)" in text
    assert (output / "held_out.jpg").read_bytes() == (card.parent / "held_out.jpg").read_bytes()
    rows = yaml.safe_load((output / "card.yaml").read_text(encoding="utf-8"))["metrics"]
    assert rows["PSNR, dB ↑"]["this model"] != rows["PSNR, dB ↑"]["former model"]
    assert {"model.safetensors", "config.yaml", "model.onnx"} <= {path.name for path in output.iterdir()}


@pytest.mark.usefixtures("no_onnx_export")
def test_card_is_copied_as_it_was_written(checkpoint: Path, card: Path, tmp_path: Path) -> None:
    assert run_command("release", [str(checkpoint), "-o", str(tmp_path / "out"), "--card", str(card)]) == 0
    assert (tmp_path / "out" / "card.yaml").read_text() == CARD


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--photos", "data"],
            "--photos fills the metrics of a model card; give the rest of the card with --card FILE",
        ),
        (["--photos", "data", "--report", "data", "--card", "CARD"], "--report and --photos both fill the metrics"),
        (["--former", "data"], "--former is measured on the same photos as the model; give them with --photos DIR"),
        (["--size", "5000"], "--size: size must be an integer number of pixels from 1 to 2048, received 5000"),
        (["--card", "CARD"], "'sheet' must be the name of a .jpg or .png file beside the card, but is 'held_out.jpg'"),
    ],
)
def test_options_that_do_not_fit_are_refused(
    checkpoint: Path, card: Path, tmp_path: Path, options: list[str], message: str
) -> None:
    (card.parent / "held_out.jpg").unlink()
    options = [str(card) if option == "CARD" else option for option in options]
    with pytest.raises(ColorganError, match=message):
        run_command("release", [str(checkpoint), "-o", str(tmp_path / "out"), *options])
    assert not (tmp_path / "out").exists()
