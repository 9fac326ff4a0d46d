"""The data module: finding and splitting photos, batches, YAML, and error messages."""

import os
from pathlib import Path

import jsonargparse
import numpy as np
import PIL.Image
import pytest
import torch
from lightning.pytorch import LightningModule, Trainer

from colorgan.data import PhotoDataModule, Photos
from colorgan.data.manifest import read_manifest
from colorgan.errors import ColorganError
from colorgan.images import SAMPLE_PHOTOS
from tests.photo_edits import EDITS, scene

SMALL = {"size": 8, "batch_size": 4, "num_workers": 0}


def set_up(root=None, stage="fit", **options) -> Photos:
    data = Photos(str(root) if root is not None else None, **{**SMALL, **options})
    data.setup(stage)
    return data


def names(data: Photos, split: str) -> set[str]:
    return set(data.splits[split].names)


# ---- splits


def test_sample_photos_are_the_default():
    data = set_up("sample")
    assert (len(data.splits["train"]), len(data.splits["val"])) == (166, 42)
    assert not data.splits["train"].gray
    assert data.splits["train"].folder == SAMPLE_PHOTOS / "train"
    assert Photos().root == Photos("sample").root == SAMPLE_PHOTOS
    assert (SAMPLE_PHOTOS.parent / "CREDITS.md").exists() or (SAMPLE_PHOTOS / "CREDITS.md").exists()


def test_folder_is_split_by_fractions(make_photos):
    data = set_up(make_photos("photos", 20), val_fraction=0.2, test_fraction=0.1)
    assert [len(data.splits[name]) for name in ("train", "val", "test")] == [14, 4, 2]
    parts = [names(data, name) for name in ("train", "val", "test")]
    assert len(set.union(*parts)) == 20
    again = set_up(data.root, val_fraction=0.2, test_fraction=0.1)
    assert [names(again, name) for name in ("train", "val", "test")] == parts
    other = set_up(data.root, val_fraction=0.2, test_fraction=0.1, seed=1)
    assert names(other, "val") != parts[1]


@pytest.mark.parametrize("validation", ["val", "valid", "validation"])
def test_splits_are_found_below_the_root(make_photos, tmp_path, validation):
    make_photos("data/train", range(10))
    make_photos(f"data/{validation}/class", range(10, 14))
    make_photos("data/test", range(14, 16))
    data = set_up(tmp_path / "data", stage=None)
    assert [len(data.splits[name]) for name in ("train", "val", "test")] == [10, 4, 2]
    assert names(data, "val") == {f"class/photo_{number:03d}.png" for number in range(10, 14)}


def test_root_without_validation_folder_is_split(make_photos, tmp_path):
    make_photos("data/train", range(10))
    make_photos("data/test", range(10, 13))
    data = set_up(tmp_path / "data", stage=None, val_fraction=0.2)
    assert [len(data.splits[name]) for name in ("train", "val", "test")] == [8, 2, 3]


def test_folders_can_be_given_separately(make_photos):
    one, two = make_photos("one", range(8)), make_photos("two", range(8, 11))
    data = set_up(train=str(one), val=str(two))
    assert (len(data.splits["train"]), len(data.splits["val"])) == (8, 3)
    data = set_up(train=str(one))
    assert (len(data.splits["train"]), len(data.splits["val"])) == (7, 1)
    data = set_up(val=str(two), stage="validate")
    assert len(data.splits["val"]) == 3


def test_only_photos_of_the_stage_are_decoded(make_photos, tmp_path):
    make_photos("data/test", 3)
    (tmp_path / "data/train").mkdir()
    data = set_up(tmp_path / "data", stage="test")
    assert set(data.splits) == {"test"}


def test_validation_photos_are_tested_without_test_photos(make_photos):
    data = set_up(make_photos("photos", 10), stage="test", val_fraction=0.3)
    assert names(data, "test") == names(data, "val")
    assert sum(len(batch["index"]) for batch in data.test_dataloader()) == 3


def test_empty_validation_split_has_no_loader(make_photos):
    data = set_up(make_photos("photos", 10), val_fraction=0.0)
    assert data.val_dataloader() == []
    with pytest.raises(ColorganError, match=r"no photos to validate on: .*--data\.val"):
        set_up(data.root, stage="validate", val_fraction=0.0)


def test_limit_is_spread_evenly_over_names(make_photos):
    data = set_up(make_photos("photos", 20), limit=5, val_fraction=0, batch_size=1)
    assert data.splits["train"].names == [f"photo_{number:03d}.png" for number in (0, 5, 10, 14, 19)]


