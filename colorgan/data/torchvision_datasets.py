"""Data modules for the image datasets of torchvision, which can be downloaded automatically."""

import importlib
import inspect
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from torchvision.datasets import VisionDataset

from colorgan.data.datamodule import Photos
from colorgan.data.sources import PhotoSource, file_source
from colorgan.errors import ColorganError, first_sentence
from colorgan.images import Photo, UnreadableImage, photo_from_image, printable

_FILE_LISTS = ("samples", "images")
"""Attributes in which datasets without a loader keep their files, as paths or (path, label): ImageNet, VOCDetection."""


class TorchvisionPhotos(Photos):
    """The photos of any image dataset of torchvision. Labels are ignored.

    Args:
        dataset: class path of the dataset, such as ``torchvision.datasets.Flowers102``.
        root: folder that contains the files of the dataset, or to which they are downloaded.
        parts: constructor arguments of the dataset, one mapping for each part to train on, such as
            ``[{split: train}, {split: val}]``.
        val_parts: parts for validation; if empty, a fraction of the training photos (``val_fraction``).
        test_parts: parts for testing; if empty, a fraction of the training photos (``test_fraction``).
        download: download the files if they do not exist.
        options: all other arguments of :class:`~colorgan.data.datamodule.Photos`.

    Raises:
        ColorganError: if the dataset does not exist, or its files are missing and cannot be downloaded.
    """

    def __init__(
        self,
        dataset: str,
        root: str = "data",
        *,
        parts: Sequence[dict[str, Any]] = ({},),
        val_parts: Sequence[dict[str, Any]] = (),
        test_parts: Sequence[dict[str, Any]] = (),
        download: bool = False,
        **options: Any,
    ) -> None:
        for name in ("train", "val", "test"):
            if options.get(name) is not None:
                raise ColorganError(
                    f"data.{name} is a folder, but the photos come from {dataset}; use Photos for folders"
                )
        super().__init__(root, **options)
        self.dataset_class = _import_dataset_class(dataset)
        self.parts = {"train": list(parts), "val": list(val_parts), "test": list(test_parts)}
        self.download = download
        if not self.parts["train"]:
            raise ColorganError("data.parts is empty: give at least one part of the dataset, or {} for all of it")

    def folder(self, split: str) -> Path | None:
        """Returns the folder of the dataset for splits with photos of their own."""
        return self.root if self.has_own_photos(split) else None

    def has_own_photos(self, split: str) -> bool:
        """Returns whether a split has its own photos. Otherwise, it receives a fraction of the training photos."""
        return bool(self.parts[split])

    def sources(self, split: str) -> list[PhotoSource] | None:
        """Returns the photos of a split; None if it has no photos of its own."""
        if not self.has_own_photos(split):
            return None
        return [source for arguments in self.parts[split] for source in self._sources_of_part(arguments)]

    def location(self, split: str) -> str:
        """Returns a description of where a split's photos come from, for messages."""
        return f"{self.dataset_class.__name__} in {printable(self.root)}"

    def check_overlap(self) -> None:
        """Does nothing: all parts of a dataset are in the same folder."""

    def _sources_of_part(self, arguments: dict[str, Any]) -> list[PhotoSource]:
        files = self._files_of_part(arguments)
        if files:
            return [file_source(path, self.root) for path in files]
        dataset = self._create_dataset(arguments)
        part = "-".join(f"{name}={value}" for name, value in sorted(arguments.items())) or "all"
        origin = f"{self.dataset_class.__qualname__} {part} {self.root.absolute()} {len(dataset)}"
        names = [f"{part}/{index:07d}" for index in range(len(dataset))]
        return [PhotoSource(name, origin, (), partial(_load_item, dataset, i, name)) for i, name in enumerate(names)]

    def _files_of_part(self, arguments: dict[str, Any]) -> list[Path]:
        """The files of a part in its order; empty if the dataset does not tell them.

        The cache decodes files faster than the dataset would, and turns them upright.
        """
        if "loader" in inspect.signature(self.dataset_class).parameters and "loader" not in arguments:
            entries = _load_all(self._create_dataset({**arguments, "loader": Path}))
        else:
            dataset = self._create_dataset(arguments)
            found = next((getattr(dataset, name) for name in _FILE_LISTS if hasattr(dataset, name)), None)
            entries = found if isinstance(found, list) and len(found) == len(dataset) else []
        images = [_image_of(entry) for entry in entries]
        paths = [Path(image) for image in images if isinstance(image, str | Path)]
        return paths if paths and len(paths) == len(images) and paths[0].is_file() else []

    def _create_dataset(self, arguments: dict[str, Any]) -> Any:
        name, parameters = self.dataset_class.__name__, inspect.signature(self.dataset_class).parameters
        unknown = sorted(arguments.keys() - parameters.keys())
        if unknown:
            raise ColorganError(f"{name} has no argument {unknown[0]!r}; it has {', '.join(parameters)}")
        arguments = dict(arguments)
        if "root" in parameters:
            arguments["root"] = str(self.root)
        if "download" in parameters:
            arguments["download"] = self.download
        try:
            return self.dataset_class(**arguments)
        except TypeError as error:
            raise ColorganError(f"cannot create {name} with {arguments}: {error}") from error
        except (OSError, RuntimeError, ImportError) as error:
            raise self._missing_files_error(error, "download" in parameters) from error

    def _missing_files_error(self, error: Exception, downloadable: bool) -> ColorganError:
        name, reason = self.dataset_class.__name__, str(error).partition(". ")[0] or type(error).__name__
        root = printable(self.root)
        folder = f"{root}/flowers-102 (jpg/, setid.mat, imagelabels.mat)" if name == "Flowers102" else root
        manually = f"put its files into {folder}, or use Photos with --data.root for a folder of its photos"
        if downloadable and not self.download:
            return ColorganError(
                f"cannot find {name} in {root} ({reason}): download it with --data.download=true, or {manually}"
            )
        return ColorganError(f"cannot load {name} ({reason}): {manually}")


