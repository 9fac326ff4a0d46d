"""Data modules for torchvision datasets, from files and from memory, without network access."""

import hashlib
import urllib.error
from pathlib import Path

import jsonargparse
import numpy as np
import pytest
import torchvision.datasets
from PIL import Image
from scipy.io import savemat

from colorgan.data import Flowers102, Photos, TorchvisionPhotos
from colorgan.data.decoding import to_square
from colorgan.errors import ColorganError
from tests.helpers import photo_of

SMALL = {"size": 16, "batch_size": 4, "num_workers": 0}


@pytest.fixture
def flowers(tmp_path, monkeypatch) -> Path:
    """20 photos in the layout of Oxford 102 Flowers."""
    folder = tmp_path / "flowers-102"
    (folder / "jpg").mkdir(parents=True)
    for number in range(1, 21):
        Image.fromarray(photo_of(number, 40, 48)).save(folder / "jpg" / f"image_{number:05d}.jpg", quality=95)
    savemat(folder / "setid.mat", {"trnid": range(1, 7), "valid": range(7, 13), "tstid": range(13, 21)})
    savemat(folder / "imagelabels.mat", {"labels": [1 + number % 3 for number in range(20)]})
    sums = {name: hashlib.md5((folder / name).read_bytes()).hexdigest() for name in ("setid.mat", "imagelabels.mat")}
    known = dict(torchvision.datasets.Flowers102._file_dict)
    known |= {"label": ("imagelabels.mat", sums["imagelabels.mat"]), "setid": ("setid.mat", sums["setid.mat"])}
    monkeypatch.setattr(torchvision.datasets.Flowers102, "_file_dict", known)
    return tmp_path


def test_official_flowers_splits_are_joined_and_split_again(flowers):
    data = Flowers102(str(flowers), val_fraction=0.1, **SMALL)
    data.prepare_data()
    data.setup("fit")
    assert (len(data.splits["train"]), len(data.splits["val"])) == (18, 2)
    combined = sorted(data.splits["train"].names + data.splits["val"].names)
    assert combined == [f"flowers-102/jpg/image_{number:05d}.jpg" for number in range(1, 21)]
    assert next(iter(data.train_dataloader()))["rgb"].shape == (4, 3, 16, 16)
    assert Flowers102().fractions["val"] == 0.02


def test_flowers_match_photos_of_the_same_folder(flowers):
    one, two = Flowers102(str(flowers), **SMALL), Photos(str(flowers), **SMALL, val_fraction=0.02)
    for data in (one, two):
        data.setup("fit")
    assert one.splits["val"].names == two.splits["val"].names
    assert np.array_equal(one.splits["train"].photos.pixels, two.splits["train"].photos.pixels)


def test_parts_of_a_dataset_can_be_selected(flowers):
    data = TorchvisionPhotos(
        "torchvision.datasets.Flowers102",
        str(flowers),
        parts=[{"split": "train"}],
        val_parts=[{"split": "val"}],
        test_parts=[{"split": "test"}],
        **SMALL,
    )
    data.setup()
    assert [len(data.splits[name]) for name in ("train", "val", "test")] == [6, 6, 8]
    assert data.splits["val"].names[0] == "flowers-102/jpg/image_00007.jpg"


def test_datasets_in_memory_are_supported(tmp_path):
    parts = [{"size": 12, "image_size": [3, 20, 24]}]
    data = TorchvisionPhotos("torchvision.datasets.FakeData", str(tmp_path), parts=parts, **SMALL)
    data.setup("fit")
    assert len(data.splits["train"]) + len(data.splits["val"]) == 12
    split = data.splits["train"]
    original = np.asarray(torchvision.datasets.FakeData(12, (3, 20, 24))[int(split.names[0].rsplit("/")[-1])][0])
    assert np.array_equal(split.photos.pixels[split.indices[0]], to_square(original, 16))


def test_yaml_accepts_short_names_and_public_class_paths():
    parser = jsonargparse.ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(Photos, "data")
    for name, arguments in {"Flowers102": {}, "TorchvisionPhotos": {"dataset": "torchvision.datasets.CIFAR10"}}.items():
        options = {"root": "x", "size": 32, "batch_size": 8, "download": True, **arguments}
        for path in (name, f"colorgan.data.{name}"):
            config = parser.parse_object({"data": {"class_path": path, "init_args": options}})
            assert config.data.class_path == f"colorgan.data.{name}"
            data = parser.instantiate(config).data
            assert (type(data).__name__, data.image_size, data.batch_size, data.download) == (name, 32, 8, True)


