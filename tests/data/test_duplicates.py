"""Copies of a photo are found, and similar photos are not mistaken for copies."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorgan.data import duplicates
from colorgan.data.cache import CachedPhotos, cached_photos
from colorgan.data.duplicates import near_duplicate_groups
from colorgan.data.sources import file_source
from colorgan.images import list_photos
from tests.helpers import photo_of
from tests.photo_edits import EDITS, recompressed, scene


def decode_folder(folder: Path, cache_dir: Path | None = None, side: int = 32) -> CachedPhotos:
    sources = [file_source(path, folder) for path in list_photos(folder)]
    return cached_photos(sources, side=side, cache_dir=cache_dir, progress=False)


def test_copies_are_near_duplicates_and_others_are_not(tmp_path):
    (tmp_path / "photos").mkdir()
    image = Image.fromarray(photo_of(1, 96, 96))
    image.save(tmp_path / "photos/0_original.png")
    image.save(tmp_path / "photos/1_recompressed.jpg", quality=40)
    image.resize((70, 70), Image.Resampling.LANCZOS).save(tmp_path / "photos/2_smaller.jpg")
    image.point(lambda value: min(255, value + 6)).save(tmp_path / "photos/3_brighter.png")
    for number in range(2, 12):
        Image.fromarray(photo_of(number, 96, 96)).save(tmp_path / f"photos/x{number}.png")
    photos = decode_folder(tmp_path / "photos", tmp_path / "cache")
    assert near_duplicate_groups([photos]).tolist() == [0, 0, 0, 0, *range(4, 14)]
    assert near_duplicate_groups([photos, photos]).tolist() == [0, 0, 0, 0, *range(4, 14)] * 2


def test_flat_photos_of_different_colors_are_not_near_duplicates(tmp_path):
    (tmp_path / "photos").mkdir()
    for number, color in enumerate([(90, 140, 220), (230, 120, 40)]):
        Image.new("RGB", (32, 32), color).save(tmp_path / f"photos/{number}.png")
    assert near_duplicate_groups([decode_folder(tmp_path / "photos", tmp_path / "cache")]).tolist() == [0, 1]


def test_a_faint_photo_is_only_a_duplicate_of_itself(tmp_path):
    (tmp_path / "photos").mkdir()
    for number in range(3):
        Image.fromarray(120 + photo_of(number // 2) // 128).save(tmp_path / f"photos/{number}.png")
    assert near_duplicate_groups([decode_folder(tmp_path / "photos", tmp_path / "cache")]).tolist() == [0, 0, 2]


@pytest.fixture(scope="module")
def scenes(tmp_path_factory) -> tuple[CachedPhotos, Path]:
    """Twelve synthetic photos."""
    root = tmp_path_factory.mktemp("scenes")
    (root / "photos").mkdir()
    for seed in range(12):
        scene(seed).save(root / f"photos/{seed:02d}.png")
    return decode_folder(root / "photos", root / "cache", side=96), root


@pytest.mark.parametrize("edit", EDITS)
def test_edited_copies_are_found(scenes, tmp_path, edit):
    originals, root = scenes
    (tmp_path / "copies").mkdir()
    for seed in range(12):
        recompressed(EDITS[edit](scene(seed)), 90).save(tmp_path / f"copies/{seed:02d}.png")
    copies = decode_folder(tmp_path / "copies", root / "cache", side=96)
    groups = near_duplicate_groups([originals, copies])
    assert groups[:12].tolist() == list(range(12))
    assert (groups[12:] == np.arange(12)).sum() >= 11


def test_groups_are_stored_next_to_the_cache(scenes, tmp_path, monkeypatch):
    (tmp_path / "photos").mkdir()
    for seed in range(4):
        scene(seed).save(tmp_path / f"photos/{seed}.png")
        EDITS["mirrored"](scene(seed)).save(tmp_path / f"photos/{seed}_mirrored.png")
    photos = decode_folder(tmp_path / "photos", tmp_path / "cache", side=96)
    expected = [0, 0, 2, 2, 4, 4, 6, 6]
    assert near_duplicate_groups([photos]).tolist() == expected
    original, searched = duplicates.thumbnail, []
    monkeypatch.setattr(duplicates, "thumbnail", lambda photo: searched.append(1) or original(photo))
    assert near_duplicate_groups([photos]).tolist() == expected
    assert not searched
    assert near_duplicate_groups([photos, scenes[0]]).tolist() == [*expected, 0, 2, 4, 6, *range(12, 20)]
    assert len(searched) == 16  # those four of the scenes that are identical are not compared again
    file, stored = photos.folder / "duplicates.json", (photos.folder / "duplicates.json").read_text()
    for damaged in (
        "",
        "[]",
        "{",
        stored[:-9],
        stored.replace("[[", "[[1, 2], [", 1),
        stored.replace('"pairs"', '"x"'),
    ):
        file.write_text(damaged)
        searched.clear()
        assert near_duplicate_groups([photos]).tolist() == expected
        assert len(searched) == 8
    file.unlink()
    file.mkdir()  # cannot be written
    assert near_duplicate_groups([photos]).tolist() == expected


def test_no_more_than_eight_searches_are_stored(scenes):
    originals, _ = scenes
    for number in range(10):
        near_duplicate_groups([originals] * (number + 1))
    for start in range(10):
        part = CachedPhotos(
            originals.folder, originals.side, digests=originals.digests[:start], names=originals.names[:start]
        )
        part.checksums = originals.checksums[:start]
        near_duplicate_groups([part])
    assert len(json.loads((originals.folder / "duplicates.json").read_text())) == 8


@pytest.mark.skipif("COLORGAN_DATA" not in os.environ, reason="COLORGAN_DATA does not name the folder of test photos")
def test_near_duplicates_in_real_photos(tmp_path):
    root = Path(os.environ["COLORGAN_DATA"])
    flowers = decode_folder(root / "flowers12", tmp_path)
    groups = near_duplicate_groups([flowers])
    group = dict(zip(flowers.names, groups.tolist(), strict=True))
    assert group["train/iris/image_0422.jpg"] == group["train/iris/image_0469.jpg"]
    assert group["test/dandelion/image_1012.jpg"] == group["train/dandelion/image_0966.jpg"]
    thousand = decode_folder(root / "photos1000", tmp_path, side=96)
    assert len(set(near_duplicate_groups([thousand]).tolist())) == 1000
    (tmp_path / "copies").mkdir()
    chosen = np.random.default_rng(0).choice(1000, 10, replace=False)
    for number, edit in enumerate(EDITS.values()):
        for index in chosen:
            image = Image.open(root / "photos1000" / thousand.names[index]).convert("RGB")
            edit(image).save(tmp_path / f"copies/{number:02d}_{index:03d}.jpg", quality=90)
    copies = decode_folder(tmp_path / "copies", tmp_path, side=96)
    found = near_duplicate_groups([thousand, copies])[1000:]
    assert np.mean(found == np.tile(np.sort(chosen), len(EDITS))) >= 0.97
    assert 25 <= sum(thousand.gray) <= 30