def test_gray_photos_are_skipped_and_counted(make_photos, tmp_path, capfd, caplog):
    make_photos("photos", 8)
    folder = make_photos("photos/gray", 3, gray=True)
    with caplog.at_level("INFO"):
        data = set_up(folder.parent, val_fraction=0.25)
    output = caplog.text + capfd.readouterr().err
    assert "Skipped 3 gray photos of 11 in" in output
    assert data.splits["train"].gray == [f"gray/photo_{number:03d}.png" for number in range(3)]
    assert len(data.splits["train"]) + len(data.splits["val"]) == 8
    kept = set_up(folder.parent, val_fraction=0.25, skip_gray=False)
    assert len(kept.splits["train"]) + len(kept.splits["val"]) == 11


def test_unreadable_photos_are_skipped_and_named(make_photos):
    folder = make_photos("photos", 8)
    for number in range(7):
        (folder / f"bad_{number}.jpg").write_bytes(b"x")
    with pytest.warns(
        UserWarning,
        match=r"Skipped 7 unreadable files of 15 in .* \(7 because not an image .*: bad_0.jpg .*, bad_6.jpg",
    ):
        data = set_up(folder)
    assert len(data.splits["train"].unreadable) == 7


def test_near_duplicates_stay_together_and_are_reported_across_folders(make_photos):
    one, two = make_photos("one", range(8)), make_photos("two", range(6, 10), suffix=".bmp")
    with pytest.warns(
        UserWarning,
        match=r"2 of 4 validation photos are near-duplicates of training photos.*photo_006.bmp and photo_006.png",
    ):
        set_up(train=str(one), val=str(two))
    for seed in range(5):
        make_photos("both", range(8))
        both = make_photos("both", range(8), suffix=".bmp")
        data = set_up(both, val_fraction=0.3, seed=seed)
        assert {Path(name).stem for name in names(data, "val")}.isdisjoint(
            {Path(name).stem for name in names(data, "train")}
        )


def test_edited_copies_stay_together(tmp_path):
    for seed in range(10):
        for kind in ("mirrored", "turned by 90°", "brightness +15 %", "framed, 5 % black"):
            EDITS[kind](scene(seed)).save(tmp_path / f"{seed} {kind}.png")
    for seed in range(5):
        data = set_up(tmp_path, size=64, val_fraction=0.3, seed=seed)
        parts = [{name.split()[0] for name in names(data, split)} for split in ("train", "val")]
        assert [len(part) for part in parts] == [7, 3]
        assert parts[0].isdisjoint(parts[1])


# ---- batches


def test_batches_have_the_documented_shapes_and_order(make_photos):
    data = set_up(make_photos("photos", 13), val_fraction=0.25, size=16)
    batches = list(data.train_dataloader())
    assert [tuple(batch["rgb"].shape) for batch in batches] == [(4, 3, 16, 16)] * 2
    assert batches[0]["rgb"].dtype == torch.uint8
    whole = list(set_up(data.root, val_fraction=0.25, drop_last=False).train_dataloader())
    assert sum(len(batch["index"]) for batch in whole) == 10
    validation = list(data.val_dataloader())
    assert torch.cat([batch["index"] for batch in validation]).tolist() == [0, 1, 2]
    split = data.splits["val"]
    assert torch.equal(
        validation[0]["rgb"][1], torch.from_numpy(split.photos.pixels[split.indices[1]].copy()).permute(2, 0, 1)
    )


def test_random_crops_are_taken_from_larger_squares_in_training_only(make_photos):
    data = set_up(make_photos("photos", 12), size=16, crop="random", val_fraction=0.25)
    assert data.load_size == 18
    assert data.splits["train"].photos.side == 18
    assert next(iter(data.train_dataloader()))["rgb"].shape[-2:] == (16, 16)
    assert next(iter(data.val_dataloader()))["rgb"].shape[-2:] == (16, 16)
    assert Photos(size=256, crop="random", load_size=286).load_size == 286
    assert Photos(size=48).image_size == Photos(size=48).load_size == 48


def test_photos_satisfies_the_protocol():
    assert isinstance(Photos(), PhotoDataModule)


def test_squeezed_photos_are_whole(make_photos):
    """Each is the whole photo, resized by Pillow without keeping its aspect ratio."""
    folder = make_photos("photos", 8)
    squeezed = set_up(folder, size=24, resize="squeeze").splits["train"].photos
    for name, pixels in zip(squeezed.names, squeezed.pixels, strict=True):
        whole = PIL.Image.open(folder / name).convert("RGB")
        expected = whole.resize((24, 24), PIL.Image.Resampling.BICUBIC)
        assert np.array_equal(pixels, np.asarray(expected))
    older = set_up(folder, size=24, crop="none").splits["train"].photos
    assert np.array_equal(older.pixels, squeezed.pixels)
    assert not np.array_equal(set_up(folder, size=24).splits["train"].photos.pixels, squeezed.pixels)


