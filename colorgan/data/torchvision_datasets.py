"""Data modules over the image data sets of torchvision, downloaded on request."""

import importlib
import inspect
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image
from torchvision.datasets import VisionDataset

from colorgan.data.cache import Source, file_source
from colorgan.data.datamodule import Photos
from colorgan.errors import ColorganError
from colorgan.images import Photo, UnreadableImage, photo_from_image, printable

# where torchvision's data sets keep the list of their files, as paths or as (path, label)
_FILE_LISTS = ("_image_files", "samples", "imgs", "_images", "_image_paths", "images")


class TorchvisionPhotos(Photos):
    """The photos of any image data set of torchvision; labels are ignored.

    Data sets that keep their photos as files are read like any folder. What is said of folders and shares in
    :class:`~colorgan.data.datamodule.Photos` holds here of the data set's own parts.

    Args:
        dataset: class path of the data set, such as ``torchvision.datasets.Flowers102``.
        root: folder where the data set's files are, or are downloaded to.
        parts: constructor arguments, one mapping for each part of the data set whose photos are joined for training,
            such as ``[{split: train}, {split: val}]``.
        val_parts: likewise for validation; if empty, a share of the training photos (``val_fraction``).
        test_parts: likewise for testing; if empty, a share of the training photos (``test_fraction``).
        download: fetch the files if they are not there.
        options: all other arguments of :class:`~colorgan.data.datamodule.Photos`.

    Raises:
        ColorganError: if there is no such data set, or its files are not there and cannot be downloaded; the message
            says where to put them.
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
        self.dataset_class = _dataset_class(dataset)
        self.parts = {"train": list(parts), "val": list(val_parts), "test": list(test_parts)}
        self.download = download
        if not self.parts["train"]:
            raise ColorganError("data.parts is empty: name at least one part of the data set, {} for all of it")

    def folder(self, split: str) -> Path | None:
        """The data set's folder, for parts that have photos of their own."""
        return self.root if self.has_own(split) else None

    def has_own(self, split: str) -> bool:
        """Whether a part has photos of its own, not a share of the training photos."""
        return bool(self.parts[split])

    def sources(self, split: str) -> list[Source] | None:
        """The photos that belong to a part from the start; None if it receives a share of the training photos."""
        if not self.has_own(split):
            return None
        return [source for arguments in self.parts[split] for source in self._sources_of(arguments)]

    def place(self, split: str) -> str:
        """What to call the origin of a part's photos in messages."""
        return f"{self.dataset_class.__name__} in {printable(self.root)}"

    def _refuse_nesting(self) -> None:
        """The data set's parts share one folder by nature."""

    def _sources_of(self, arguments: dict[str, Any]) -> list[Source]:
        dataset = self._made(arguments)
        files = _files_of(dataset)
        if files is not None:
            return [file_source(path, self.root) for path in files]
        shown = "-".join(f"{name}={value}" for name, value in sorted(arguments.items())) or "all"
        origin = f"{self.dataset_class.__qualname__} {shown} {self.root.absolute()} {len(dataset)}"
        names = [f"{shown}/{index:07d}" for index in range(len(dataset))]
        return [Source(name, origin, (), partial(_load_item, dataset, at, name)) for at, name in enumerate(names)]

    def _made(self, arguments: dict[str, Any]) -> Any:
        name, accepted = self.dataset_class.__name__, inspect.signature(self.dataset_class).parameters
        unknown = sorted(arguments.keys() - accepted.keys())
        if unknown:
            raise ColorganError(f"{name} has no argument {unknown[0]!r}; it has {', '.join(accepted)}")
        given = dict(arguments)
        if "root" in accepted:
            given["root"] = str(self.root)
        if "download" in accepted:
            given["download"] = self.download
        try:
            return self.dataset_class(**given)
        except TypeError as error:
            raise ColorganError(f"{name} cannot be made of {given}: {error}") from error
        except (OSError, RuntimeError, ImportError) as error:
            raise ColorganError(self._what_to_do(error, "download" in accepted)) from error

    def _what_to_do(self, error: Exception, downloadable: bool) -> str:
        name, reason = self.dataset_class.__name__, str(error).partition(". ")[0] or type(error).__name__
        root = printable(self.root)
        where = f"{root}/flowers-102 (jpg/, setid.mat, imagelabels.mat)" if name == "Flowers102" else root
        by_hand = f"put its files into {where}, or give a folder of its photos to Photos with --data.root"
        if downloadable and not self.download:
            return f"cannot find {name} in {root} ({reason}): download it with --data.download=true, or {by_hand}"
        return f"cannot get {name} ({reason}): {by_hand}"


class Flowers102(TorchvisionPhotos):
    """The 8,189 photos of the Oxford 102 Flower data set (Nilsback and Zisserman, 2008), 330 MB.

    All photos are joined and divided by seed: the published comparison held back 2 % (164 photos) for testing, which is
    the default here for validation.

    Args:
        root: folder that holds, or will hold, ``flowers-102``.
        download: fetch the files if they are not there.
        val_fraction: share to validate on.
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


def _dataset_class(path: str) -> type[Any]:
    module, _, name = path.rpartition(".")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        raise ColorganError(
            f"there is no data set {path!r}: give a class path such as torchvision.datasets.Flowers102"
        ) from (error)
    if not (isinstance(found, type) and issubclass(found, VisionDataset)):
        raise ColorganError(f"{path} is not an image data set of torchvision (a subclass of VisionDataset)")
    return found


def _files_of(dataset: Any) -> list[Path] | None:
    """The photos' files, in the data set's order, where it keeps them in one of the usual lists."""
    for name in _FILE_LISTS:
        entries = getattr(dataset, name, None)
        if not isinstance(entries, list) or len(entries) != len(dataset) or not entries:
            continue
        first = [entry[0] if isinstance(entry, tuple | list) and entry else entry for entry in entries]
        if all(isinstance(entry, str | Path) for entry in first) and Path(first[0]).is_file():
            return [Path(entry) for entry in first]
    return None


_one_at_a_time = threading.Lock()


def _load_item(dataset: Any, index: int, name: str, at_least: int) -> Photo:
    with _one_at_a_time:  # the cache decodes in threads; data sets with an open file or a random state know of one only
        item = dataset[index]
    image = item[0] if isinstance(item, tuple | list) else item
    if not isinstance(image, Image.Image):
        raise UnreadableImage(name, f"the data set gives {type(image).__name__}, not a picture")
    return photo_from_image(image, name)
