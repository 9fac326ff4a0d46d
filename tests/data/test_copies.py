"""Edited copies of photos are found before the photos are packed."""

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from colorgan.cli import main
from colorgan.data.sources import file_source
from colorgan.data.streaming import packing
from colorgan.data.streaming.copies import find_copies
from colorgan.data.streaming.packing import PackSettings, pack
from colorgan.errors import ColorganError
from colorgan.images import SAMPLE_PHOTOS, find_photos

NEAR, SAME = "near-duplicates", "duplicates"
SETTINGS = PackSettings(side=32)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Six photos in two splits, and copies of four."""
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    place = tmp_path / "photos"
    (place / "val").mkdir(parents=True)
    (place / "train").mkdir()
    photos = []
    for number, name in enumerate(("flower_00", "life_00", "life_05", "rocket_00", "bridge_00", "flower_04")):
        with Image.open(SAMPLE_PHOTOS / "val" / f"{name}.jpg") as photo:
            photos.append(photo.convert("RGB"))
        photos[-1].save(place / ("val" if number < 2 else "train") / f"{number}.png")
    photos[0].save(place / "train" / "of_val.jpg", quality=60)
    photos[3].transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize((240, 240)).save(place / "train" / "larger.png")
    photos[4].save(place / "train" / "same.bmp")
    photos[5].convert("L").convert("RGB").save(place / "train" / "gray.png")
    return place


def sources(folder: Path) -> list[Any]:
    return [file_source(path, folder) for path in find_photos(folder).photos]


def test_one_photo_of_each_group_stays(folder: Path) -> None:
    parts = {split: sources(folder / split) for split in ("val", "train")}
    copies = find_copies(parts, "crop", skip_gray=True)
    assert copies["val"] == {}  # its photos stay
    # the larger of two stays; a gray copy, which is left out for its lack of color, takes the place of none
    assert copies["train"] == {"of_val.jpg": NEAR, "3.png": NEAR, "same.bmp": SAME}
    assert find_copies({"train": parts["train"]}, "crop", skip_gray=False)["train"] == {
        "3.png": NEAR,
        "same.bmp": SAME,
        "gray.png": NEAR,
    }


def test_copies_are_counted_and_named_by_the_shards(folder: Path, tmp_path: Path) -> None:
    train, copies = sources(folder / "train"), {"3.png": NEAR, "same.bmp": SAME}
    packed = pack(train, tmp_path / "out", SETTINGS, copies=copies)
    assert packed.index.left_out == {NEAR: 1, SAME: 1, "without color": 1}
    assert len(packed.index) == 5
    shard = json.loads((tmp_path / "out" / "shard-00000.json").read_text())
    assert ["3.png", NEAR, ""] in shard["left_out"]
    assert pack(train, tmp_path / "out", SETTINGS, copies=copies).index == packed.index
    with pytest.raises(ColorganError, match="has shards of other photos"):
        pack(train, tmp_path / "out", SETTINGS)


def test_command_leaves_copies_out_unless_told_otherwise(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "train" / "broken.jpg").write_bytes(b"no photo")
    (folder / "train" / "scan.tga").write_bytes(b"x")
    command = ["pack", str(folder), "--side=32"]
    assert main([*command, "-o", str(tmp_path / "out")]) == 0
    printed = capsys.readouterr()
    (line,) = [line for line in printed.out.splitlines() if "train" in line]
    assert "4 photos of 32 px in 1 shard; left out: 2 near-duplicates, 1 duplicates, 1 " in line
    assert "cannot read broken.jpg: " in printed.err
    assert "scan.tga: the format .tga is not supported" in printed.err
    assert main([*command, "-o", str(tmp_path / "all"), "--keep-copies"]) == 0
    assert "6 photos of 32 px in 1 shard; left out: 1 " in capsys.readouterr().out


def test_interrupted_packing_goes_on_without_the_copies(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = ["pack", str(folder), "--side=32", "--shard-size=6KB"]  # two photos per shard
    assert main([*command, "-o", str(tmp_path / "whole")]) == 0
    real = packing.decode_all

    def fails_soon(*args: Any) -> Any:
        for number, decoded in enumerate(real(*args)):
            if number == 3:
                raise KeyboardInterrupt
            yield decoded

    with monkeypatch.context() as patch:
        patch.setattr(packing, "decode_all", fails_soon)
        assert main([*command, "-o", str(tmp_path / "out")]) == 130
    assert main([*command, "-o", str(tmp_path / "out")]) == 0
    for file in (tmp_path / "whole").rglob("*.*"):
        assert (tmp_path / "out" / file.relative_to(tmp_path / "whole")).read_bytes() == file.read_bytes(), file