class Flowers102(TorchvisionPhotos):
    """The 8,189 photos of the Oxford 102 Flower dataset (Nilsback and Zisserman, 2008), 330 MB.

    The official splits are joined and split again by seed. The published comparison held out 2% (164 photos) for
    testing, which is the default fraction for validation here.

    Args:
        root: folder that contains ``flowers-102``, or to which it is downloaded.
        download: download the files if they do not exist.
        val_fraction: fraction of the photos for validation.
        options: all other arguments of :class:`~colorgan.data.datamodule.Photos`.
    """

    def __init__(
        self, root: str = "data", *, download: bool = False, val_fraction: float = 0.02, **options: Any
    ) -> None:
        super().__init__(
            "torchvision.datasets.Flowers102",
            root,
            parts=[{"split": "train"}, {"split": "val"}, {"split": "test"}],
            download=download,
            val_fraction=val_fraction,
            **options,
        )


def _import_dataset_class(path: str) -> type[Any]:
    module, _, name = path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ColorganError(
            f"there is no dataset {path!r}: give a class path such as torchvision.datasets.Flowers102"
        ) from error
    if not (isinstance(found, type) and issubclass(found, VisionDataset)):
        raise ColorganError(f"{path} is not an image dataset of torchvision (a subclass of VisionDataset)")
    return found


def _load_all(dataset: Any) -> list[Any]:
    """All items of a dataset whose loader returns paths; empty if it needs images instead."""
    try:
        return [dataset[index] for index in range(len(dataset))]
    except (AttributeError, TypeError):
        return []


def _image_of(item: Any) -> Any:
    """The image of a dataset's item, which is the image or begins with it."""
    return item[0] if isinstance(item, tuple | list) and item else item


_lock = threading.Lock()


def _load_item(dataset: Any, index: int, name: str, min_side: int) -> Photo:
    with _lock:  # photos are decoded in threads, but datasets with an open file or random state are not thread-safe
        try:
            item = dataset[index]
        except Exception as error:  # datasets open images themselves, and pass on all that decoders raise
            raise UnreadableImage(name, f"the dataset cannot load it ({first_sentence(error)})") from error
    image = _image_of(item)
    if not isinstance(image, Image.Image):
        raise UnreadableImage(name, f"the dataset returns {type(image).__name__} instead of a PIL image")
    return photo_from_image(image, name)
