"""Finds, decodes and divides the photos of the splits when they are first needed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from lightning.pytorch.utilities import rank_zero_info

from colorgan.data.manifest import ManifestEntry, write_manifest
from colorgan.data.process import TrainingProcess
from colorgan.data.selection import Selection, divide, manifest_of, select_photos
from colorgan.data.sources import PhotoSource
from colorgan.data.split import Split
from colorgan.data.weights import FolderWeights
from colorgan.errors import ColorganError


class PhotoOrigin(Protocol):
    """Where the photos of the splits come from: :class:`~colorgan.data.datamodule.Photos`."""

    def folder(self, split: str) -> Path | None:
        """Returns the folder that the names of a split's photos are relative to; None if it has none."""

    def has_own_photos(self, split: str) -> bool:
        """Returns whether a split does not receive a fraction of the training photos."""

    def sources(self, split: str) -> list[PhotoSource] | None:
        """Returns the photos of a split; None if it has no photos of its own."""

    def location(self, split: str) -> str:
        """Describes where the photos of a split are, for messages."""


class SplitBuilder:
    """Creates splits, each when it is first needed.

    Args:
        origin: where the photos come from.
        selection: which of them are used.
        fractions: fraction of the training photos for each split that has no photos of its own.
        weights: how often training photos are drawn; they must fit the folders.
        seed: seed of the division.

    Attributes:
        splits: the splits that exist.
        left_out: (name, reason) of the files that are not used, by split.
    """

    def __init__(
        self,
        origin: PhotoOrigin,
        selection: Selection,
        fractions: Mapping[str, float],
        weights: FolderWeights,
        seed: int,
    ) -> None:
        self.origin = origin
        self.selection = selection
        self.fractions = fractions
        self.weights = weights
        self.seed = seed
        self.splits: dict[str, Split] = {}
        self.left_out: dict[str, list[tuple[str, str]]] = {}

    def set_up(
        self,
        splits: Sequence[str],
        stage: str | None,
        process: TrainingProcess,
        manifest_file: Path | None,
        check: Callable[[], None] | None = None,
    ) -> None:
        """Creates splits unless they exist, and writes the manifest.

        Args:
            splits: their names.
            stage: what they are needed for: ``fit``, ``validate`` or ``test``; None for anything.
            process: the process that needs them; only one of them reports progress and writes the manifest.
            manifest_file: file of the manifest, or None.
            check: raises if the splits do not suit; there is no manifest of those.

        Raises:
            ColorganError: if a folder does not exist or has no usable photos, weights do not fit the folders, or there
                are no photos to validate or test on.
        """
        complete = False
        try:
            for split in splits:
                self._build(split, process, manifest_file)
            if stage == "test" and not len(self.splits["test"]):
                self._build("val", process, manifest_file)
                rank_zero_info("No test photos: testing on the validation photos")
                self.splits["test"] = self.splits["val"]
            if check is not None:
                check()
            complete = True
        finally:
            # what was left out may be the reason of an error
            if manifest_file is not None and process.is_first and (complete or any(self.left_out.values())):
                write_manifest(manifest_file, self.manifest())
        for split in splits:
            if split != "train" and stage in ("validate", "test") and not len(self.splits[split]):
                raise ColorganError(
                    f"there are no photos to {stage} on: give a folder with --data.{split}, or set --data.val_fraction"
                )

    def manifest(self) -> list[ManifestEntry]:
        """Returns an entry for each file of the splits that exist, and of those that were left out."""
        return manifest_of(self.splits, self.left_out)

    def _build(self, split: str, process: TrainingProcess, manifest_file: Path | None) -> None:
        if split in self.splits:
            return
        self.left_out[split] = []
        sources = self.origin.sources(split)
        if sources is None:
            # also creates the splits that take a fraction of the training photos
            self._build("train", process, manifest_file)
            return
        folder, where = self.origin.folder(split), self.origin.location(split)
        if split == "train" and self.weights:
            self.weights.check([source.name for source in sources], where)
        selected = select_photos(
            sources,
            self.left_out[split],
            where,
            self.selection,
            progress=process.is_first,
            manifest=manifest_file,
        )
        if split != "train":
            self.splits[split] = selected.split(selected.usable, folder)
            return
        fractions = {name: value for name, value in self.fractions.items() if not self.origin.has_own_photos(name)}
        self.splits.update(divide(selected, fractions, self.seed, folder))
        if self.weights:
            rank_zero_info(f"data.weights: {self.weights.describe(self.splits['train'].names)}")
