"""The systems that a report compares: checkpoints, folders of images made by any program, and baselines."""

import contextlib
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import torch
from torch import Tensor

from colorgan.color.tensors import photo_by_photo, to_lab, to_uint8
from colorgan.errors import ColorganError
from colorgan.evaluation.report.photos import (
    Photo,
    ReferencePhotos,
    Resize,
    check_headers,
    list_files,
    load_photo,
    to_tensor,
    unreadable_files,
)
from colorgan.files import digest, resolved
from colorgan.images import UnreadableImage, list_photos, printable, read_rgb
from colorgan.inference.checkpoint import hyper_parameters, read, training_precision
from colorgan.inference.run_folder import RunFolder
from colorgan.inference.shipped import WEIGHTS
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.metrics.teachers import teachers
from colorgan.models.color_spaces import Lab
from colorgan.models.config import to_config

REFERENCE = "reference"
GRAY = "gray"
MEAN_COLOR = "mean color"
REFERENCE_HALVES = "reference halves"
"""Half of the reference photos against the other half. It has distances but no images."""

_RESERVED_NAMES = {REFERENCE, GRAY, MEAN_COLOR, REFERENCE_HALVES}
_MAX_NAMES = 5
_MAX_TRAINING_PHOTOS = 2000
_SMALL_SIZE = 64


class System(ABC):
    """A system with a color image for every reference photo.

    Attributes:
        name: name in the report.
        kind: ``checkpoint``, ``folder`` or ``baseline``.
        detail: plain data for the record that identify the system.
        identity: what determines the images besides the reference photos and colorgan's code; ``None`` if it is more
            than a few numbers.
        run_folder: folder of the training run that it comes from, if there is one.
    """

    name: str
    kind: str
    detail: dict[str, Any]
    identity: str | None = None
    run_folder: RunFolder | None = None

    @abstractmethod
    def images(self, indices: Sequence[int], photos: Sequence[Photo]) -> Tensor:
        """The images of the system for some photos.

        Args:
            indices: positions of the photos in the reference.
            photos: the reference photos, all of the same size.

        Returns:
            uint8 (B, 3, H, W), of that size.
        """


class CheckpointSystem(System):
    """A trained model, which sees only the gray channel of its color space.

    Args:
        name: name in the report.
        path: a ``.ckpt`` file, or the weights of a released model.
        device: device of the network.
        trust: as for :meth:`~colorgan.inference.torch_colorizer.TorchColorizer.from_checkpoint`.

    Raises:
        CheckpointError: if the file is missing, damaged or not a colorgan checkpoint.
    """

    kind = "checkpoint"

    def __init__(
        self, name: str, path: Path, device: str | torch.device = "cpu", trust: Iterable[str | Path] = ()
    ) -> None:
        self.name = name
        self.colorizer = TorchColorizer.from_checkpoint(path, device, trust)
        self.run_folder = RunFolder.of_checkpoint(path)
        self.detail = {
            "file": path.name,
            "sha256": digest(path),
            "color_space": type(self.colorizer.color_space).__name__,
            "generator": type(self.colorizer.generator).__name__,
            "parameters": sum(parameter.numel() for parameter in self.colorizer.generator.parameters()),
            "working_size": int(self.colorizer.working_size),
        }
        contents = read(path) if path.suffix == ".ckpt" else None
        if contents is not None and (precision := training_precision(contents)):
            self.detail["trained_in"] = precision
        description = hyper_parameters(contents) if contents is not None else to_config(self.colorizer.generator)
        self.detail["taught_by"] = teachers(description)

    def images(self, indices: Sequence[int], photos: Sequence[Photo]) -> Tensor:
        """Colorizes the photos and keeps their lightness."""
        colorized = self.colorizer.colorize(torch.stack([photo.rgb for photo in photos]))
        assert isinstance(colorized, Tensor)  # the result has the type of the argument
        return colorized.cpu()


