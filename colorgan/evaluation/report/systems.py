"""What a report compares: checkpoints, folders of pictures made by any program, and anchors that need no learning."""

import contextlib
import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import torch
from torch import Tensor

from colorgan.color.tensors import to_lab, to_uint8
from colorgan.errors import ColorganError
from colorgan.evaluation.report.photos import Framed, Framing, ReferencePhotos, as_tensor, framed, listed
from colorgan.files import digest
from colorgan.images.reading import UnreadableImage, read_rgb
from colorgan.inference.colorizer import Colorizer
from colorgan.inference.shipped import WEIGHTS
from colorgan.models.color_spaces import Lab

_NAMED_AT_MOST = 5
_TRAINING_PHOTOS = 2000
_SMALL = 64


class System(ABC):
    """Something that has a colored picture for every reference photo.

    Attributes:
        name: what the report calls it.
        kind: ``checkpoint``, ``folder`` or ``anchor``.
        detail: what it is, as plain data for the record.
        run_folder: folder of the training run that it came from, where there is one.
    """

    name: str
    kind: str
    detail: dict[str, Any]
    run_folder: Path | None = None

    @abstractmethod
    def pictures(self, indices: Sequence[int], photos: Sequence[Framed]) -> Tensor:
        """Its pictures for some photos.

        Args:
            indices: positions of the photos in the reference.
            photos: the reference photos, all of one size.

        Returns:
            uint8 (B, 3, H, W), of that size.
        """


class Checkpoint(System):
    """A trained model. It is given the photo; its color space takes the gray from it, and nothing else is looked at.

    Args:
        name: what the report calls it.
        path: a ``.ckpt`` file, or the weights of a released model.
        device: where it colors.

    Raises:
        CheckpointError: for a file that is missing, damaged or not a colorgan checkpoint.
    """

    kind = "checkpoint"

    def __init__(self, name: str, path: Path, device: str | torch.device = "cpu") -> None:
        self.name = name
        self.colorizer = Colorizer.from_checkpoint(path, device)
        if path.parent.name == "checkpoints":
            self.run_folder = path.parent.parent
        self.detail = {
            "file": path.name,
            "sha256": digest(path),
            "color_space": type(self.colorizer.color_space).__name__,
            "generator": type(self.colorizer.generator).__name__,
            "parameters": sum(parameter.numel() for parameter in self.colorizer.generator.parameters()),
            "working_size": int(self.colorizer.working_size),
        }

    def pictures(self, indices: Sequence[int], photos: Sequence[Framed]) -> Tensor:
        """Colors the photos, keeping their lightness."""
        colored = self.colorizer.colorize(torch.stack([photo.rgb for photo in photos]))
        assert isinstance(colored, Tensor)  # tensors come back as tensors
        return colored.cpu()


class PictureFolder(System):
    """Pictures made by any program, matched to the reference by their names.

    A picture belongs to the photo with the same path below its folder, endings aside; where the pictures lie in no
    sub-folders, the file's name alone decides. It must have the size of its photo or that at which it is measured.

    Args:
        name: what the report calls it.
        folder: where the pictures are.
        reference: the reference photos.

    Raises:
        ColorganError: naming the photos without a picture, the pictures without a photo, and those of another size.
    """

    kind = "folder"

    def __init__(self, name: str, folder: Path, reference: ReferencePhotos) -> None:
        self.name, self.folder, self.framing = name, folder, reference.framing
        files = listed(folder)
        keys = [_key(file.relative_to(folder).as_posix()) for file in files]
        known = [_key(photo) for photo in reference.all_names]
        if not any("/" in key for key in keys):
            known = [PurePosixPath(key).name for key in known]
        _check_distinct(known, reference.all_names, "two photos of the reference")
        wanted = known[: len(reference)]
        _check_distinct(keys, [str(file) for file in files], f"two pictures in {folder}")
        found = dict(zip(keys, files, strict=True))
        missing = [photo for photo, key in zip(reference.names, wanted, strict=True) if key not in found]
        extra = sorted(found.keys() - set(known))
        if missing or extra:
            sentences = []
            if missing:
                sentences.append(f"{folder} has no picture for {_some(missing)}")
            if extra:
                beside = "it has" if missing else f"{folder} has"
                pictures = _some([found[key].relative_to(folder).as_posix() for key in extra])
                sentences.append(f"{beside} pictures without a photo: {pictures}")
            raise ColorganError("; ".join(sentences) + f"; names must be those of {reference.folder}, endings aside")
        self.files = [found[key] for key in wanted]
        self.detail = {"folder": folder.name}

    def pictures(self, indices: Sequence[int], photos: Sequence[Framed]) -> Tensor:
        """Reads the pictures."""
        return torch.stack([self._picture(self.files[i], photo) for i, photo in zip(indices, photos, strict=True)])

    def _picture(self, file: Path, photo: Framed) -> Tensor:
        measured = tuple(photo.rgb.shape[1:])
        found = framed(file, Framing(0))
        if found.original == measured:
            return found.rgb
        if found.original != photo.original:
            sizes = [f"{width} x {height}" for height, width in (found.original, photo.original, measured)]
            own = f"{sizes[1]}" if photo.original == measured else f"{sizes[1]}, measured at {sizes[2]}"
            raise ColorganError(
                f"{file} is {sizes[0]} pixels, but its photo is {own}; save pictures at the size of their photos, "
                "or measure all at the pictures' size (--size, --square)"
            )
        return framed(file, self.framing).rgb


