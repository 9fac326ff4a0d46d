"""Packed photos: every photo once per epoch, wherever the shards are, and the same after an interruption."""

import functools
import http.server
import json
import pickle
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import albumentations
import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer
from PIL import Image

from colorgan.cli import main
from colorgan.data import Photos, StreamingPhotos
from colorgan.data.sources import file_source
from colorgan.data.streaming.packing import PackSettings, divide, pack
from colorgan.data.streaming.photos import ShardedPhotos, ShardSampler
from colorgan.data.streaming.store import ShardStore
from colorgan.errors import ColorganError
from colorgan.images import find_photos
from tests.data.test_ranks import Recorder as RankRecorder
from tests.data.test_resume import Interruption, Recorder
from tests.helpers import photo_of

SETTINGS = PackSettings(side=16, shard_bytes=16 * 16 * 3 * 7)
"""Seven photos per shard."""
Make = Callable[..., Path]


def sources(folder: Path) -> list[Any]:
    return [file_source(path, folder) for path in find_photos(folder).photos]


@pytest.fixture
def shards(make_photos: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """45 photos in seven shards, and 10 for validation."""
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "shards"
    for split, seeds in (("train", range(45)), ("val", range(100, 110))):
        pack(sources(make_photos(f"photos/{split}", seeds)), folder / split, SETTINGS)
    return folder


@pytest.fixture
def server(shards: Path, tmp_path: Path) -> Iterator[tuple[str, Counter[str]]]:
    """Serves the shards on 127.0.0.1, and counts what is asked for."""
    asked: Counter[str] = Counter()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            asked[self.path] += 1
            super().do_GET()

        def log_message(self, *_: Any) -> None:
            pass

    handler = functools.partial(Handler, directory=str(shards))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}", asked
        running.shutdown()
        thread.join()


def data_of(root: Path | str, **options: Any) -> StreamingPhotos:
    defaults: dict[str, Any] = {"size": 16, "batch_size": 4, "mix": 2, "num_workers": 0}
    data = StreamingPhotos(str(root), **{**defaults, **options})
    data.check()
    data.setup("fit")
    return data


def seen(data: StreamingPhotos, epoch: int = 0) -> list[int]:
    loader = data.train_dataloader()
    loader.sampler.position = lambda: (epoch, 0)
    return [index for batch in loader for index in batch["index"].tolist()]


# ---- packing


def test_shards_hold_the_photos_as_the_cache_decodes_them(shards: Path, tmp_path: Path) -> None:
    cached = Photos(str(tmp_path / "photos" / "train"), size=16, val_fraction=0)
    cached.setup("fit")
    split = cached.splits["train"]
    expected = dict(zip(split.names, split.photos.read(split.indices), strict=True))
    data = data_of(shards)
    photos = data.splits["train"].photos
    assert sorted(photos.names) == sorted(expected)
    for name, pixels in zip(photos.names, photos.read(np.arange(len(photos))), strict=True):
        assert np.array_equal(pixels, expected[name])
    assert {np.load(file).shape[1:] for file in shards.glob("train/*.npy")} == {(16, 16, 3)}
    assert photos.names != sorted(photos.names)  # each shard is a random sample


def test_gray_unreadable_and_repeated_photos_are_left_out(make_photos: Make, tmp_path: Path) -> None:
    folder = make_photos("photos", 6)
    make_photos("photos", range(50, 53), suffix="_gray.png", gray=True)
    shutil.copy(folder / "photo_002.png", folder / "again.png")
    (folder / "broken.jpg").write_bytes(b"no photo")
    packed = pack(sources(folder), tmp_path / "out", SETTINGS)
    assert len(packed.index) == 6
    assert packed.index.left_out == {"without color": 3, "duplicates": 1, "unreadable": 1}
    assert [name for name, _ in packed.unreadable] == ["broken.jpg"]
    others = pack(sources(folder), tmp_path / "others", SETTINGS, without=set(list(packed.digests)[:2]))
    assert len(others.index) == 4


class Killed(BaseException):
    """Stands for a power cut."""