def test_missing_files_raise(tmp_path, monkeypatch):
    with pytest.raises(
        ColorganError, match=r"cannot find Flowers102 in .* --data\.download=true, or put .*flowers-102 \(jpg/"
    ):
        Flowers102(str(tmp_path)).setup("fit")

    def fail(self):
        raise urllib.error.URLError("Name or service not known")

    monkeypatch.setattr(torchvision.datasets.Flowers102, "download", fail)
    with pytest.raises(
        ColorganError, match=r"cannot load Flowers102 \(.*not known.*\): put its files into .*--data\.root"
    ):
        Flowers102(str(tmp_path), download=True).setup("fit")


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ("torchvision.datasets.Flower", "there is no dataset 'torchvision.datasets.Flower'"),
        ("Flowers102", "there is no dataset 'Flowers102'"),
        ("os.path.join", "is not an image dataset of torchvision"),
        ("torch.utils.data.Dataset", "is not an image dataset of torchvision"),
    ],
)
def test_unknown_datasets_raise(dataset, message):
    with pytest.raises(ColorganError, match=message):
        TorchvisionPhotos(dataset)


def test_invalid_arguments_raise(tmp_path):
    with pytest.raises(ColorganError, match=r"Flowers102 has no argument 'part'; it has root, split"):
        TorchvisionPhotos("torchvision.datasets.Flowers102", str(tmp_path), parts=[{"part": 1}]).setup("fit")
    with pytest.raises(ColorganError, match=r"data\.parts is empty"):
        TorchvisionPhotos("torchvision.datasets.Flowers102", str(tmp_path), parts=[])
    with pytest.raises(ColorganError, match=r"data\.val is a folder"):
        Flowers102(str(tmp_path), val="x")


def write_photos(folder, count):
    folder.mkdir(parents=True)
    for number in range(count):
        Image.fromarray(photo_of(number, 40, 48)).save(folder / f"{number}.jpg", quality=95)


def test_files_are_listed_by_the_loader_or_a_public_list(tmp_path):
    write_photos(tmp_path / "eurosat" / "2750" / "Forest", 6)  # ImageFolder, whose signature has no loader
    write_photos(tmp_path / "imagefolder" / "Forest", 6)
    write_photos(tmp_path / "data" / "tiny", 6)
    for name, root, folder in (
        ("EuroSAT", tmp_path, "eurosat/2750/Forest"),
        ("ImageFolder", tmp_path / "imagefolder", "Forest"),
    ):
        data = TorchvisionPhotos(f"torchvision.datasets.{name}", str(root), **SMALL)
        assert [source.name for source in data.sources("train")] == [f"{folder}/{number}.jpg" for number in range(6)]


class Grayscale(torchvision.datasets.VisionDataset):
    """Needs the image itself, so that a loader of paths does not help."""

    def __init__(self, root, loader=torchvision.datasets.folder.default_loader):
        super().__init__(root)
        self.loader = loader
        self.found = sorted(Path(root).glob("*.jpg"))

    def __len__(self):
        return len(self.found)

    def __getitem__(self, index):
        return self.loader(self.found[index]).convert("L").convert("RGB"), 0


def test_dataset_that_changes_its_images_is_loaded_item_by_item(tmp_path):
    write_photos(tmp_path / "photos", 5)
    data = TorchvisionPhotos(f"{__name__}.Grayscale", str(tmp_path / "photos"), skip_gray=False, **SMALL)
    data.setup("fit")
    assert data.splits["train"].names[0].startswith("all/000000")
    assert all(data.splits["train"].photos.gray)


def test_unreadable_files_of_a_dataset_are_named_and_skipped(flowers, recwarn):
    (flowers / "flowers-102" / "jpg" / "image_00003.jpg").write_bytes(b"no photo")
    data = Flowers102(str(flowers), **SMALL)
    data.setup("fit")
    assert sum(len(split) for split in data.splits.values()) == 19
    assert any("image_00003.jpg" in str(warning.message) for warning in recwarn)