class ImageFolderSystem(System):
    """Images made by any program, matched to the reference photos by name.

    An image belongs to the photo with the same relative path, ignoring extensions. If the images are not in subfolders,
    the file name alone decides. An image must have the size of its photo or the measured size.

    Args:
        name: name in the report.
        folder: folder of the images.
        reference: the reference photos.

    Raises:
        ColorganError: if names are ambiguous, photos have no image or images have no photo; the message names them.
    """

    kind = "folder"

    def __init__(self, name: str, folder: Path, reference: ReferencePhotos) -> None:
        self.name, self.folder, self.resize = name, folder, reference.resize
        files = list_files(folder)
        keys = [_without_extension(file.relative_to(folder).as_posix()) for file in files]
        photo_keys = [_without_extension(photo) for photo in reference.all_names]
        if not any("/" in key for key in keys):
            photo_keys = [PurePosixPath(key).name for key in photo_keys]
        _check_unique(photo_keys, reference.all_names, "two reference photos")
        _check_unique(keys, [str(file) for file in files], f"two images in {folder}")
        by_key = dict(zip(keys, files, strict=True))
        wanted = photo_keys[: len(reference)]
        missing = [photo for photo, key in zip(reference.names, wanted, strict=True) if key not in by_key]
        extra = sorted(by_key.keys() - set(photo_keys))
        if missing or extra:
            problems = []
            if missing:
                problems.append(f"{folder} has no image for {_first_names(missing)}")
            if extra:
                subject = "it has" if missing else f"{folder} has"
                images = _first_names([by_key[key].relative_to(folder).as_posix() for key in extra])
                problems.append(f"{subject} images without a photo: {images}")
            raise ColorganError(
                "; ".join(problems) + f"; the names, without extensions, must match those in {reference.folder}"
            )
        self.files = [by_key[key] for key in wanted]
        check_headers(self.files)
        self.detail = {"folder": folder.name}

    def images(self, indices: Sequence[int], photos: Sequence[Photo]) -> Tensor:
        """Reads the images.

        Raises:
            ColorganError: if an image has neither the size of its photo nor the measured size; or if images cannot be
                read, naming all of them.
        """
        try:
            return torch.stack([self._load(self.files[i], photo) for i, photo in zip(indices, photos, strict=True)])
        except UnreadableImage as error:
            raise unreadable_files(self.files) from error

    def _load(self, file: Path, photo: Photo) -> Tensor:
        measured_size = tuple(photo.rgb.shape[1:])
        image = load_photo(file, Resize(0))
        if image.original_size == measured_size:
            return image.rgb
        if image.original_size != photo.original_size:
            sizes = (image.original_size, photo.original_size, measured_size)
            own, original, measured = (f"{width} x {height}" for height, width in sizes)
            expected = original if original == measured else f"{original}, measured at {measured}"
            raise ColorganError(
                f"{file} is {own} pixels, but its photo is {expected}; save images at the size of their photos, "
                "or measure everything at the size of the images (--size, --square)"
            )
        return load_photo(file, self.resize).rgb


class ReferenceSystem(System):
    """The reference photos themselves: the score of a perfect system."""

    name = REFERENCE
    kind = "baseline"
    identity = REFERENCE

    def __init__(self) -> None:
        self.detail = {"is": "the photos themselves"}

    def images(self, indices: Sequence[int], photos: Sequence[Photo]) -> Tensor:
        """The photos."""
        return torch.stack([photo.rgb for photo in photos])


class ConstantColorSystem(System):
    """The lightness of the photo with constant a and b: gray, or the mean color of a training set.

    Args:
        name: name in the report.
        a: a of CIE Lab.
        b: b of CIE Lab.
        detail: where the color comes from.
    """

    kind = "baseline"

    def __init__(self, name: str, a: float = 0.0, b: float = 0.0, detail: dict[str, Any] | None = None) -> None:
        self.name, self.a, self.b = name, a, b
        self.identity = f"constant a and b: {a!r}, {b!r}"
        self.detail = {"a": round(a, 3), "b": round(b, 3), **(detail or {})}

    def images(self, indices: Sequence[int], photos: Sequence[Photo]) -> Tensor:
        """The photos with all their chroma replaced by the constant color."""
        return photo_by_photo(self._with_constant_color, torch.stack([photo.rgb for photo in photos]))

    def _with_constant_color(self, rgb: Tensor) -> Tensor:
        space = Lab()
        gray, color = space.split(rgb.float() / 255)
        constant = torch.tensor([self.a, self.b]).view(1, 2, 1, 1) / space.ab_scale
        return to_uint8(space.merge(gray, constant.expand_as(color)))