def test_random_crops_of_squeezed_photos(make_photos):
    data = set_up(make_photos("photos", 12), size=16, load_size=18, resize="squeeze", crop="random", val_fraction=0.25)
    assert data.splits["train"].photos.side == 18
    assert next(iter(data.train_dataloader()))["rgb"].shape[-2:] == (16, 16)


def test_prediction_yields_photos_at_their_original_sizes(make_photos):
    folder = make_photos("photos", 3, gray=True)
    (folder / "photo_001.png").write_bytes(b"")
    data = Photos(predict=str(folder), num_workers=0)
    data.setup("predict")
    assert [batch["rgb"].shape for batch in data.predict_dataloader()] == [(1, 3, 24, 32)] * 2
    assert data.unreadable == [(str(folder / "photo_001.png"), "the file is empty")]
    with pytest.warns(
        UserWarning,
        match=r"Skipped 1 unreadable file of 3 in .* \(1 because the file is empty\): .*photo_001.png \(the file",
    ):
        data.teardown("predict")
    single = Photos(predict=str(folder / "photo_000.png"))
    single.setup("predict")
    assert len(list(single.predict_dataloader())) == 1


class Recorder(LightningModule):
    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.validated, self.predicted = [], []

    def training_step(self, batch, batch_idx):
        return self.layer(batch["rgb"].float().mean().view(1, 1)).sum()

    def validation_step(self, batch, batch_idx):
        self.validated += batch["index"].tolist()

    test_step = validation_step

    def predict_step(self, batch, batch_idx):
        self.predicted += batch["path"]

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), 1e-3)


def test_trainer_runs_every_stage(make_photos, tmp_path):
    folder = make_photos("photos", 12)
    broken = make_photos("broken", 4)
    (broken / "photo_002.png").write_bytes(b"")
    quiet = {
        "logger": False,
        "enable_checkpointing": False,
        "enable_progress_bar": False,
        "enable_model_summary": False,
    }
    module, trainer = Recorder(), Trainer(default_root_dir=tmp_path, accelerator="cpu", max_epochs=2, **quiet)
    data = Photos(str(folder), predict=str(broken), val_fraction=0.25, **SMALL)
    trainer.fit(module, data)
    assert trainer.global_step == 4
    assert module.validated[-3:] == [0, 1, 2]
    trainer.validate(module, data)
    trainer.test(module, data)
    with pytest.warns(UserWarning, match=r"Skipped 1 unreadable file of 4"):
        trainer.predict(module, data, return_predictions=False)
    assert [Path(path).name for path in module.predicted] == ["photo_000.png", "photo_001.png", "photo_003.png"]
    trainer.fit_loop.epoch_progress.reset()
    trainer.fit(module, Photos(str(folder), val_fraction=0.0, **SMALL))


# ---- YAML


def test_yaml_may_contain_augmentation():
    parser = jsonargparse.ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(Photos, "data")
    config = parser.parse_object(
        {
            "data": {
                "class_path": "colorgan.data.Photos",
                "init_args": {
                    "size": 32,
                    "train_transforms": [
                        {"class_path": "albumentations.HorizontalFlip", "init_args": {"p": 0.5}},
                        {"class_path": "albumentations.RandomResizedCrop", "init_args": {"size": [32, 32]}},
                        {
                            "class_path": "albumentations.OneOf",
                            "init_args": {"transforms": [{"class_path": "albumentations.ColorJitter"}]},
                        },
                        {"class_path": "torchvision.transforms.v2.RandomRotation", "init_args": {"degrees": 10}},
                        {
                            "class_path": "torchvision.transforms.v2.RandomApply",
                            "init_args": {
                                "transforms": [
                                    {
                                        "class_path": "torchvision.transforms.v2.ColorJitter",
                                        "init_args": {"brightness": 0.2},
                                    }
                                ]
                            },
                        },
                    ],
                },
            }
        }
    )
    saved = parser.dump(config)
    assert "degrees: 10\n" in saved
    assert parser.dump(parser.parse_string(saved)) == saved
    data = parser.instantiate(config).data
    assert [type(transform).__name__ for transform in data.loaders.train_transforms] == [
        *("HorizontalFlip", "RandomResizedCrop", "OneOf"),
        *("RandomRotation", "RandomApply"),
    ]
    data.setup("fit")
    assert next(iter(data.train_dataloader()))["rgb"].shape == (32, 3, 32, 32)


