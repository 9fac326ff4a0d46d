"""Batches that are gathered, cropped and flipped on the device equal those of the CPU, bit for bit."""

import pickle

import albumentations
import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer
from torchvision.transforms import v2

from colorgan.data import Photos, device
from colorgan.data.dataset import PhotoDataset, to_batch
from colorgan.data.device import DeviceDataset, DeviceLoader, keeps_on_device, only_flips, to_tensors, upload
from colorgan.data.loader import PhotoLoader
from colorgan.data.process import TrainingProcess
from colorgan.data.sampler import EpochSampler
from colorgan.errors import ColorganError
from tests.data.test_resume import Interruption, Recorder

CPU = torch.device("cpu")
FLIPS = {
    "none": [],
    "albumentations": [albumentations.HorizontalFlip()],
    "torchvision": [v2.RandomHorizontalFlip()],
    "both axes": [v2.RandomVerticalFlip(), albumentations.HorizontalFlip(p=0.7), v2.RandomHorizontalFlip(0.3)],
    "vertical": [albumentations.VerticalFlip()],
}


def loaders(dataset: PhotoDataset, where: torch.device, num_workers: int = 0) -> tuple[PhotoLoader, DeviceLoader]:
    def options():
        sampler = EpochSampler(len(dataset), seed=0, shuffle=True)
        sampler.set_epoch(3)
        return {"batch_size": 3, "sampler": sampler, "num_workers": num_workers}

    on_device = DeviceDataset(dataset, upload(dataset, where))
    return (
        PhotoLoader(dataset, collate_fn=to_batch, **options()),
        DeviceLoader(on_device, collate_fn=to_tensors, **options()),
    )


def assert_equal_batches(dataset: PhotoDataset, where: torch.device = CPU, num_workers: int = 0) -> None:
    expected, batches = (list(loader) for loader in loaders(dataset, where, num_workers))
    assert len(batches) == len(expected) == 3
    for batch, reference in zip(batches, expected, strict=True):
        assert batch["rgb"].device.type == where.type
        assert batch["rgb"].is_contiguous()
        assert torch.equal(batch["rgb"].cpu(), reference["rgb"])
        assert torch.equal(batch["index"].cpu(), reference["index"])


@pytest.mark.parametrize("size", [18, 17, 16])
@pytest.mark.parametrize("random_crop", [False, True])
@pytest.mark.parametrize("transforms", FLIPS.values(), ids=FLIPS)
def test_batches_equal_those_of_the_cpu(make_dataset, transforms, random_crop, size):
    assert_equal_batches(make_dataset(size, transforms=transforms, random_crop=random_crop, seed=5))


def test_both_values_of_each_flip_occur(make_dataset):
    dataset = make_dataset(transforms=FLIPS["both axes"])
    flips = DeviceDataset(dataset, upload(dataset, CPU)).__getitems__([(epoch, 0) for epoch in range(60)])["flips"]
    assert {tuple(pair) for pair in flips.tolist()} == {(a, b) for a in (False, True) for b in (False, True)}


def test_workers_receive_no_pixels(make_dataset):
    dataset = make_dataset(transforms=FLIPS["torchvision"], random_crop=True)
    on_device = DeviceDataset(dataset, torch.zeros(1000, 18, 18, 3, dtype=torch.uint8))
    assert len(pickle.dumps(on_device)) < 50_000
    assert_equal_batches(dataset, num_workers=2)


def test_upload_in_chunks_copies_every_photo(make_dataset, monkeypatch):
    monkeypatch.setattr(device, "_CHUNK", 3)
    dataset = make_dataset()
    assert np.array_equal(upload(dataset, CPU).numpy(), dataset.photos.pixels[dataset.indices])


def test_only_flips_are_computed_on_the_device():
    assert only_flips([albumentations.HorizontalFlip(), v2.RandomVerticalFlip()])
    assert not only_flips([albumentations.HorizontalFlip(), albumentations.Affine()])
    assert not only_flips([v2.Compose([v2.RandomHorizontalFlip()])])