@pytest.mark.parametrize("decoded", [1, 7, 8, 20, 44])
def test_interrupted_packing_goes_on(
    decoded: int, shards: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from colorgan.data.streaming import packing

    counts: list[int] = []
    real = packing.decode_all

    def counted(*arguments: Any) -> Iterator[Any]:
        counts.append(0)
        for each in real(*arguments):
            if len(counts) == 1 and counts[0] == decoded:
                raise Killed
            counts[-1] += 1
            yield each

    monkeypatch.setattr(packing, "decode_all", counted)
    photos, out = sources(tmp_path / "photos" / "train"), tmp_path / "again"
    with pytest.raises(Killed):
        pack(photos, out, SETTINGS)
    pack(photos, out, SETTINGS)
    assert counts[1] == 45 - decoded // 7 * 7  # no photo of a complete shard is decoded again
    pack(photos, out, SETTINGS)
    assert len(counts) == 2
    for file in (shards / "train").iterdir():
        assert file.read_bytes() == (out / file.name).read_bytes(), file.name


def test_other_photos_are_not_mixed_in(shards: Path, tmp_path: Path) -> None:
    photos = sources(tmp_path / "photos" / "train")
    with pytest.raises(ColorganError, match="has shards of other photos or other settings; choose another folder"):
        pack(photos[1:], shards / "train", SETTINGS)
    with pytest.raises(ColorganError, match="other settings"):
        pack(photos, shards / "train", PackSettings(side=8))


def test_photos_are_divided_by_name(make_photos: Make) -> None:
    photos = sources(make_photos("photos", 40))
    few, rest = divide(photos, 0.25)
    assert sorted(source.name for source in (*few, *rest)) == sorted(source.name for source in photos)
    assert 4 <= len(few) <= 18
    assert {source.name for source in divide(photos[:20], 0.25)[0]} <= {source.name for source in few}
    assert len(divide(photos[:2], 1e-9)[0]) == 1


# ---- order


@pytest.mark.parametrize("workers", [0, 1, 2, 4])
def test_every_photo_is_seen_once_per_epoch_in_the_same_order(shards: Path, workers: int) -> None:
    expected = seen(data_of(shards, drop_last=False))
    assert sorted(expected) == list(range(45))
    assert expected != sorted(expected)
    assert seen(data_of(shards, drop_last=False, num_workers=workers)) == expected


def test_epochs_differ_and_repeat(shards: Path) -> None:
    data = data_of(shards, drop_last=False)
    orders = [tuple(seen(data, epoch)) for epoch in (0, 1, 2, 1)]
    assert len(set(orders)) == 3
    assert orders[1] == orders[3]


def test_photos_of_a_few_shards_are_mixed() -> None:
    announced: list[tuple[list[int], list[int]]] = []
    sampler = ShardSampler([10] * 6, mix=2, announce=lambda *numbers: announced.append(numbers), seed=1)
    order = [index // 10 for _, index in sampler]
    groups = [set(order[start : start + 20]) for start in (0, 20, 40)]
    assert [set(now) for now, _ in announced] == groups
    assert [set(later) for _, later in announced] == [groups[1], groups[2], set()]
    assert all(len(set(order[start : start + 10])) == 2 for start in (0, 20, 40))


def test_ranks_share_an_epoch(shards: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = seen(data_of(shards, batch_size=8))
    parts = []
    for rank in range(2):
        data = data_of(shards)
        process = SimpleNamespace(
            rank=rank, world_size=2, num_local=2, device=torch.device("cpu"), device_type="cpu", position=None
        )
        monkeypatch.setattr(StreamingPhotos, "_process", process)
        parts.append(seen(data))
    together = [index for pair in zip(*parts, strict=True) for index in pair]
    assert together == whole  # the n-th batches of both are the n-th batch of one process


def run(root: Any, output: Path, callbacks: Any = (), ckpt_path: Path | None = None, **options: Any) -> Recorder:
    transforms = [albumentations.HorizontalFlip()]
    data = StreamingPhotos(
        str(root), size=12, crop="random", batch_size=4, mix=2, train_transforms=transforms, **options
    )
    data.check()
    module = Recorder()
    trainer = Trainer(
        default_root_dir=output, accelerator="cpu", max_epochs=3, logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, callbacks=list(callbacks),
    )  # fmt: skip
    try:
        trainer.fit(module, data, ckpt_path=ckpt_path, weights_only=True)
    except (KeyboardInterrupt, SystemExit):
        assert callbacks
    return module


@pytest.mark.parametrize(("before", "after"), [(0, 0), (2, 1)])
def test_resumed_epoch_equals_an_uninterrupted_one(shards: Path, tmp_path: Path, before: int, after: int) -> None:
    """Bit for bit, with flips and random crops, also with another number of workers."""
    whole, path = run(shards, tmp_path), tmp_path / "stop.ckpt"
    first = run(shards, tmp_path, [Interruption("batch", 1, 5, path)], num_workers=before)
    second = run(shards, tmp_path, ckpt_path=path, num_workers=after)
    assert 0 < len(first.seen) < len(whole.seen)
    assert first.seen + second.seen == whole.seen


# ---- remote storage


def test_remote_shards_are_downloaded_once_and_equal_local_ones(
    server: tuple[str, Counter[str]], shards: Path, tmp_path: Path
) -> None:
    address, asked = server
    whole = run(shards, tmp_path)
    assert run(address, tmp_path, num_workers=2).seen == whole.seen
    assert {count for name, count in asked.items() if name.endswith(".npy")} == {1}


def test_least_recently_used_shards_are_deleted(server: tuple[str, Counter[str]], tmp_path: Path) -> None:
    address, _ = server
    shard = 7 * 16 * 16 * 3
    data = data_of(address, mix=1, drop_last=False, cache_size=str(3 * shard))
    folder = tmp_path / "cache" / "shards"
    stored = [len(list(folder.rglob("*.npy"))) for _ in data.train_dataloader()]
    time.sleep(0.1)
    data.teardown("fit")
    assert max(stored) <= 4  # one may be on its way
    assert sorted(seen(data)) == list(range(45))


def test_damaged_download_is_repeated(
    server: tuple[str, Counter[str]], tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    address, asked = server
    data = data_of(address, drop_last=False)
    expected = seen(data)
    data.teardown("fit")
    copy = sorted((tmp_path / "cache" / "shards").rglob("*.npy"))[0]
    content = bytearray(copy.read_bytes())
    content[-1] ^= 1
    copy.write_bytes(content)
    again = data_of(address, drop_last=False)
    assert seen(again) == expected
    assert max(count for name, count in asked.items() if name.endswith(".npy")) == 2
    assert any("is damaged: the shard is downloaded again" in str(each.message) for each in recwarn)


# ---- errors


def test_damaged_photo_is_named(shards: Path) -> None:
    file = shards / "train" / "shard-00002.npy"
    content = bytearray(file.read_bytes())
    content[-5] ^= 255
    file.write_bytes(content)
    with pytest.raises(ColorganError, match=r"shard-00002\.npy is damaged \(near the photo .*photo_\d+\.png\); pack"):
        seen(data_of(shards, drop_last=False))


def save_pickle(file: Path) -> None:
    np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (save_pickle, "is not a shard of photos"),
        (lambda file: np.save(file, np.zeros((7, 16, 16, 3), np.float32)), "it is no array of uint8"),
        (lambda file: np.save(file, np.zeros((9, 16, 16, 3), np.uint8)), r"has the shape \(9, 16, 16, 3\) instead"),
        (lambda file: file.write_bytes(file.read_bytes()[:-100]), "is not a shard of photos"),
        (lambda file: file.write_bytes(b""), "is not a shard of photos"),
        (lambda file: file.with_suffix(".json").write_text("[]"), r"is damaged \(it is not a JSON object\)"),
        (lambda file: file.with_suffix(".json").write_text('{"names": [], "checksums": []}'), "another number of"),
        (lambda file: file.with_suffix(".json").unlink(), r"shard-00000\.json is missing; pack the photos again"),
    ],
)
def test_foreign_files_are_refused(shards: Path, damage: Callable[[Path], Any], sentence: str) -> None:
    damage(shards / "train" / "shard-00000.npy")
    with pytest.raises(ColorganError, match=sentence):
        seen(data_of(shards, drop_last=False))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": "other"}, "its format is 'other' instead of"),
        ({"side": 10**9}, "its side is 1000000000"),
        ({"side": True}, "its side is True"),
        ({"shards": [{"name": "../../etc/passwd", "count": 1, "checksum": 0}]}, r"its name is '\.\./\.\./etc/passwd'"),
        ({"shards": [{"name": "shard-00000", "count": -1, "checksum": 0}]}, "its count is -1"),
        ({"shards": 3}, "not iterable"),
        ({"left_out": []}, "no attribute"),
    ],
)
def test_foreign_index_is_refused(shards: Path, change: dict[str, Any], sentence: str) -> None:
    file = shards / "train" / "index.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **change}))
    with pytest.raises(ColorganError, match=f"is not the index of packed photos .*{sentence}.*make one with `colorgan"):
        data_of(shards)


