"""Samples are reproducible crops and augmentations of the cached photos."""

import pickle

import albumentations
import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from colorgan.data.dataset import to_batch
from colorgan.errors import ColorganError

TRANSFORMS = [
    albumentations.HorizontalFlip(),
    v2.ColorJitter(brightness=0.5),
    albumentations.Affine(rotate=(-20, 20), p=1),
]


def test_center_is_cropped_without_augmentation(make_dataset):
    data = make_dataset()
    sample = data[3]
    assert sample["rgb"].shape == (3, 16, 16)
    assert sample["index"] == 3
    expected = data.photos.pixels[4, 1:17, 1:17].transpose(2, 0, 1)
    assert np.array_equal(sample["rgb"].numpy(), expected)


def test_augmentation_depends_only_on_seed_epoch_and_index(make_dataset):
    one, other = (
        make_dataset(transforms=TRANSFORMS, random_crop=True),
        make_dataset(transforms=TRANSFORMS, random_crop=True),
    )
    wanted = one[(2, 5)]["rgb"]
    other[(0, 1)], other[(2, 4)]
    assert torch.equal(other[(2, 5)]["rgb"], wanted)
    batch = to_batch(other.__getitems__([(0, 0), (2, 5), (1, 1)]))
    assert torch.equal(batch["rgb"][1], wanted)
    assert not torch.equal(one[(3, 5)]["rgb"], wanted)
    assert not torch.equal(make_dataset(transforms=TRANSFORMS, random_crop=True, seed=1)[(2, 5)]["rgb"], wanted)


def test_random_crops_reach_every_position(make_dataset):
    data = make_dataset(random_crop=True)
    padded = torch.from_numpy(np.array(data.photos.pixels[data.indices[0]])).permute(2, 0, 1)
    windows = {(top, left): padded[:, top : top + 16, left : left + 16] for top in range(3) for left in range(3)}
    found = set()
    for epoch in range(60):
        crop = data[(epoch, 0)]["rgb"]
        found |= {position for position, window in windows.items() if torch.equal(window, crop)}
    assert found == set(windows)


def test_horizontal_flip_is_applied(make_dataset):
    plain, flipped = make_dataset()[0]["rgb"], make_dataset(transforms=[albumentations.HorizontalFlip(p=1)])[0]["rgb"]
    assert torch.equal(flipped, plain.flip(2))


def test_transforms_may_crop(make_dataset):
    data = make_dataset(transforms=[albumentations.RandomResizedCrop(size=(16, 16), scale=(0.5, 1))])
    assert data[0]["rgb"].shape == (3, 16, 16)


@pytest.mark.parametrize(
    "transform", [albumentations.CenterCrop(8, 12), v2.CenterCrop((8, 12))], ids=["albumentations", "torchvision"]
)
def test_transforms_that_return_too_few_pixels_raise(make_dataset, transform):
    with pytest.raises(ColorganError, match=r"returned a photo of 12 x 8 pixels; they must return at least 16 x 16"):
        make_dataset(transforms=[transform])[0]


def test_transforms_cannot_change_the_cache(make_dataset):
    data = make_dataset(18, transforms=[albumentations.Lambda(image=lambda image, **_: image.__imul__(0), p=1)])
    before = data.photos.pixels[1].copy()
    data[0]
    assert np.array_equal(data.photos.pixels[1], before)


def test_pickled_dataset_contains_no_pixels(make_dataset):
    data = make_dataset(transforms=TRANSFORMS)
    data[0]
    copy = pickle.loads(pickle.dumps(data))
    assert torch.equal(copy[(1, 2)]["rgb"], data[(1, 2)]["rgb"])
    assert len(pickle.dumps(data.photos)) < data.photos.pixels.nbytes