def test_auto_keeps_photos_on_cuda_if_they_take_a_quarter_of_the_free_memory(make_dataset, monkeypatch, caplog):
    dataset, cuda = make_dataset(), torch.device("cuda", 0)
    need = len(dataset) * 18 * 18 * 3
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (4 * need, 10**9))
    assert keeps_on_device("auto", dataset, FLIPS["albumentations"], cuda)
    assert not keeps_on_device("auto", dataset, [], CPU)
    assert not keeps_on_device(False, dataset, [], cuda)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _: (4 * need - 1, 10**9))
    assert not keeps_on_device("auto", dataset, [], cuda)
    assert keeps_on_device(True, dataset, [], cuda)
    caplog.set_level("INFO")
    assert not keeps_on_device("auto", dataset, [v2.ColorJitter()], cuda)
    assert "because ColorJitter of data.train_transforms is computed there" in caplog.text


def fit(folder, output, callbacks=(), ckpt_path=None, **options):
    data = Photos(
        str(folder),
        size=8,
        crop="random",
        batch_size=4,
        val_fraction=0.2,
        train_transforms=[albumentations.HorizontalFlip()],
        **options,
    )
    module = Recorder()
    trainer = Trainer(
        default_root_dir=output,
        accelerator="cpu",
        max_epochs=3,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=list(callbacks),
    )
    try:
        trainer.fit(module, data, ckpt_path=ckpt_path, weights_only=True)
    except (KeyboardInterrupt, SystemExit):
        assert callbacks
    return module, data


def test_resumed_run_on_the_device_equals_an_uninterrupted_run_on_the_cpu(make_photos, tmp_path, monkeypatch):
    folder, path = make_photos("photos", 22), tmp_path / "stop.ckpt"
    whole, _ = fit(folder, tmp_path, on_device=False)
    created = []
    monkeypatch.setattr("colorgan.data.loading.upload", lambda *args: created.append(args) or upload(*args))
    first, _ = fit(folder, tmp_path, [Interruption("batch", 1, 1, path)], on_device=True)
    second, data = fit(folder, tmp_path, ckpt_path=path, on_device=True)
    assert len(created) == 4  # the training and the validation photos of two runs
    assert 0 < len(first.seen) < len(whole.seen)
    assert first.seen + second.seen == whole.seen
    assert not data.loaders.pixels


def test_evaluation_batches_on_the_device_equal_those_of_the_cpu(make_photos):
    folder = str(make_photos("photos", 12))
    expected, batches = [], []
    for on_device, found in ((False, expected), (True, batches)):
        data = Photos(folder, size=8, load_size=10, batch_size=4, val_fraction=0.5, on_device=on_device)
        data.setup("fit")
        found += list(data.val_dataloader())
        assert isinstance(data.val_dataloader(), DeviceLoader) == on_device
    for batch, reference in zip(batches, expected, strict=True):
        assert torch.equal(batch["rgb"], reference["rgb"])
        assert torch.equal(batch["index"], reference["index"])


def test_each_process_takes_its_own_part_of_the_device(make_photos, monkeypatch):
    data = Photos(str(make_photos("photos", 16)), size=8, batch_size=4, val_fraction=0, on_device=True)
    data.setup("fit")
    seen = []
    for rank in range(2):
        monkeypatch.setattr(TrainingProcess, "rank", rank)
        monkeypatch.setattr(TrainingProcess, "world_size", 2)
        seen += [index for batch in data.train_dataloader() for index in batch["index"].tolist()]
    assert sorted(seen) == list(range(16))


def test_other_transforms_on_the_device_raise(make_photos):
    transforms = [albumentations.HorizontalFlip(), v2.ColorJitter()]
    data = Photos(str(make_photos("photos", 8)), size=8, batch_size=4, train_transforms=transforms, on_device=True)
    data.setup("fit")
    with pytest.raises(ColorganError, match=r"data\.on_device=true allows only flips .*; remove ColorJitter, or set"):
        data.train_dataloader()
    assert isinstance(data.val_dataloader(), DeviceLoader | list)  # validation photos are not transformed


@pytest.mark.gpu
@pytest.mark.parametrize("num_workers", [0, 2])
def test_batches_on_cuda_equal_those_of_the_cpu(make_dataset, num_workers):
    dataset = make_dataset(transforms=FLIPS["both axes"], random_crop=True)
    assert_equal_batches(dataset, torch.device("cuda"), num_workers)