@pytest.mark.parametrize(
    "root", ["ftp://host/shards", "simplecache::http://host/shards", "s3://bucket/x::file://y", "local::/etc"]
)
def test_other_addresses_are_refused(root: str, tmp_path: Path) -> None:
    with pytest.raises(ColorganError, match="cannot be read; give a folder, or an address that begins with one of"):
        ShardStore(root, tmp_path, 10)


def test_unreachable_storage_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ColorganError, match=r"http://127\.0\.0\.1:9/train/index\.json cannot be read \(.*\)$"):
        data_of("http://127.0.0.1:9", cache_dir=str(tmp_path))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"size": 32}, r"data\.size=32 is larger than the packed photos, which have 16 pixels: pack them with --side"),
        ({"batch_size": 64}, "45 training photos are fewer than a batch of 64"),
        ({"mix": 0}, "mix"),
        ({"cache_size": "many"}, "data.cache_size must be a size such as"),
    ],
)
def test_options_that_do_not_fit_are_one_sentence(shards: Path, options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ColorganError, match=sentence):
        data_of(shards, **options)


def test_cache_that_is_too_small_is_refused(server: tuple[str, Counter[str]]) -> None:
    with pytest.raises(ColorganError, match=r"data\.cache_size must hold two times data\.mix=2 shards"):
        data_of(server[0], cache_size="1KB")


