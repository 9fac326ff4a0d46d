"""Transforms of albumentations and torchvision mix freely and draw all random numbers from one generator."""

import pickle
import random
import subprocess
import sys

import albumentations
import numpy as np
import pytest
import torch
from torchvision import transforms as v1
from torchvision.transforms import v2

from colorgan.data.augmentation import Augmentation
from colorgan.errors import ColorganError
from tests.helpers import photo_of

PHOTO = photo_of(1, 24, 32)
FLIPS = {"albumentations": albumentations.HorizontalFlip(p=1), "torchvision": v2.RandomHorizontalFlip(p=1)}
MIXED = [
    v2.RandomRotation(30),
    albumentations.RandomBrightnessContrast(p=1),
    albumentations.Affine(rotate=(-20, 20), p=1),
    v2.ColorJitter(brightness=0.5, hue=0.1),
    v2.RandomResizedCrop(16),
]


def augment(transforms, seed=0, photo=PHOTO):
    return Augmentation(transforms)(photo, np.random.default_rng(seed))


@pytest.mark.parametrize("library", FLIPS)
def test_result_is_that_of_the_library(library):
    result = augment([FLIPS[library]])
    assert result.dtype == np.uint8
    assert result.flags.c_contiguous
    assert np.array_equal(result, PHOTO[:, ::-1])


def test_transforms_of_both_libraries_are_applied_in_order():
    pad, crop = v2.Pad([2, 0, 0, 0]), albumentations.Crop(x_min=0, y_min=0, x_max=4, y_max=4)
    assert np.array_equal(augment([pad, crop]), np.pad(PHOTO[:4, :2], ((0, 0), (2, 0), (0, 0))))
    assert np.array_equal(augment([crop, pad]), np.pad(PHOTO[:4, :4], ((0, 0), (2, 0), (0, 0))))


def test_albumentations_alone_give_what_they_have_always_given():
    """A run that began before torchvision's transforms were accepted sees the same photos when it is resumed."""
    transforms = [albumentations.HorizontalFlip(), albumentations.RandomBrightnessContrast(p=1)]
    for seed in range(8):
        compose, rng = albumentations.Compose(transforms), np.random.default_rng(seed)
        compose.set_random_state(rng, random.Random(int(rng.integers(1 << 62))))
        expected = compose(image=PHOTO)["image"]
        assert np.array_equal(augment(transforms, seed), expected)


def test_randomness_depends_only_on_the_generator():
    augmentation = Augmentation(MIXED)
    first = augmentation(PHOTO, np.random.default_rng(3))
    torch.manual_seed(5), np.random.seed(5), random.seed(5)  # noqa: NPY002
    augmentation(PHOTO, np.random.default_rng(4))
    assert np.array_equal(augmentation(PHOTO, np.random.default_rng(3)), first)
    assert not np.array_equal(augmentation(PHOTO, np.random.default_rng(4)), first)
    assert np.array_equal(pickle.loads(pickle.dumps(augmentation))(PHOTO, np.random.default_rng(3)), first)


def test_generator_of_the_training_is_left_alone():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    augment(MIXED)
    assert torch.equal(torch.rand(3), expected)


def test_torchvision_draws_differ_between_photos_and_places_in_the_list():
    noise = [v2.ColorJitter(brightness=0.9), albumentations.NoOp(p=1), v2.ColorJitter(brightness=0.9)]
    means = {float(augment(noise[:1], seed).mean()) for seed in range(20)}
    assert len(means) > 15
    once, twice = (np.array([augment(noise[:n], seed).mean() for seed in range(40)]) / PHOTO.mean() for n in (1, 3))
    assert abs(np.corrcoef(once, twice / once)[0, 1]) < 0.5  # the second draw does not repeat the first


@pytest.mark.parametrize(
    ("transform", "received"),
    [
        (albumentations.Normalize(), r"ndarray \(24, 32, 3\) of float32"),
        (albumentations.ToTensorV2(), r"Tensor \(3, 24, 32\) of torch.uint8"),
        (albumentations.ToGray(num_output_channels=1, p=1), r"ndarray \(24, 32\) of uint8"),
        (v2.ToDtype(torch.float32, scale=True), r"ndarray \(24, 32, 3\) of float32"),
        (v2.Grayscale(), r"ndarray \(24, 32, 1\) of uint8"),
        (v2.ToPILImage(), r"Image \(\) of \?"),
        (v2.FiveCrop(8), r"tuple \(\) of \?"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_transforms_that_return_no_photo_raise(transform, received):
    with pytest.raises(ColorganError, match=rf"train_transforms returned {received}; .*remove Normalize"):
        augment([transform, *MIXED])


@pytest.mark.parametrize("transform", [v1.RandomHorizontalFlip(), np.fliplr, "flip"])
def test_other_objects_are_refused(transform):
    with pytest.raises(ColorganError, match=r"of albumentations and of torchvision\.transforms\.v2; received \w+"):
        Augmentation([transform])


def test_import_prints_nothing_and_opens_no_connection():
    code = (
        "import socket\n"
        "def refuse(*_, **__): raise AssertionError('a connection was opened')\n"
        "socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse\n"
        "import colorgan.data.augmentation\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")
