"""How often the photos of each folder are drawn."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from colorgan.data import Photos
from colorgan.data.weights import FolderWeights, draw, num_draws
from colorgan.errors import ColorganError

NAMES = ["sky/a.jpg", "sky/night/b.jpg", "other/night/c.jpg", "d.jpg"]


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({"sky": 2}, [2, 2, 1, 1]),
        ({"sky": 2, "night": 0.5}, [2, 0.5, 0.5, 1]),  # the innermost folder decides
        ({"night": 0.5, "other/night": 3}, [1, 0.5, 3, 1]),  # and the longer of two names of it
        ({".": 0, "sky": 1}, [1, 1, 0, 0]),
        ({"sky/": 2, "./other\\night": 3}, [2, 2, 3, 1]),
        ({"ky": 2}, [1, 1, 1, 1]),
        ({}, [1, 1, 1, 1]),
    ],
)
def test_innermost_named_folder_decides(weights: dict[str, float], expected: list[float]) -> None:
    assert FolderWeights(weights).of(NAMES).tolist() == expected


def test_each_photo_is_drawn_as_often_as_its_weight_or_once_more_or_less() -> None:
    weights = np.repeat([2.4, 1.0, 0.3, 0.0], 50)
    assert num_draws(weights) == 185
    total = np.zeros(200)
    for seed in range(400):
        photos, copies = draw(weights, np.random.default_rng(seed))
        counts = np.bincount(photos, minlength=200)
        assert counts.sum() == 185
        assert (np.abs(counts - weights) < 1).all()
        assert sorted(zip(photos.tolist(), copies.tolist(), strict=True)) == [
            (photo, copy) for photo in range(200) for copy in range(counts[photo])
        ]
        total += counts
    assert np.abs(total / 400 - weights).max() < 0.1  # four standard errors of the most variable photos
    assert not np.array_equal(photos, np.sort(photos))


def test_equal_weights_draw_every_photo_once() -> None:
    photos, copies = draw(np.ones(30), np.random.default_rng(0))
    assert sorted(photos.tolist()) == list(range(30))
    assert not copies.any()


@pytest.mark.parametrize("weight", [-1, float("nan"), float("inf"), 1001])
def test_weights_out_of_range_are_refused(weight: float) -> None:
    with pytest.raises(ColorganError, match=f"data.weights: the weight of sky must be at least 0 .* received {weight}"):
        Photos(weights={"sky": weight})


def folders(make_photos, tmp_path: Path) -> Path:
    make_photos("data/sky", range(12))
    make_photos("data/faces/a", range(12, 20))
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"sea": 2}, "data.weights: .*data has no folder sea with photos; it has faces, faces/a, sky$"),
        ({"sky": 0, "faces": 0}, "data.weights are 0 for all photos of .*data; give one folder a larger weight"),
        ({".": 0}, "data.weights are 0 for all photos of .*data"),
        ({"sky": 0.01, "faces": 0}, "data.weights leave none of 20 training photos in an epoch; give larger weights"),
        ({"sky": 0.1, "faces": 0}, "1 training photos are fewer than a batch of 4"),
    ],
)
def test_weights_that_do_not_fit_the_folders_are_refused(make_photos, tmp_path, weights, message) -> None:
    data = Photos(str(folders(make_photos, tmp_path)), size=8, batch_size=4, val_fraction=0, weights=weights)
    with pytest.raises(ColorganError, match=message):
        data.setup("fit")


def test_many_folders_are_not_all_listed(make_photos, tmp_path) -> None:
    for number in range(10):
        make_photos(f"data/{number}", range(number, number + 1))
    data = Photos(str(tmp_path / "data"), size=8, weights={"ten": 1})
    with pytest.raises(ColorganError, match="it has 0, 1, 2, 3, 4, 5, 6, 7 and 2 more"):
        data.setup("fit")


def test_an_epoch_has_the_weighted_photos_and_copies_look_different(make_photos, tmp_path, caplog) -> None:
    caplog.set_level("INFO")
    root = folders(make_photos, tmp_path)
    options = {"size": 8, "load_size": 12, "crop": "random", "batch_size": 4, "val_fraction": 0, "num_workers": 0}
    data = Photos(str(root), weights={"sky": 2, "faces": 0.5}, **options)
    data.setup("fit")
    loader = data.train_dataloader()
    batches = list(loader)
    assert len(loader) == len(batches) == 7
    assert "data.weights: faces 4, sky 24 of 28 photos in each epoch, drawn from 20" in caplog.text
    names = data.splits["train"].names
    seen = Counter(names[index] for batch in batches for index in batch["index"].tolist())
    assert sum(seen[name] for name in names if name.startswith("sky")) == 24
    assert set(seen.values()) == {1, 2}
    crops = {
        (index, rgb.numpy().tobytes())
        for batch in batches
        for index, rgb in zip(batch["index"].tolist(), batch["rgb"], strict=True)
    }
    assert len(crops) > 24  # of 28: a few copies are cropped alike by chance
    on_device = Photos(str(root), weights={"sky": 2, "faces": 0.5}, on_device=True, **options)
    on_device.setup("fit")
    for batch, other in zip(batches, on_device.train_dataloader(), strict=True):
        assert batch["index"].tolist() == other["index"].tolist()
        assert batch["rgb"].equal(other["rgb"])


def test_several_training_folders(make_photos, tmp_path) -> None:
    one, two, other = (make_photos(name, seeds) for name, seeds in {"a/sky": 8, "sea": range(8, 20), "val": 2}.items())
    data = Photos(train=[str(one), str(two)], val=str(other), size=8, batch_size=4, weights={"sky": 2, "sea": 0})
    data.setup("fit")
    split = data.splits["train"]
    assert split.folder == tmp_path
    assert [name.rpartition("/")[0] for name in split.names] == ["a/sky"] * 8 + ["sea"] * 12
    assert all((split.folder / name).is_file() for name in split.names)
    assert sum(len(batch["index"]) for batch in data.train_dataloader()) == 16
    assert len(data.splits["val"]) == 2


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (["a", "a"], r"data\.train: .*a and .*a overlap, so that photos would count twice"),
        (["a", "a/b"], r"data\.train: .*a and .*b overlap"),
        (["a", "c"], "the validation folder .* and the training folder .*c overlap"),
        (["a", "gone"], r"data\.train: there is no folder .*gone"),
        ([], r"data\.train is empty; give a path"),
        (["a", " "], r"data\.train is empty; give a path"),
    ],
)
def test_wrong_lists_of_folders_are_refused(make_photos, tmp_path, monkeypatch, folders, message) -> None:
    make_photos("a/b", 4)
    make_photos("c/d", range(4, 8))
    monkeypatch.chdir(tmp_path)

    def set_up() -> None:
        data = Photos(train=folders, val="c/d", size=8, batch_size=4)
        data.check()
        data.setup("fit")

    with pytest.raises(ColorganError, match=message):
        set_up()