def test_workers_receive_no_pixels(shards: Path) -> None:
    photos = data_of(shards).splits["train"].photos
    photos.read(np.arange(45))
    assert len(pickle.dumps(photos)) < 5000
    copy: ShardedPhotos = pickle.loads(pickle.dumps(photos))
    assert np.array_equal(copy.read(np.arange(45)), photos.read(np.arange(45)))


# ---- as users type it


CONFIG = """\
seed_everything: 1
data: {class_path: StreamingPhotos, init_args: {root: shards, size: 16, batch_size: 4, mix: 2, num_workers: 0}}
model:
  generator: {class_path: UNet, init_args: {width: 4, depth: 2}}
  discriminator: {class_path: PatchGAN, init_args: {width: 4, num_downsamples: 2}}
trainer:
  accelerator: cpu
  precision: 32-true
  max_epochs: 2
  num_sanity_val_steps: 0
  enable_progress_bar: false
  logger: false
  callbacks: [{class_path: LastCheckpoint}]
"""


def test_photos_are_packed_and_trained_on(
    make_photos: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    make_photos("photos", 40)
    Image.fromarray(photo_of(3)).save(tmp_path / "photos" / "copy.png")
    command = ["pack", "photos", "-o", "shards", "--side=16", "--shard-size=8KB", "--val-fraction=0.2"]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "shards/val: " in printed
    assert "px in" in printed
    counts = [json.loads((Path("shards") / split / "index.json").read_text())["count"] for split in ("train", "val")]
    assert sum(counts) == 40  # the copy is left out, in whichever split it would be
    assert main(command) == 0
    assert capsys.readouterr().out == printed
    Path("tiny.yaml").write_text(CONFIG)
    assert main(["fit", "-c", "tiny.yaml"]) == 0
    (last,) = Path("checkpoints").rglob("last.ckpt")
    assert torch.load(last, weights_only=True)["global_step"] == 2 * 2 * (counts[0] // 4)
    assert main(["validate", "-c", "tiny.yaml", f"--ckpt_path={last}"]) == 0


def test_missing_shards_are_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(CONFIG)
    assert main(["fit", "-c", "tiny.yaml"]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert "there are no packed photos in shards/train; make them with `colorgan pack FOLDER -o shards`" in line


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this PyTorch has no distributed training")
def test_two_processes_train_on_the_epoch_of_one(shards: Path, tmp_path: Path) -> None:
    """With gloo, each process with a worker."""
    data = StreamingPhotos(str(shards), size=16, batch_size=4, mix=2, num_workers=1)
    data.check()
    trainer = Trainer(
        default_root_dir=tmp_path, accelerator="cpu", devices=2, strategy="ddp_fork", max_epochs=1, logger=False,
        num_sanity_val_steps=0, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False,
    )  # fmt: skip
    trainer.fit(RankRecorder(tmp_path), data)
    ranks = [json.loads((tmp_path / f"{rank}.json").read_text())["trained"] for rank in range(2)]
    together = [index for batches in zip(*ranks, strict=True) for pair in zip(*batches, strict=True) for index in pair]
    assert together == seen(data_of(shards, batch_size=8))
    assert len(set(together)) == 40
