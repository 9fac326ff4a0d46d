"""Photos fall by seed and name alone, and twins never part."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from colorgan.data.cache import CachedPhotos, cached_photos, file_source
from colorgan.data.split import near_duplicate_groups, seeded_split
from colorgan.images import list_photos
from tests.helpers import photo_of


def names(count: int) -> list[str]:
    return [f"folder/{number}.jpg" for number in range(count)]


def test_the_published_flowers_split_has_164_photos():
    parts = seeded_split(names(8189), range(8189), [0.02], seed=0)
    assert [len(part) for part in parts] == [164, 8025]


def test_the_order_of_the_files_does_not_matter():
    all_names = names(50)
    parts = seeded_split(all_names, range(50), [0.2, 0.1], seed=3)
    turned = seeded_split(all_names[::-1], range(50), [0.2, 0.1], seed=3)
    assert [len(part) for part in parts] == [10, 5, 35]
    for one, other in zip(parts, turned, strict=True):
        assert {all_names[at] for at in one} == {all_names[::-1][at] for at in other}
    assert seeded_split(all_names, range(50), [0.2], seed=4)[0].tolist() != parts[0].tolist()


def test_the_split_is_the_same_for_ever():
    assert seeded_split(names(12), range(12), [0.25], seed=0)[0].tolist() == [1, 5, 11]


def test_a_new_photo_moves_few_others():
    before = {names(100)[at] for at in seeded_split(names(100), range(100), [0.2], seed=0)[0]}
    after = {names(101)[at] for at in seeded_split(names(101), range(101), [0.2], seed=0)[0]}
    assert len(before & after) >= 19


@given(
    groups=st.lists(st.integers(0, 8), min_size=1, max_size=40),
    fractions=st.lists(st.floats(0, 0.45), min_size=1, max_size=2),
    seed=st.integers(0, 5),
)
def test_every_photo_is_in_one_part_and_groups_stay_whole(groups, fractions, seed):
    parts = seeded_split(names(len(groups)), groups, fractions, seed)
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(groups)))
    owners = [{groups[at] for at in part} for part in parts]
    assert sum(len(owner) for owner in owners) == len(set(groups))
    for part, fraction in zip(parts, fractions, strict=False):
        assert len(part) <= max(1, round(fraction * len(groups)))


def decoded(folder: Path, cache: Path) -> CachedPhotos:
    return cached_photos([file_source(path, folder) for path in list_photos(folder)], side=32, cache_dir=cache)


def test_copies_are_twins_and_others_are_not(tmp_path):
    (tmp_path / "photos").mkdir()
    image = Image.fromarray(photo_of(1, 96, 96))
    image.save(tmp_path / "photos/0_original.png")
    image.save(tmp_path / "photos/1_recompressed.jpg", quality=40)
    image.resize((70, 70), Image.Resampling.LANCZOS).save(tmp_path / "photos/2_smaller.jpg")
    image.point(lambda value: min(255, value + 6)).save(tmp_path / "photos/3_brighter.png")
    for number in range(2, 12):
        Image.fromarray(photo_of(number, 96, 96)).save(tmp_path / f"photos/x{number}.png")
    photos = decoded(tmp_path / "photos", tmp_path / "cache")
    assert near_duplicate_groups([photos]).tolist() == [0, 0, 0, 0, *range(4, 14)]
    assert near_duplicate_groups([photos, photos]).tolist() == [0, 0, 0, 0, *range(4, 14)] * 2


def test_skies_that_look_alike_but_differ_in_color_are_not_twins(tmp_path):
    (tmp_path / "photos").mkdir()
    for number, color in enumerate([(90, 140, 220), (230, 120, 40)]):
        Image.new("RGB", (32, 32), color).save(tmp_path / f"photos/{number}.png")
    assert near_duplicate_groups([decoded(tmp_path / "photos", tmp_path / "cache")]).tolist() == [0, 1]


@pytest.mark.skipif("COLORGAN_DATA" not in os.environ, reason="COLORGAN_DATA does not name the folder of test photos")
def test_twins_of_real_photos(tmp_path):
    root = Path(os.environ["COLORGAN_DATA"])
    flowers = decoded(root / "flowers12", tmp_path)
    groups = near_duplicate_groups([flowers])
    group = dict(zip(flowers.names, groups.tolist(), strict=True))
    assert group["train/iris/image_0422.jpg"] == group["train/iris/image_0469.jpg"]
    assert group["test/dandelion/image_1012.jpg"] == group["train/dandelion/image_0966.jpg"]
    thousand = decoded(root / "photos1000", tmp_path)
    assert len(set(near_duplicate_groups([thousand]).tolist())) == 1000
    assert 25 <= sum(thousand.gray) <= 30
