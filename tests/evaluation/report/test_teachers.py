"""The report of a model that learned from the network that judges it, through the command."""

import functools
import json
from pathlib import Path

import pytest

from colorgan.cli import main
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.models import EncoderUNet, Lab, NoHints

SHEET = ["--sheet=2", "--size=32", "--images=none"]


@pytest.fixture
def released(tmp_path: Path) -> Path:
    """A model over EfficientNet-Lite0."""
    encoder = functools.partial(EncoderUNet, encoder="tf_efficientnet_lite0", weights="package", width=4)
    TorchColorizer(encoder(1, 2), Lab(), NoHints(), size=32).save_pretrained(tmp_path / "ours")
    return tmp_path / "ours"


def test_judge_that_teaches_is_named(released: Path, reference_folder: Path, tmp_path: Path) -> None:
    for name, options in (("clean", []), ("both", ["--features=efficientnet-lite0"])):
        out = tmp_path / name
        command = ["evaluate", f"ours={released}", f"--data.root={reference_folder}", f"--out={out}", *SHEET, *options]
        assert main(command) == 0
        report = (out / "report.md").read_text()
        metrics = json.loads((out / "metrics.json").read_text())
        assert metrics["systems"]["ours"]["taught_by"] == ["tf_efficientnet_lite0"]
        assert "FD efficientnet-lite2" in report
        assert "**taught by**: tf_efficientnet_lite0" in report
        judges = {entry["judge"] for entry in metrics["record"]["features"]}
        assert "efficientnet-lite2" in judges
        warned = "efficientnet-lite0 taught ours and judges in FD efficientnet-lite0" in report
        assert warned == (name == "both")
