import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from colorgan.errors import ColorganError
from colorgan.evaluation.report.photos import ReferencePhotos, Resize
from tests.helpers import photos, write


def test_test_subfolder_is_used_in_the_order_of_names(reference_folder):
    reference = ReferencePhotos(reference_folder)
    assert reference.folder == reference_folder / "test"
    assert reference.names == [f"roses/{index:04d}.png" for index in range(8)]
    assert torch.equal(reference.load(3).rgb, photos(8, seed=4, size=32)[3])
    assert ReferencePhotos(reference_folder / "train").names[0] == "0000.png"
    assert ReferencePhotos(reference_folder, limit=3).names == reference.names[:3]


def test_sample_stands_for_the_sample_photos():
    reference = ReferencePhotos("sample")
    assert reference.folder.name == "val"
    assert len(reference) == 42


def test_digest_depends_on_names_and_contents(reference_folder, tmp_path):
    digest = ReferencePhotos(reference_folder).digest
    copy = shutil.copytree(reference_folder, tmp_path / "copy")
    assert ReferencePhotos(copy).digest == digest
    (copy / "test/roses/0001.png").rename(copy / "test/roses/000z.png")
    assert ReferencePhotos(copy).digest != digest
    (copy / "test/roses/000z.png").rename(copy / "test/roses/0001.png")
    assert ReferencePhotos(copy).digest == digest
    Image.new("RGB", (32, 32)).save(copy / "test/roses/0001.png")
    assert ReferencePhotos(copy).digest != digest


def test_batches_have_one_shape_and_keep_the_order(tmp_path):
    for index, width in enumerate([8, 8, 8, 12, 8, 8]):
        Image.new("RGB", (width, 8), (index, 0, 0)).save(tmp_path / f"{index}.png")
    found = [
        (indices, {tuple(photo.rgb.shape) for photo in batch})
        for indices, batch in ReferencePhotos(tmp_path).batches(2)
    ]
    assert [indices for indices, _ in found] == [[0, 1], [2], [3], [4, 5]]
    assert all(len(shapes) == 1 for _, shapes in found)


@pytest.mark.parametrize(
    ("resize", "shape", "expected"),
    [
        (Resize(10), (20, 40), (10, 20)),
        (Resize(10), (8, 40), (8, 40)),
        (Resize(0), (500, 400), (500, 400)),
        (Resize(10, square=True), (8, 40), (10, 10)),
    ],
)
def test_resize(resize, shape, expected):
    rgb = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert resize(rgb).shape == (*expected, 3)
    if shape == expected:
        assert resize(rgb) is rgb


def test_invalid_folders_are_rejected(tmp_path):
    with pytest.raises(ColorganError, match="there is no folder"):
        ReferencePhotos(tmp_path / "missing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ColorganError, match="contains no photos"):
        ReferencePhotos(tmp_path / "empty")
    write(photos(1, seed=0), tmp_path / "one")
    with pytest.raises(ColorganError, match="has 1 photo; a report needs at least 2"):
        ReferencePhotos(tmp_path / "one")
    write(photos(3, seed=0), tmp_path / "three")
    with pytest.raises(ColorganError, match="at least 2 photos; received 1"):
        ReferencePhotos(tmp_path / "three", limit=1)
    with pytest.raises(ColorganError, match="received -1"):
        Resize(-1)
    with pytest.raises(ColorganError, match="received 0"):
        Resize(0, square=True)


@pytest.mark.timeout(20)
def test_all_unreadable_photos_are_named(tmp_path):
    write(photos(6, seed=0), tmp_path / "six")
    for number in (1, 4):  # damage that only decoding finds
        file = tmp_path / "six" / f"000{number}.png"
        file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(ColorganError, match=r"2 of 6 photos cannot be read; .*\n.*0001\.png: .*\n.*0004\.png: .*short"):
        list(ReferencePhotos(tmp_path / "six").batches(2))
    os.mkfifo(tmp_path / "six" / "pipe.png")
    (tmp_path / "six" / "zero.png").symlink_to("/dev/zero")
    (tmp_path / "six" / "photo.jxl").touch()
    with pytest.raises(ColorganError, match=r"2 of 8 photos .*\n.*pipe\.png: not a reg.*\n.*zero\.png: not a"):
        ReferencePhotos(tmp_path / "six")


@pytest.mark.timeout(20)
def test_digest_does_not_wait_for_pipes(tmp_path):
    write(photos(3, seed=0), tmp_path)
    reference = ReferencePhotos(tmp_path)
    (tmp_path / "0001.png").unlink()
    os.mkfifo(tmp_path / "0001.png")
    with pytest.raises(ColorganError, match="not a regular file"):
        assert reference.digest


def test_folders_that_cannot_be_opened_are_named(tmp_path):
    write(photos(3, seed=0), tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(ColorganError, match=r"cannot be opened; .*\n.*loop: the folder or link cannot be opened"):
        ReferencePhotos(tmp_path)


def test_no_two_photos_share_an_output(tmp_path):
    file = write(photos(1, seed=0), tmp_path / "in") / "0000.png"
    names = ["a.png", "a.bmp", "b.png", "A.png", "n" * 251 + ".png", "c/b.png"]
    (tmp_path / "ref" / "c").mkdir(parents=True)
    for name in names:
        shutil.copy(file, tmp_path / "ref" / name)
    reference = ReferencePhotos(tmp_path / "ref")
    for suffix in (".png", ".json"):
        outputs = [reference.output_name(index, suffix) for index in range(len(names))]
        assert len({str(output).casefold() for output in outputs}) == len(names)
        assert all(output.suffix == suffix and len(output.name) <= 255 for output in outputs)
    assert reference.output_name(reference.names.index("b.png")).as_posix() == "b.png"


def test_undecodable_names_are_escaped_in_reports(tmp_path):
    write(photos(2, seed=0), tmp_path)
    (tmp_path / "0001.png").rename(tmp_path / "\udcff.png")
    reference = ReferencePhotos(tmp_path)
    assert reference.names == ["0000.png", "\\udcff.png"]
    assert reference.output_name(1) == Path("\udcff.png")
    assert len(reference.digest) == 64
