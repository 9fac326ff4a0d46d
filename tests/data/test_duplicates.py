"""Copies of a photo are found, and similar photos are not mistaken for copies."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorgan.data.cache import CachedPhotos, cached_photos
from colorgan.data.duplicates import dhash, near_duplicate_groups
from colorgan.data.sources import file_source
from colorgan.images import list_photos
from tests.helpers import photo_of


def decode_folder(folder: Path, cache_dir: Path | None = None) -> CachedPhotos:
    return cached_photos([file_source(path, folder) for path in list_photos(folder)], side=32, cache_dir=cache_dir)


def test_copies_have_equal_digests_or_similar_hashes(tmp_path):
    image = Image.fromarray(photo_of(3, 64, 64))
    image.save(tmp_path / "a.png")
    image.save(tmp_path / "b.bmp")
    image.save(tmp_path / "c.jpg", quality=60)
    Image.fromarray(photo_of(4, 64, 64)).save(tmp_path / "d.png")
    photos = decode_folder(tmp_path)
    assert photos.digests[0] == photos.digests[1]
    assert len(set(photos.digests)) == 3
    bits = [(photos.hashes[0] ^ other).bit_count() for other in photos.hashes]
    assert bits[1] == 0
    assert bits[2] <= 3
    assert bits[3] > 10
    assert dhash(np.asarray(image)) == dhash(np.asarray(image.resize((128, 128), Image.Resampling.NEAREST)))


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


@pytest.mark.skipif("COLORGAN_DATA" not in os.environ, reason="COLORGAN_DATA does not name the folder of test photos")
def test_near_duplicates_in_real_photos(tmp_path):
    root = Path(os.environ["COLORGAN_DATA"])
    flowers = decode_folder(root / "flowers12", tmp_path)
    groups = near_duplicate_groups([flowers])
    group = dict(zip(flowers.names, groups.tolist(), strict=True))
    assert group["train/iris/image_0422.jpg"] == group["train/iris/image_0469.jpg"]
    assert group["test/dandelion/image_1012.jpg"] == group["train/dandelion/image_0966.jpg"]
    thousand = decode_folder(root / "photos1000", tmp_path)
    assert len(set(near_duplicate_groups([thousand]).tolist())) == 1000
    assert 25 <= sum(thousand.gray) <= 30