def mean_color(folder: Path) -> ConstantColorSystem:
    """The mean color of a set of training photos, in which all photos have the same weight, as a baseline.

    Args:
        folder: the photos. Of more than 2,000, a subset evenly spaced over their names is used.

    Raises:
        ColorganError: if none of the photos can be read.
    """
    files = list_photos(folder)  # as training does, it leaves out folders that cannot be opened
    step = max(1, -(-len(files) // _MAX_TRAINING_PHOTOS))
    resize = Resize(_SMALL_SIZE, square=True)
    small = []
    for file in files[::step]:
        with contextlib.suppress(UnreadableImage):  # training skips it, too
            small.append(to_tensor(resize(read_rgb(file, shrink_to=_SMALL_SIZE))))
    if not small:
        raise ColorganError(f"none of the training photos in {folder} can be read")
    means = [to_lab(batch)[:, 1:].mean(dim=(2, 3)) for batch in torch.split(torch.stack(small), _SMALL_SIZE)]
    a, b = torch.cat(means).mean(dim=0).tolist()
    return ConstantColorSystem(MEAN_COLOR, a, b, {"is": "mean color of the training photos", "photos": len(small)})


def open_systems(
    arguments: Sequence[str], reference: ReferencePhotos, device: str | torch.device, trust: Iterable[str | Path] = ()
) -> list[System]:
    """Opens the systems of the command line.

    Args:
        arguments: checkpoints, folders of training runs or released models, and folders of images; ``NAME=PATH`` sets
            the name of one.
        reference: the reference photos.
        device: device of the networks.
        trust: as for :meth:`~colorgan.inference.torch_colorizer.TorchColorizer.from_checkpoint`.

    Returns:
        The systems, with distinct names.

    Raises:
        ColorganError: if a path is none of these, or two systems are given the same name.
    """
    systems: list[System] = []
    for argument in arguments:
        name, path = _split_name(argument)
        checkpoint = _find_checkpoint(path)
        taken = {system.name for system in systems} | _RESERVED_NAMES
        name = _unique_name(name or _default_name(checkpoint or path), taken, given=name is not None)
        if checkpoint is not None:
            systems.append(CheckpointSystem(name, checkpoint, device, trust))
        elif path.is_dir():
            systems.append(ImageFolderSystem(name, path, reference))
        else:
            raise ColorganError(f"there is no checkpoint and no folder of images at {path}")
    return systems


def _split_name(argument: str) -> tuple[str | None, Path]:
    name, equals, path = argument.partition("=")
    if equals and name and not Path(argument).exists():
        return name, Path(path).expanduser()
    return None, Path(argument).expanduser()


def _find_checkpoint(path: Path) -> Path | None:
    """The file itself, the weights of a released model, or the best (else the last) checkpoint of a run folder."""
    if path.is_file():
        return path
    run = RunFolder(path)
    candidates = (path / WEIGHTS, run.best_checkpoint, run.last_checkpoint)
    return next((file for file in candidates if file.is_file()), None)


def _default_name(path: Path) -> str:
    """Name and time of the run for a checkpoint of a run, otherwise the name of the file or folder."""
    if path.name == WEIGHTS:
        return resolved(path).parent.name
    run = RunFolder.of_checkpoint(resolved(path))
    if run is not None and run.path.name:
        has_timestamp = re.match(r"\d{8}|slurm", run.path.name)
        return f"{run.path.parent.name}/{run.path.name}" if has_timestamp else run.path.name
    return path.stem if path.suffix == ".ckpt" else resolved(path).name


def _unique_name(name: str, taken: set[str], *, given: bool) -> str:
    if name not in taken:
        return name
    if given:
        raise ColorganError(f"two systems cannot have the same name {name!r}; rename one of them (NAME=PATH)")
    count = 2
    while f"{name} ({count})" in taken:
        count += 1
    return f"{name} ({count})"


def _without_extension(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()


def _check_unique(keys: Sequence[str], files: Sequence[str], subject: str) -> None:
    seen: dict[str, str] = {}
    for key, file in zip(keys, files, strict=True):
        if key in seen:
            one, other = printable(seen[key]), printable(file)
            raise ColorganError(
                f"{subject} have the same name, {one} and {other}; rename one of them so that they match"
            )
        seen[key] = file


def _first_names(names: Sequence[str]) -> str:
    more = len(names) - _MAX_NAMES
    return ", ".join(map(printable, names[:_MAX_NAMES])) + (f" and {more} more" if more > 0 else "")
