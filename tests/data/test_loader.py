"""Loaders start late, skip unreadable files, and give the same batches with any workers."""

import multiprocessing

import albumentations
import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from colorgan.data import loader
from colorgan.data.dataset import FileDataset, to_batch
from colorgan.data.loader import FileLoader, PhotoLoader, default_num_workers, first_sample
from colorgan.data.sampler import EpochSampler
from colorgan.images import list_photos, read_rgb

TRANSFORMS = [v2.RandomHorizontalFlip(), v2.ColorJitter(contrast=0.5), albumentations.Affine(rotate=(-20, 20), p=1)]


def make_loader(dataset, **options):
    sampler = EpochSampler(len(dataset), seed=0, shuffle=True)
    return PhotoLoader(dataset, batch_size=3, sampler=sampler, collate_fn=to_batch, **options)


def test_batches_have_the_documented_types_and_shapes(make_dataset):
    batches = list(make_loader(make_dataset()))
    assert [len(batch["index"]) for batch in batches] == [3, 3, 2]
    assert batches[0]["rgb"].shape == (3, 3, 16, 16)
    assert batches[0]["rgb"].dtype == torch.uint8
    assert batches[0]["rgb"].is_contiguous()
    assert batches[0]["index"].dtype == torch.int64


def test_loader_starts_with_the_first_batch(make_dataset):
    sampler = EpochSampler(8, seed=0, shuffle=True)
    iterator = iter(PhotoLoader(make_dataset(), batch_size=8, sampler=sampler, collate_fn=to_batch, num_workers=1))
    sampler.set_epoch(4)
    indices = next(iterator)["index"].tolist()
    assert indices == [index for _, index in sampler]


@pytest.mark.slow
@pytest.mark.parametrize(
    "method", [name for name in ("spawn", "forkserver") if name in multiprocessing.get_all_start_methods()]
)
def test_every_start_method_gives_the_same_batches(make_dataset, method):
    data = make_dataset(transforms=TRANSFORMS, random_crop=True)
    expected = list(make_loader(data))
    options = {"num_workers": 1, "multiprocessing_context": method, "worker_init_fn": loader.init_worker}
    for one, other in zip(expected, make_loader(data, **options), strict=True):
        assert torch.equal(one["rgb"], other["rgb"])


@pytest.mark.parametrize("num_workers", [0, 2])
def test_unreadable_files_are_skipped_and_recorded(make_photos, num_workers):
    folder = make_photos("photos", 3)
    (folder / "photo_001.png").write_bytes(b"")
    data = FileDataset(list_photos(folder))
    batches = list(FileLoader(data, batch_size=1, collate_fn=first_sample, num_workers=num_workers))
    assert [batch["path"] for batch in batches] == [[str(folder / "photo_000.png")], [str(folder / "photo_002.png")]]
    assert batches[0]["rgb"].shape == (1, 3, 24, 32)
    assert np.array_equal(batches[1]["rgb"][0].permute(1, 2, 0).numpy(), read_rgb(folder / "photo_002.png"))
    assert [(error.path, error.reason) for error in data.unreadable] == [
        (str(folder / "photo_001.png"), "the file is empty")
    ]


def test_default_num_workers_depends_on_device_and_platform(monkeypatch):
    monkeypatch.setattr(loader, "available_cores", lambda: 16)
    monkeypatch.setattr(loader.sys, "platform", "linux")
    assert default_num_workers("cpu", augmented=True) == 0
    assert default_num_workers("cuda", augmented=False) == 0
    assert default_num_workers("cuda", augmented=True) == 8
    assert default_num_workers("cuda", augmented=True, devices=4) == 3
    monkeypatch.setattr(loader.sys, "platform", "win32")
    assert default_num_workers("cuda", augmented=True) == 2
    monkeypatch.setattr(loader, "available_cores", lambda: 1)
    assert default_num_workers("mps", augmented=True) == 0
