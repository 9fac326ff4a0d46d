"""The cache contains exactly the decoded photos and survives damage, concurrent builds and full disks."""

import errno
import json
import os
import pickle
import threading
import time

import numpy as np
import pytest
from PIL import Image

from colorgan.data import cache, decoding
from colorgan.data.cache import CachedPhotos, cached_photos
from colorgan.data.sources import file_source
from colorgan.errors import ColorganError
from colorgan.images import list_photos, read_rgb
from tests.helpers import photo_of


def photos_in(folder, **options) -> CachedPhotos:
    return cached_photos([file_source(path, folder) for path in list_photos(folder)], **{"side": 16, **options})


def test_cached_pixels_match_reading_and_resizing(make_photos):
    folder = make_photos("photos", 3)
    photos = photos_in(folder)
    assert photos.names == ["photo_000.png", "photo_001.png", "photo_002.png"]
    assert photos.pixels.shape == (3, 16, 16, 3)
    assert photos.pixels.dtype == np.uint8
    for number, path in enumerate(list_photos(folder)):
        middle = Image.fromarray(read_rgb(path)).crop((4, 0, 28, 24)).resize((16, 16), Image.Resampling.BICUBIC)
        # at the left and right edges, the cropped reference lacks neighbors that the cache has seen
        assert np.array_equal(photos.pixels[number][:, 2:-2], np.asarray(middle)[:, 2:-2])
    assert photos.sizes == [(32, 24)] * 3


def test_cached_photos_are_not_decoded_again(make_photos, monkeypatch):
    folder = make_photos("photos", 3)
    first = photos_in(folder)
    monkeypatch.setattr(decoding, "_decode", lambda *_, **__: pytest.fail("decoded again"))
    second = photos_in(folder)
    assert second == first
    assert np.array_equal(second.pixels, first.pixels)


def test_different_files_sides_and_fits_have_different_caches(make_photos):
    folder = make_photos("photos", 2)
    folders = {photos_in(folder).folder, photos_in(folder, side=8).folder, photos_in(folder, fit="resize").folder}
    status = (folder / "photo_000.png").stat()
    os.utime(folder / "photo_000.png", ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    folders.add(photos_in(folder).folder)
    make_photos("photos", 3)
    folders.add(photos_in(folder).folder)
    assert len(folders) == 5


def test_folders_with_equal_names_sizes_and_times_have_different_caches(tmp_path):
    for number in range(2):
        path = tmp_path / str(number) / "a.bmp"
        path.parent.mkdir()
        Image.fromarray(photo_of(number)).save(path)
        os.utime(path, (1, 1))
    first, second = photos_in(tmp_path / "0"), photos_in(tmp_path / "1")
    assert not np.array_equal(first.pixels, second.pixels)


def test_unreadable_files_are_skipped_and_recorded(make_photos):
    folder = make_photos("photos", 2)
    (folder / "photo_000a.jpg").write_bytes(b"no photo")
    (folder / "photo_009.png").write_bytes((folder / "photo_000.png").read_bytes()[:60])
    for _ in range(2):
        photos = photos_in(folder)
        assert photos.names == ["photo_000.png", "photo_001.png"]
        assert [name for name, _ in photos.unreadable] == ["photo_000a.jpg", "photo_009.png"]
        assert "cut short" in photos.unreadable[1][1] or "damaged" in photos.unreadable[1][1]


def truncate_pixels(folder):
    os.truncate(folder / "pixels.bin", (folder / "pixels.bin").stat().st_size - 1)


def flip_bit(folder):
    data = bytearray((folder / "pixels.bin").read_bytes())
    data[1000] ^= 1
    (folder / "pixels.bin").write_bytes(data)


def corrupt_index(folder):
    (folder / "index.json").write_text("{")


def write_unknown_index(folder):
    (folder / "index.json").write_text(json.dumps({"names": ["a"], "other": 1}))


def delete_pixels(folder):
    (folder / "pixels.bin").unlink()


@pytest.mark.parametrize("damage", [truncate_pixels, flip_bit, corrupt_index, write_unknown_index, delete_pixels])
def test_damaged_cache_is_rebuilt(make_photos, damage):
    folder = make_photos("photos", 3)
    whole = np.array(photos_in(folder).pixels)
    damage(photos_in(folder).folder)
    again = photos_in(folder)
    assert np.array_equal(again.pixels, whole)
    assert [path.name for path in again.folder.parent.iterdir()] == [again.folder.name]


def test_concurrent_builds_share_one_cache(make_photos, own_cache):
    folder = make_photos("photos", 12)
    results: list[CachedPhotos] = []
    threads = [threading.Thread(target=lambda: results.append(photos_in(folder, side=8))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(np.array_equal(result.pixels, results[0].pixels) for result in results)
    assert len(list(own_cache.iterdir())) == 1


def test_abandoned_partial_caches_are_removed_after_a_day(make_photos, own_cache):
    for name, age in (("a.1-x.part", 90000), ("b.2-y.part", 10)):
        (own_cache / name).mkdir()
        (own_cache / name / "pixels.bin").write_bytes(b"x")
        os.utime(own_cache / name, (time.time() - age,) * 2)
    photos = photos_in(make_photos("photos", 1))
    assert {path.name for path in own_cache.iterdir()} == {"b.2-y.part", photos.folder.name}


def test_pickled_cache_contains_no_pixels(make_photos):
    photos = photos_in(make_photos("photos", 3))
    assert photos.pixels.sum() > 0
    data = pickle.dumps(photos)
    assert len(data) < 3 * 16 * 16 * 3
    assert np.array_equal(pickle.loads(data).pixels, photos.pixels)


def test_full_disk_raises_and_leaves_no_files(make_photos, own_cache, monkeypatch):
    folder = make_photos("photos", 3)
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: cache.shutil._ntuple_diskusage(10, 10, 0))
    with pytest.raises(ColorganError, match=r"cannot write the photo cache .*: the disk is full .*--data\.cache_dir"):
        photos_in(folder)
    monkeypatch.undo()

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache.os, "fsync", fail)
    monkeypatch.setenv("COLORGAN_CACHE", str(own_cache))
    with pytest.raises(ColorganError, match="the disk is full"):
        photos_in(folder)
    assert list(own_cache.iterdir()) == []


def test_unwritable_cache_folder_raises(make_photos, tmp_path):
    folder = make_photos("photos", 1)
    (tmp_path / "file").touch()
    with pytest.raises(ColorganError, match=r"cannot write the photo cache in .*file: .*--data\.cache_dir"):
        photos_in(folder, cache_dir=tmp_path / "file")