# ---- errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, r"data\.size must be at least 1; received 0"),
        ({"batch_size": -2}, r"data\.batch_size must be at least 1; received -2"),
        ({"limit": 0}, r"data\.limit must be at least 1"),
        ({"val_fraction": 1.0}, r"data\.val_fraction and data\.test_fraction .*received 1\.0 and 0\.0"),
        ({"val_fraction": 0.6, "test_fraction": 0.5}, "their sum below 1"),
        ({"val_fraction": float("nan")}, "received nan"),
        ({"size": 64, "load_size": 32}, r"data\.load_size must be at least data\.size=64; received 32"),
        ({"num_workers": -1}, r"data\.num_workers must be at least 0; received -1"),
        ({"seed": -1}, r"data\.seed must be at least 0; received -1"),
    ],
)
def test_invalid_arguments_raise(options, message):
    with pytest.raises(ColorganError, match=message):
        Photos(**options)


def test_folders_without_usable_photos_raise(make_photos, tmp_path):
    with pytest.raises(ColorganError, match="there is no folder .*absent"):
        set_up(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ColorganError, match="empty contains no photos"):
        set_up(tmp_path / "empty")
    with pytest.raises(ColorganError, match=r"none of 3 photos in .*gray has color \(--data.skip_gray=false"):
        set_up(make_photos("gray", 3, gray=True))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.jpg").write_bytes(b"x")
    with pytest.raises(ColorganError, match="none of 1 photo in .*broken is readable"), pytest.warns(match="a.jpg"):
        set_up(tmp_path / "broken")
    with pytest.raises(ColorganError, match="there is nothing to colorize"):
        Photos().setup("predict")


def test_fewer_photos_than_a_batch_raise(make_photos):
    folder = make_photos("photos", 5)
    with pytest.raises(
        ValueError, match=r"4 training photos are fewer than a batch of 8; .*--data\.batch_size=4 or less"
    ):
        set_up(folder, batch_size=8)
    assert len(list(set_up(folder, batch_size=8, drop_last=False).train_dataloader())) == 1


def test_overlapping_folders_raise(make_photos, tmp_path):
    folder = make_photos("photos/val", 8)
    for pair in [(folder, folder), (folder.parent, folder), (folder, folder.parent)]:
        with pytest.raises(ColorganError, match="the validation folder .* and the training folder .* overlap"):
            set_up(train=str(pair[0]), val=str(pair[1]))
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(ColorganError, match="overlap"):
        set_up(train=str(folder), val=str(tmp_path / "link"))


@pytest.mark.skipif("COLORGAN_DATA" not in os.environ, reason="COLORGAN_DATA does not name the folder of test photos")
def test_near_duplicates_of_real_flowers_are_reported():
    with pytest.warns(UserWarning, match="30 of 240 test photos are near-duplicates of training photos"):
        data = set_up(Path(os.environ["COLORGAN_DATA"]) / "flowers12", stage=None, val_fraction=0.1, size=64)
    assert [len(data.splits[name]) for name in ("train", "val", "test")] == [648, 72, 240]


def test_manifest_names_every_file(make_photos, tmp_path):
    folder = make_photos("photos", 12)
    (folder / "empty.png").write_bytes(b"")
    (folder / "phone.jxl").write_bytes(b"")
    (folder / "loop").symlink_to("loop")
    PIL.Image.new("L", (40, 30), 99).save(folder / "gray.png")
    turned = PIL.Image.open(folder / "photo_000.png")
    exif = turned.getexif()
    exif[274] = 6
    turned.save(folder / "photo_000.png", exif=exif)
    data = Photos(str(folder), val_fraction=0.25, batch_size=2)
    data.manifest_file = tmp_path / "run" / "photos.jsonl"
    with pytest.warns(UserWarning, match=r"Skipped 3 unreadable files of 16 .*; all are named in .*photos.jsonl"):
        data.setup("fit")
    entries = read_manifest(data.manifest_file)
    assert entries == data.manifest()
    left_out = {entry.file: entry.note for entry in entries if entry.status == "left out"}
    assert left_out.keys() == {"empty.png", "phone.jxl", "loop", "gray.png"}
    assert left_out["gray.png"] == "it has no color"
    (repaired,) = [entry for entry in entries if entry.status == "repaired"]
    assert (repaired.file, repaired.note) == ("photo_000.png", "turned upright")
    used = [entry for entry in entries if entry.status != "left out"]
    assert len(used) == 12
    assert sum(entry.split == "val" for entry in used) == len(data.splits["val"]) == 3


def test_manifest_is_written_where_no_photo_is_left(tmp_path):
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"no photo")
    data = Photos(str(tmp_path), limit=1)
    data.manifest_file = tmp_path / "photos.jsonl"
    with pytest.raises(ColorganError, match="none of 2 photos"), pytest.warns(UserWarning, match="Skipped 1"):
        data.setup("fit")
    assert [(entry.file, entry.note[:9]) for entry in read_manifest(data.manifest_file)] == [
        ("a.jpg", "not an im"),
        ("b.jpg", "it is bey"),
    ]
