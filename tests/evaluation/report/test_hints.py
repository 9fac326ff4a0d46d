import functools
import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from colorgan.errors import ColorganError
from colorgan.evaluation.report.hints import COUNTS, PROTOCOLS
from colorgan.inference.hints import read_hints
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.metrics.hinted import hinted_psnr
from colorgan.models.generators import UNet
from colorgan.models.hints import PointHints
from tests.helpers import run_command


@pytest.fixture
def report(reference_folder, tmp_path, monkeypatch, tiny_features):
    """Runs the command on small photos and with smaller protocols, and returns the folder of the report."""
    monkeypatch.setattr("colorgan.evaluation.report.evaluation.JUDGE", tiny_features)
    for name, size in (("zhang2017", 32), ("icolorit", 28)):
        monkeypatch.setitem(PROTOCOLS, name, replace(PROTOCOLS[name], size=size))

    def run(*arguments, out="report"):
        folder = tmp_path / out
        assert run_command("evaluate", [*arguments, "--data.root", reference_folder, "--out", folder]) == 0
        return folder

    return run


@pytest.fixture
def checkpoint(tiny_model, fit, tmp_path):
    def make(name, **changes):
        generator = functools.partial(UNet, width=4, depth=2)
        trainer = fit(tiny_model(generator=generator, discriminator=None, **changes), limit_val_batches=0)
        trainer.save_checkpoint(tmp_path / f"{name}.ckpt")
        return tmp_path / f"{name}.ckpt"

    return make


def test_psnr_and_hint_files_of_both_protocols(report, checkpoint, reference_folder):
    ours, plain = checkpoint("ours", hints=PointHints()), checkpoint("plain")
    folder = report(f"ours={ours}", f"plain={plain}", "--hints", "both")
    zhang, icolorit = json.loads((folder / "metrics.json").read_text())["hints"]
    assert zhang["counts"] == [0, 1, 5, 10, 50, 100]
    assert list(zhang["psnr"]) == ["ours"]
    assert "6 x 6 pixels around the center, at 32 x 32" in zhang["protocol"]
    assert "24.43 dB (0)" in zhang["published"]
    assert "2 x 2 pixels on a grid, at 28 x 28" in icolorit["protocol"]

    colorizer = TorchColorizer.from_checkpoint(ours)
    files = sorted((reference_folder / "test").rglob("*.png"))
    for document, protocol in ((zhang, PROTOCOLS["zhang2017"]), (icolorit, PROTOCOLS["icolorit"])):
        resized = [
            np.asarray(Image.open(file).resize((protocol.size, protocol.size), Image.Resampling.BICUBIC))
            for file in files
        ]
        reference = torch.from_numpy(np.stack(resized)).permute(0, 3, 1, 2).float() / 255
        with torch.inference_mode():
            expected = hinted_psnr(colorizer, reference, torch.arange(len(files)), COUNTS, protocol.point_hints).mean(0)
        means = [mean for mean, _, _ in document["psnr"]["ours"]]
        assert means == pytest.approx(expected.tolist(), abs=1e-3)
        assert all(low <= mean <= high for mean, low, high in document["psnr"]["ours"])

        for position, file in enumerate(files):
            name = file.relative_to(reference_folder / "test").with_suffix(".json")
            hints = read_hints(folder / "hints" / protocol.name / name)
            assert len(hints) == 100
            points = protocol.point_hints.validation_points(torch.tensor([position]), protocol.size, protocol.size, 100)
            scale = Image.open(file).width / protocol.size
            for hint, top, left in zip(hints, points.top[0].tolist(), points.left[0].tolist(), strict=True):
                assert hint.x == pytest.approx((left + protocol.patch_size / 2) * scale, abs=0.01)
                assert hint.y == pytest.approx((top + protocol.patch_size / 2) * scale, abs=0.01)
                patch = reference[position, :, top : top + protocol.patch_size, left : left + protocol.patch_size].mean(
                    dim=(1, 2)
                )
                assert hint.rgb == pytest.approx(tuple(patch.mul(255).tolist()), abs=0.51)

    for document in ("report.md", "report.html"):
        text = (folder / document).read_text()
        assert "PSNR against the number of hints: Zhang et al. 2017" in text
        assert "Not listed, because they take no hints: plain" in text
        assert f"{zhang['psnr']['ours'][0][0]:.2f}" in text


def test_protocols_of_the_literature() -> None:
    assert str(PROTOCOLS["zhang2017"]).endswith("6 x 6 pixels around the center, at 256 x 256")
    assert str(PROTOCOLS["icolorit"]).endswith("2 x 2 pixels on a grid, at 224 x 224")


def test_hints_are_deterministic(report, checkpoint):
    ours = checkpoint("ours", hints=PointHints())
    one, two = (report(ours, "--hints", "icolorit", out=out) for out in ("one", "two"))
    files = sorted(path.relative_to(one) for path in (one / "hints").rglob("*.json"))
    assert len(files) == 8
    for file in [*files, "metrics.json"]:
        assert (one / file).read_bytes() == (two / file).read_bytes()


def test_hints_are_not_measured_by_default(report, checkpoint):
    folder = report(checkpoint("ours", hints=PointHints()))
    assert "hints" not in json.loads((folder / "metrics.json").read_text())
    assert "number of hints" not in (folder / "report.md").read_text()
    assert not (folder / "hints").exists()


def test_hints_require_a_system_that_takes_hints(report, checkpoint, image_folder):
    with pytest.raises(ColorganError, match="none of the systems takes hints.*leave out --hints"):
        report(checkpoint("plain"), f"theirs={image_folder}", "--hints", "zhang2017")
