"""The cache contains exactly the decoded photos and survives damage, concurrent builds and full disks."""

import errno
import json
import os
import pickle
import shutil
import subprocess
import sys
import threading
import time

import albumentations
import filelock
import numpy as np
import pytest
from PIL import Image
from xxhash import xxh3_64_intdigest

from colorgan.data import cache, decoding
from colorgan.data.cache import CachedPhotos, cached_photos
from colorgan.data.dataset import PhotoDataset
from colorgan.data.sources import file_source
from colorgan.errors import ColorganError
from colorgan.files.photo_caches import stored_caches
from colorgan.images import list_photos, read_rgb
from tests.helpers import REPOSITORY, photo_of


def photos_in(folder, **options) -> CachedPhotos:
    return cached_photos([file_source(path, folder) for path in list_photos(folder)], **{"side": 16, **options})


def entries(cache_dir) -> set[str]:
    """Names in a folder of caches, without the locks."""
    return {path.name for path in cache_dir.iterdir()} - {"locks"}


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


def flip_bit_in_index(folder):
    index = (folder / "index.json").read_bytes()
    position = index.index(b'"checksums": [') + 15
    (folder / "index.json").write_bytes(index[:position] + bytes([index[position] ^ 1]) + index[position + 1 :])


@pytest.mark.parametrize(
    "damage", [truncate_pixels, flip_bit_in_index, corrupt_index, write_unknown_index, delete_pixels]
)
def test_damaged_cache_is_rebuilt(make_photos, damage):
    folder = make_photos("photos", 3)
    whole = np.array(photos_in(folder).pixels)
    damage(photos_in(folder).folder)
    again = photos_in(folder)
    assert np.array_equal(again.pixels, whole)
    assert entries(again.folder.parent) == {again.folder.name}


def test_damaged_photo_is_decoded_again_when_it_is_read(make_photos):
    folder = make_photos("photos", 5)
    photos = photos_in(folder, side=8)
    whole = np.array(photos.pixels)
    with (photos.folder / "pixels.bin").open("r+b") as file:
        file.seek(3 * 192 + 7)
        file.write(bytes([whole[3].ravel()[7] ^ 1]))
    worker = pickle.loads(pickle.dumps(photos_in(folder, side=8)))
    assert worker.pixels[3].ravel()[7] == whole[3].ravel()[7] ^ 1
    dataset = PhotoDataset(worker, np.arange(1, 5), 8, transforms=[albumentations.NoOp()])
    with pytest.warns(UserWarning, match=r"photo_003.png in .* is damaged and is decoded again") as warned:
        assert np.array_equal(dataset.__getitems__([0, 2])["rgb"], whole[[1, 3]])
    assert len(warned) == 1
    assert np.array_equal(photos.pixels, whole)  # mended in the file, for other processes as well


def test_damaged_photo_whose_file_is_gone_ends_reading_and_is_not_cached_again(make_photos):
    folder = make_photos("photos", 3)
    photos = photos_in(folder)
    flip_bit(photos.folder)
    damaged = int(
        np.flatnonzero([xxh3_64_intdigest(row.data) for row in photos.pixels] != np.array(photos.checksums))[0]
    )
    original = (folder / photos.names[damaged]).read_bytes()
    (folder / photos.names[damaged]).unlink()
    with pytest.warns(UserWarning, match="damaged"), pytest.raises(ColorganError, match="its file has changed; start"):
        photos.read(np.arange(3))
    (folder / photos.names[damaged]).write_bytes(original)
    assert np.array_equal(photos_in(folder).read(np.arange(3)), photos_in(folder).pixels)