class ReferenceSystem(System):
    """The photos themselves: what a perfect system would score."""

    name = "reference"
    kind = "anchor"

    def __init__(self) -> None:
        self.detail = {"is": "the photos themselves"}

    def pictures(self, indices: Sequence[int], photos: Sequence[Framed]) -> Tensor:
        """The photos."""
        return torch.stack([photo.rgb for photo in photos])


class UniformColor(System):
    """The lightness of the photo and the same a and b everywhere: gray, or the mean color of a training set.

    Args:
        name: what the report calls it.
        a: of CIE Lab.
        b: of CIE Lab.
        detail: where the color comes from.
    """

    kind = "anchor"

    def __init__(self, name: str, a: float = 0.0, b: float = 0.0, detail: dict[str, Any] | None = None) -> None:
        self.name, self.a, self.b = name, a, b
        self.detail = {"a": round(a, 3), "b": round(b, 3), **(detail or {})}

    def pictures(self, indices: Sequence[int], photos: Sequence[Framed]) -> Tensor:
        """The lightness of the photos under one color."""
        space = Lab()
        gray, color = space.split(torch.stack([photo.rgb for photo in photos]).float() / 255)
        uniform = torch.tensor([self.a, self.b]).view(1, 2, 1, 1) / space.ab_scale
        return to_uint8(space.merge(gray, uniform.expand_as(color)))


def mean_color(folder: Path) -> UniformColor:
    """The mean color of a set of training photos, each counting the same, as an anchor.

    Args:
        folder: the photos; of more than 2,000, as many are taken, spread evenly over their names.
    """
    files = listed(folder)
    step = max(1, -(-len(files) // _TRAINING_PHOTOS))
    squeeze = Framing(_SMALL, square=True)
    small = []
    for file in files[::step]:
        with contextlib.suppress(UnreadableImage):  # training leaves it out as well
            small.append(as_tensor(squeeze(read_rgb(file, shrink_to=_SMALL))))
    if not small:
        raise ColorganError(f"none of the training photos in {folder} can be read")
    means = [to_lab(batch)[:, 1:].mean(dim=(2, 3)) for batch in torch.split(torch.stack(small), _SMALL)]
    a, b = torch.cat(means).mean(dim=0).tolist()
    return UniformColor("mean color", a, b, {"is": "mean color of the training photos", "photos": len(small)})


def open_systems(words: Sequence[str], reference: ReferencePhotos, device: str | torch.device) -> list[System]:
    """Opens what the user named.

    Args:
        words: each a checkpoint, the folder of a training run or of a released model, or a folder of pictures, or
            ``NAME=`` one of these.
        reference: the reference photos.
        device: where checkpoints color.

    Returns:
        The systems, under distinct names.

    Raises:
        ColorganError: for anything else.
    """
    systems: list[System] = []
    for word in words:
        name, path = _named(word)
        checkpoint = _checkpoint_in(path)
        taken = {system.name for system in systems} | {"reference", "gray", "mean color", "floor"}
        name = _distinct(name or _default_name(checkpoint or path), taken, chosen=name is not None)
        if checkpoint is not None:
            systems.append(Checkpoint(name, checkpoint, device))
        elif path.is_dir():
            systems.append(PictureFolder(name, path, reference))
        else:
            raise ColorganError(f"there is no checkpoint and no folder of pictures {path}")
    return systems


def _named(word: str) -> tuple[str | None, Path]:
    name, equals, path = word.partition("=")
    if equals and name and not Path(word).exists():
        return name, Path(path).expanduser()
    return None, Path(word).expanduser()


def _checkpoint_in(path: Path) -> Path | None:
    """The file itself, the weights of a released model, or the best (else the last) checkpoint of a run's folder."""
    if path.is_file():
        return path
    kept = [path / WEIGHTS, *(path / "checkpoints" / f"{which}.ckpt" for which in ("best", "last"))]
    return next((file for file in kept if file.is_file()), None)


def _default_name(path: Path) -> str:
    """Name and time of a run for its checkpoints; else the name of the file or the folder."""
    if path.name == WEIGHTS:
        return path.resolve().parent.name
    if path.parent.name == "checkpoints" and len(path.resolve().parts) > 4:
        run = path.resolve().parent.parent
        return f"{run.parent.name}/{run.name}" if re.match(r"\d{8}|slurm", run.name) else run.name
    return path.stem if path.suffix == ".ckpt" else path.resolve().name


def _distinct(name: str, taken: set[str], *, chosen: bool) -> str:
    if name not in taken:
        return name
    if chosen:
        raise ColorganError(f"two systems cannot both be called {name!r}; give one of them another name (NAME=PATH)")
    count = 2
    while f"{name} ({count})" in taken:
        count += 1
    return f"{name} ({count})"


def _key(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()


def _check_distinct(keys: Sequence[str], files: Sequence[str], what: str) -> None:
    seen: dict[str, str] = {}
    for key, file in zip(keys, files, strict=True):
        if key in seen:
            raise ColorganError(f"{what} have the same name, {seen[key]} and {file}; pictures could not be told apart")
        seen[key] = file


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_AT_MOST
    return ", ".join(names[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
