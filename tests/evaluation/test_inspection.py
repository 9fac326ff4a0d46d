"""`colorgan inspect`: statistics against a direct computation, the sheet pixel by pixel, and the command line."""

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from colorgan.cli.inspect import _HINTS
from colorgan.data import Photos
from colorgan.errors import ColorganError
from colorgan.evaluation.inspection import inspect
from colorgan.models.color_spaces import HSV, RGB, Lab, YCbCr
from colorgan.models.hints import PointHints
from tests.helpers import CONFIGS, run_command


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "photos"
    folder.mkdir()
    for seed in range(11):
        coarse = np.random.default_rng(seed).integers(0, 256, (3, 4, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((40, 30 + seed)).save(folder / f"{seed:02d}.png")
    return folder


@pytest.mark.parametrize(
    "color_space", [Lab(), RGB(), HSV(), HSV("angle"), YCbCr()], ids=lambda color_space: type(color_space).__name__
)
def test_statistics_cover_all_training_photos(folder, color_space):
    data = Photos(str(folder), size=24, batch_size=3, val_fraction=0.2, num_workers=0)
    found = inspect(data, color_space)
    split = data.splits["train"]
    rgb = torch.from_numpy(np.stack([split.photos.pixels[index] for index in split.indices])).permute(0, 3, 1, 2)
    assert len(rgb) == 9
    gray, color = color_space.split(rgb.float() / 255)
    for number, channel in enumerate(found.channels):
        values = torch.cat([gray, color], 1)[:, number].double()
        assert channel.mean == pytest.approx(values.mean().item(), abs=1e-9)
        assert channel.std == pytest.approx(values.std(correction=0).item(), abs=1e-7)
        assert (channel.min, channel.max) == (values.min().item(), values.max().item())
    assert [channel.name for channel in found.channels] == ["gray", *color_space.names]
    assert len(color_space.names) == color_space.channels
    assert found.gray_l1 == pytest.approx((color - color_space.neutral(gray)).abs().double().mean().item())
    assert f"{found.gray_l1:.4f}" in found.text
    assert found.sheet is None


def test_summary_lists_counts_sizes_and_tensors(folder, tmp_path, capsys):
    Image.new("L", (30, 30), 80).save(folder / "gray.png")
    (folder / "broken.jpg").write_bytes(b"")
    with pytest.warns(UserWarning, match="broken.jpg"):
        code = run_command(
            "inspect", [str(folder), "--size", "32", "--val_fraction", "0.2", "--out", str(tmp_path / "new/sheet.png")]
        )
    text = capsys.readouterr().out
    assert code == 0
    lines = {line.split()[0]: line for line in text.splitlines() if line}
    assert lines["train"].split() == ["train", "9"]
    assert lines["val"].split() == ["val", "2"]
    assert lines["unreadable"].endswith("1 skipped: broken.jpg (the file is empty)")
    assert "1 skipped: gray.png" in text
    assert lines["files"].endswith("30 to 40 pixels wide and high, most often 40 x 30 (1)")
    assert lines["enlarged"].split()[1] == "3"
    assert lines["rgb"].split()[1:8] == ["uint8", "9", "x", "3", "x", "32", "x"]
    assert text.splitlines()[-1] == f"sheet of the first batch: {tmp_path / 'new/sheet.png'}"
    assert (tmp_path / "new/sheet.png").stat().st_size > 1000


def test_sheet_shows_gray_channels_and_photo(folder, tmp_path):
    data = Photos(str(folder), size=128, batch_size=2, num_workers=0)
    inspect(data, Lab(), tmp_path / "sheet.png", photos=1)
    drawn = np.asarray(Image.open(tmp_path / "sheet.png"))
    batch = next(iter(data.train_dataloader()))
    photo = batch["rgb"][0].permute(1, 2, 0).numpy()
    gray, color = Lab().split(batch["rgb"][:1].float() / 255)
    gap, margin = 4, 10
    assert drawn.shape[1] == 2 * margin + 5 * 128 + 4 * gap
    top = next(row for row in range(drawn.shape[0]) if np.array_equal(drawn[row, -margin - 128 : -margin], photo[0]))
    tiles = [drawn[top : top + 128, margin + at * (128 + gap) :][:, :128] for at in range(5)]
    assert np.array_equal(tiles[4], photo)
    for tile, channel in ((tiles[0], gray[0, 0]), (tiles[2], color[0, 0]), (tiles[3], color[0, 1])):
        assert np.abs(tile[..., 0] / 255 - ((channel + 1) / 2).numpy()).max() < 0.003
        assert np.array_equal(tile[..., 0], tile[..., 2])


@pytest.mark.parametrize("color_space", [Lab(), RGB(), HSV("angle")], ids=lambda space: type(space).__name__)
def test_sheet_shows_hints_on_every_second_photo(folder, tmp_path, monkeypatch, color_space):
    drawn = []

    def record(columns, **options):
        drawn.append(columns)
        return Image.new("RGB", (8, 8))

    monkeypatch.setattr("colorgan.evaluation.inspection.contact_sheet", record)
    data = Photos(str(folder), size=32, batch_size=6, num_workers=0)
    hints = PointHints(max_points=2, patch_sizes=(4, 4), p_none=0.9)  # even if most photos get none in training
    inspect(data, color_space, tmp_path / "sheet.png", photos=6, hints=hints)
    (columns,) = drawn
    assert list(columns)[:2] == ["gray", "hints"]
    assert list(columns)[-1] == "reference"
    plain = color_space.merge(2 * columns["gray"] - 1, color_space.neutral(2 * columns["gray"] - 1))
    differs = ((columns["hints"] - plain).abs().amax(1) > 0.02).flatten(1).sum(1)
    assert (differs[::2] == 0).all()
    assert ((differs[1::2] > 0) & (differs[1::2] <= 2 * 16)).all()


def test_hints_of_the_command_are_those_of_the_overlays(folder, tmp_path, capsys):
    for name, (kind, arguments) in _HINTS.items():
        if name != "none":
            section = yaml.safe_load((CONFIGS / "hints" / f"{name}.yaml").read_text())["model"]["hints"]
            section = {"class_path": section} if isinstance(section, str) else section
            assert section["class_path"] == kind
            own = {key: list(value) if isinstance(value, tuple) else value for key, value in arguments.items()}
            assert section.get("init_args", {}) == own
    sizes = {}
    for hints in ([], ["--hints", "none"]):
        sheet = tmp_path / "sheet.png"
        assert run_command("inspect", [folder, "--size", "32", "--out", sheet, "--photos", "2", *hints]) == 0
        sizes[len(hints)] = Image.open(sheet).width
        text = capsys.readouterr().out
        assert ("hints " in text) == (not hints)
        assert f"sheet of the first batch: {sheet}" in text
    assert sizes[0] > sizes[2]  # one column more


def test_invalid_input_is_rejected(folder, tmp_path, capsys):
    with pytest.raises(ColorganError, match="there is no folder"):
        run_command("inspect", [str(tmp_path / "absent")])
    (tmp_path / "file").touch()
    with pytest.raises(ColorganError, match="cannot write the sheet"):
        run_command("inspect", [str(folder), "--size", "16", "--out", str(tmp_path / "file/sheet.png")])
    for arguments, message in (
        (["--color-space", "Lba"], "expected RGB or HSV or YCbCr or Lab, received Lba"),
        (["--photos", "0"], "expected an integer of at least 1, received '0'"),
        (["--size", "0"], "expected an integer of at least 1, received '0'"),
    ):
        with pytest.raises(SystemExit):
            run_command("inspect", [str(folder), *arguments])
        assert message in capsys.readouterr().err


def test_manifest_of_a_folder_and_of_a_run(folder, tmp_path, capsys):
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "phone.jxl").write_bytes(b"")
    with pytest.warns(UserWarning, match="2 unreadable"):
        assert run_command("inspect", [folder, "--manifest"]) == 0
    text = capsys.readouterr().out
    lines = text.splitlines()
    assert sum(line.startswith(("train accepted ", "val   accepted ")) for line in lines) == 11
    assert "train left out empty.jpg (the file is empty)" in lines
    assert lines[-5:] == [
        "11 accepted",
        "0 repaired",
        "2 left out",
        "  1 the file is empty",
        "  1 the format .jxl is not supported",
    ]
    data = Photos(str(folder), batch_size=2)
    data.manifest_file = tmp_path / "run" / "photos.jsonl"
    with pytest.warns(UserWarning, match="2 unreadable"):
        data.setup("fit")
    for place in (tmp_path / "run", tmp_path / "run" / "photos.jsonl"):
        assert run_command("inspect", [place, "--manifest"]) == 0
        assert capsys.readouterr().out == text
    assert not (tmp_path / "inspect.png").exists()