def test_changed_content_of_equal_size_and_time_is_decoded(make_photos):
    folder = make_photos("photos", 2, suffix=".bmp")
    path = folder / "photo_001.bmp"
    status = path.stat()
    old = photos_in(folder)
    Image.fromarray(photo_of(77, 24, 32)).save(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert path.stat().st_size == status.st_size
    new = photos_in(folder)
    assert np.array_equal(new.pixels[0], old.pixels[0])
    assert not np.array_equal(new.pixels[1], old.pixels[1])


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
    assert entries(own_cache) == {results[0].folder.name}


BUILD = """
import sys
from tests.data.test_cache import photos_in
photos = photos_in(sys.argv[1], side=64)
print(photos.folder.name, int(photos.pixels.sum()))
"""


def test_one_process_builds_while_the_others_wait(make_photos, own_cache, monkeypatch):
    folder = make_photos("photos", 3)
    expected = photos_in(folder, side=64)
    shutil.rmtree(expected.folder)
    with filelock.FileLock(own_cache / "locks" / f"{expected.folder.name}.lock"):  # this process "builds"
        command = [sys.executable, "-c", BUILD, str(folder)]
        waiting = [
            subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            for _ in range(2)
        ]
        for process in waiting:
            assert any("Another process is decoding the same photos" in line for line in process.stderr)
        assert entries(own_cache) == set()
    for process in waiting:
        output, _ = process.communicate(timeout=60)
        assert output.split() == [expected.folder.name, str(int(expected.pixels.sum()))]
    assert entries(own_cache) == {expected.folder.name}


def test_cache_that_another_process_built_meanwhile_is_not_built_again(make_photos, own_cache, monkeypatch):
    folder = make_photos("photos", 3)
    built = photos_in(folder)
    monkeypatch.setattr(cache, "_create", lambda *_: pytest.fail("built again"))
    opened = [None, built]
    monkeypatch.setattr(cache, "_open", lambda *_: opened.pop(0))
    assert photos_in(folder) is built


def test_interrupted_build_leaves_nothing_and_stops_decoding(make_photos, own_cache, monkeypatch):
    folder = make_photos("photos", 40)
    monkeypatch.setattr(decoding, "available_cores", lambda: 1)
    decoded = []
    decode = decoding._decode

    def interrupt_second(source, side, fit):
        decoded.append(source.name)
        if len(decoded) == 2:
            raise KeyboardInterrupt
        return decode(source, side, fit)

    monkeypatch.setattr(decoding, "_decode", interrupt_second)
    with pytest.raises(KeyboardInterrupt):
        photos_in(folder)
    assert entries(own_cache) == set()
    assert len(decoded) < 40
    monkeypatch.setattr(decoding, "_decode", decode)
    assert len(photos_in(folder)) == 40


def test_folder_without_readable_photos_is_decoded_once(tmp_path, monkeypatch):
    (tmp_path / "a.jpg").write_bytes(b"no photo")
    assert len(photos_in(tmp_path)) == 0
    monkeypatch.setattr(cache, "_create", lambda *_: pytest.fail("built again"))
    assert photos_in(tmp_path).unreadable[0][0] == "a.jpg"


def size_of(photos) -> int:
    return next(stored.size for stored in stored_caches(photos.folder.parent) if stored.folder == photos.folder)


def test_least_recently_used_caches_make_room_for_new_ones(make_photos, own_cache, monkeypatch, caplog):
    folder = make_photos("photos", 3)
    old, middle = photos_in(folder, side=16), photos_in(folder, side=17)
    for age, photos in ((300, old), (200, middle)):
        os.utime(photos.folder / "about.json", (time.time() - age,) * 2)
        del photos.pixels  # no longer in use
    (own_cache / "features").mkdir()
    (own_cache / "features" / "a.npy").write_bytes(bytes(10**6))
    total = size_of(old) + size_of(middle) + 3 * 18 * 18 * 3
    monkeypatch.setenv("COLORGAN_CACHE_SIZE", f"{total - 1}")
    caplog.set_level("INFO")
    new = photos_in(folder, side=18)
    assert entries(own_cache) == {middle.folder.name, new.folder.name, "features"}
    (message,) = [record.message for record in caplog.records if "Deleted" in record.message]
    assert message.startswith(
        "Deleted 1 photo cache (0.0 MB), the least recently used, to stay within COLORGAN_CACHE_SI"
    )
    assert message.endswith(f": {folder}")


def test_use_of_a_cache_makes_it_the_last_to_go(make_photos, monkeypatch):
    folder = make_photos("photos", 2)
    first, second = photos_in(folder, side=16), photos_in(folder, side=17)
    for photos in (first, second):
        os.utime(photos.folder / "about.json", (1, 1))
        del photos.pixels
    del photos_in(folder, side=16).pixels
    assert [stored.folder for stored in stored_caches(first.folder.parent)] == [first.folder, second.folder]


def test_caches_in_use_are_never_deleted(make_photos, own_cache, monkeypatch):
    folder = make_photos("photos", 2)
    monkeypatch.setenv("COLORGAN_CACHE_SIZE", "0")
    used = photos_in(folder, side=16)
    copy = pickle.loads(pickle.dumps(used))
    assert copy.pixels.sum() == used.pixels.sum()
    del used.pixels  # the copy, as in a worker process, keeps it
    photos_in(folder, side=17)
    assert used.folder.name in entries(own_cache)
    del copy.pixels
    last = photos_in(folder, side=18)
    assert entries(own_cache) == {last.folder.name}


def test_invalid_size_limit_names_the_variable(make_photos, monkeypatch):
    monkeypatch.setenv("COLORGAN_CACHE_SIZE", "plenty")
    with pytest.raises(ColorganError, match="COLORGAN_CACHE_SIZE must be a size such as 20GB.* received 'plenty'"):
        photos_in(make_photos("photos", 1))


def test_abandoned_partial_caches_are_removed_after_a_day(make_photos, own_cache):
    old, new, foreign = f"{'a' * 32}.1-x.part", f"{'b' * 32}.2-y.part", "movie.1-x.part"
    for name, age in ((old, 90000), (new, 10), (foreign, 90000)):
        (own_cache / name).mkdir()
        (own_cache / name / "pixels.bin").write_bytes(b"x")
        os.utime(own_cache / name, (time.time() - age,) * 2)
    photos = photos_in(make_photos("photos", 1))
    assert entries(own_cache) == {new, foreign, photos.folder.name}


def test_pickled_cache_contains_no_pixels(make_photos):
    photos = photos_in(make_photos("photos", 3))
    assert photos.pixels.sum() > 0
    data = pickle.dumps(photos)
    assert len(data) < 3 * 16 * 16 * 3
    assert np.array_equal(pickle.loads(data).pixels, photos.pixels)


def test_full_disk_raises_and_leaves_no_files(make_photos, own_cache, monkeypatch):
    folder = make_photos("photos", 3)
    monkeypatch.setattr(cache.shutil, "disk_usage", lambda _: cache.shutil._ntuple_diskusage(10, 10, 0))
    message = r"cannot write the photo cache .*: the disk is full .*--data\.cache_dir.*`colorgan cache`$"
    with pytest.raises(ColorganError, match=message):
        photos_in(folder)
    monkeypatch.undo()

    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(cache.os, "fsync", fail)
    monkeypatch.setenv("COLORGAN_CACHE", str(own_cache))
    with pytest.raises(ColorganError, match="the disk is full"):
        photos_in(folder)
    assert entries(own_cache) == set()


def test_unwritable_cache_folder_raises(make_photos, tmp_path):
    folder = make_photos("photos", 1)
    (tmp_path / "file").touch()
    with pytest.raises(ColorganError, match=r"cannot write the photo cache in .*file: .*--data\.cache_dir"):
        photos_in(folder, cache_dir=tmp_path / "file")
