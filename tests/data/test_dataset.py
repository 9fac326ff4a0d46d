"""Samplers, augmentation and loaders, without a trainer."""

import multiprocessing
import pickle

import albumentations
import numpy as np
import pytest
import torch

from colorgan.data import dataset as loading
from colorgan.data.cache import cached_photos, file_source
from colorgan.data.dataset import (
    EpochSampler,
    FileDataset,
    PhotoDataset,
    PhotoLoader,
    default_num_workers,
    only_one,
    to_batch,
)
from colorgan.errors import ColorganError
from colorgan.images import list_photos, read_rgb

TRANSFORMS = [albumentations.HorizontalFlip(), albumentations.Affine(rotate=(-20, 20), p=1)]


@pytest.fixture
def dataset(make_photos):
    folder = make_photos("photos", 10)
    photos = cached_photos([file_source(path, folder) for path in list_photos(folder)], side=18)

    def make(size=16, **options):
        return PhotoDataset(photos, np.arange(1, 9), size, **options)

    return make


# ---- order


def test_every_rank_takes_its_own_share_of_training():
    orders = []
    for rank in range(3):
        sampler = EpochSampler(10, seed=5, shuffle=True, rank=rank, world=3)
        sampler.set_epoch(7)
        pairs = list(sampler)
        assert len(pairs) == len(sampler) == 4
        assert {epoch for epoch, _ in pairs} == {7}
        orders.append([index for _, index in pairs])
    together = [index for order in orders for index in order]
    assert set(together) == set(range(10))
    assert len(together) == 12


def test_no_photo_is_validated_twice():
    orders = [list(EpochSampler(10, seed=5, shuffle=False, rank=rank, world=3)) for rank in range(3)]
    assert [index for _, index in orders[0]] == [0, 3, 6, 9]
    assert sorted(index for order in orders for _, index in order) == list(range(10))
    assert [len(EpochSampler(10, seed=5, shuffle=False, rank=rank, world=3)) for rank in range(3)] == [4, 3, 3]
    assert len(EpochSampler(2, seed=5, shuffle=False, rank=2, world=3)) == 0


def test_order_depends_on_seed_and_epoch_only():
    def order(seed, epoch):
        sampler = EpochSampler(30, seed=seed, shuffle=True)
        sampler.set_epoch(epoch)
        torch.rand(3), np.random.rand(3)  # noqa: NPY002 (nobody else's randomness matters)
        return list(sampler)

    assert order(0, 1) == order(0, 1)
    assert len({tuple(index for _, index in order(*pair)) for pair in [(0, 0), (0, 1), (1, 0), (1, 1)]}) == 4


def test_position_goes_on_within_an_epoch():
    whole = EpochSampler(20, seed=1, shuffle=True, batch_size=4, rank=1, world=2)
    whole.set_epoch(3)
    late = EpochSampler(20, seed=1, shuffle=True, batch_size=4, rank=1, world=2, position=lambda: (3, 2))
    assert list(late) == list(whole)[8:]
    assert len(late) == len(whole)


# ---- augmentation


def test_without_augmentation_the_middle_of_the_cached_photo_comes_out(dataset):
    data = dataset()
    sample = data[3]
    assert sample["rgb"].shape == (3, 16, 16)
    assert sample["index"] == 3
    expected = data.photos.pixels[4, 1:17, 1:17].transpose(2, 0, 1)
    assert np.array_equal(sample["rgb"].numpy(), expected)


def test_augmentation_is_a_function_of_seed_epoch_and_index(dataset):
    one, other = dataset(transforms=TRANSFORMS, random_crop=True), dataset(transforms=TRANSFORMS, random_crop=True)
    wanted = one[(2, 5)]["rgb"]
    other[(0, 1)], other[(2, 4)]
    assert torch.equal(other[(2, 5)]["rgb"], wanted)
    batch = to_batch(other.__getitems__([(0, 0), (2, 5), (1, 1)]))
    assert torch.equal(batch["rgb"][1], wanted)
    assert not torch.equal(one[(3, 5)]["rgb"], wanted)
    assert not torch.equal(dataset(transforms=TRANSFORMS, random_crop=True, seed=1)[(2, 5)]["rgb"], wanted)


def test_random_crops_reach_every_place(dataset):
    data = dataset(random_crop=True)
    padded = torch.from_numpy(np.array(data.photos.pixels[data.indices[0]])).permute(2, 0, 1)
    windows = {(top, left): padded[:, top : top + 16, left : left + 16] for top in range(3) for left in range(3)}
    found = set()
    for epoch in range(60):
        crop = data[(epoch, 0)]["rgb"]
        found |= {place for place, window in windows.items() if torch.equal(window, crop)}
    assert found == set(windows)


def test_a_flip_is_a_flip(dataset):
    plain, flipped = dataset()[0]["rgb"], dataset(transforms=[albumentations.HorizontalFlip(p=1)])[0]["rgb"]
    assert torch.equal(flipped, plain.flip(2))


def test_transforms_may_crop_by_themselves(dataset):
    data = dataset(transforms=[albumentations.RandomResizedCrop(size=(16, 16), scale=(0.5, 1))])
    assert data[0]["rgb"].shape == (3, 16, 16)


@pytest.mark.parametrize(
    "transform", [albumentations.Normalize(), albumentations.CenterCrop(8, 8), albumentations.ToTensorV2(), "gray"]
)
def test_transforms_that_spoil_the_photo_get_a_sentence(dataset, transform):
    if transform == "gray":
        transform = albumentations.Lambda(image=lambda image, **_: image[..., 0])
    with pytest.raises(ColorganError, match=r"train_transforms turned a photo into .*at least 16 x 16 pixels"):
        dataset(transforms=[transform])[0]


def test_the_cached_photo_cannot_be_changed(dataset):
    data = dataset(18, transforms=[albumentations.Lambda(image=lambda image, **_: image.__imul__(0), p=1)])
    before = data.photos.pixels[1].copy()
    data[0]
    assert np.array_equal(data.photos.pixels[1], before)


# ---- loaders


def loader(dataset, **options):
    sampler = EpochSampler(len(dataset), seed=0, shuffle=True)
    return PhotoLoader(dataset, batch_size=3, sampler=sampler, collate_fn=to_batch, **options)


def test_batches_are_what_the_model_expects(dataset):
    batches = list(loader(dataset()))
    assert [len(batch["index"]) for batch in batches] == [3, 3, 2]
    assert batches[0]["rgb"].shape == (3, 3, 16, 16)
    assert batches[0]["rgb"].dtype == torch.uint8
    assert batches[0]["rgb"].is_contiguous()
    assert batches[0]["index"].dtype == torch.int64


def test_a_loader_starts_late(dataset):
    sampler = EpochSampler(8, seed=0, shuffle=True)
    iterator = iter(PhotoLoader(dataset(), batch_size=8, sampler=sampler, collate_fn=to_batch, num_workers=1))
    sampler.set_epoch(4)
    indices = next(iterator)["index"].tolist()
    assert indices == [index for _, index in sampler]


def test_datasets_pickle_small(dataset):
    data = dataset(transforms=TRANSFORMS)
    data[0]
    copy = pickle.loads(pickle.dumps(data))
    assert torch.equal(copy[(1, 2)]["rgb"], data[(1, 2)]["rgb"])
    assert len(pickle.dumps(data.photos)) < data.photos.pixels.nbytes


@pytest.mark.slow
@pytest.mark.parametrize(
    "method", [name for name in ("spawn", "forkserver") if name in multiprocessing.get_all_start_methods()]
)
def test_workers_of_every_kind_give_the_same(dataset, method):
    data = dataset(transforms=TRANSFORMS, random_crop=True)
    here = list(loader(data))
    options = {"num_workers": 1, "multiprocessing_context": method, "worker_init_fn": loading.init_worker}
    for one, other in zip(here, loader(data, **options), strict=True):
        assert torch.equal(one["rgb"], other["rgb"])


@pytest.mark.parametrize("workers", [0, 2])
def test_unreadable_files_are_left_out_and_kept_in_mind(make_photos, workers):
    folder = make_photos("photos", 3)
    (folder / "photo_001.png").write_bytes(b"")
    data = FileDataset(list_photos(folder))
    batches = list(PhotoLoader(data, batch_size=1, collate_fn=only_one, num_workers=workers))
    assert [batch["path"] for batch in batches] == [[str(folder / "photo_000.png")], [str(folder / "photo_002.png")]]
    assert batches[0]["rgb"].shape == (1, 3, 24, 32)
    assert np.array_equal(batches[1]["rgb"][0].permute(1, 2, 0).numpy(), read_rgb(folder / "photo_002.png"))
    assert [(error.path, error.reason) for error in data.unreadable] == [
        (str(folder / "photo_001.png"), "the file is empty")
    ]


# ---- workers


def test_sensible_numbers_of_workers(monkeypatch):
    monkeypatch.setattr(loading, "usable_cores", lambda: 16)
    monkeypatch.setattr(loading.sys, "platform", "linux")
    assert default_num_workers("cpu", augmented=True) == 0
    assert default_num_workers("cuda", augmented=False) == 0
    assert default_num_workers("cuda", augmented=True) == 8
    assert default_num_workers("cuda", augmented=True, devices=4) == 3
    monkeypatch.setattr(loading.sys, "platform", "win32")
    assert default_num_workers("cuda", augmented=True) == 2
    monkeypatch.setattr(loading, "usable_cores", lambda: 1)
    assert default_num_workers("mps", augmented=True) == 0
