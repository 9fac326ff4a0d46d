"""The photos to colorize: one per batch, at their original sizes."""

from pathlib import Path

import torch
from torch.utils.data import SequentialSampler

from colorgan.data.checks import warn_about_unreadable
from colorgan.data.dataset import FileDataset
from colorgan.data.loader import FileLoader, first_sample
from colorgan.errors import ColorganError
from colorgan.images import UnreadableImage, find_photos, printable


class PredictionPhotos:
    """The photos of a folder, or a single photo, found when they are first needed.

    Args:
        path: folder or photo; None if there is nothing to colorize.

    Attributes:
        unsupported: images in the folder whose format is not supported.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.unsupported: list[UnreadableImage] = []
        self._unopened: list[UnreadableImage] = []
        self._files: FileDataset | None = None

    @property
    def unreadable(self) -> list[tuple[str, str]]:
        """(path, reason) of each file and folder that has been skipped so far."""
        if self._files is None:
            return []
        return [(error.path, error.reason) for error in (*self._unopened, *self._files.unreadable)]

    def find(self) -> FileDataset:
        """Returns the photos.

        Raises:
            ColorganError: if there is no path, or no photo in the folder.
        """
        if self.path is None:
            raise ColorganError("there is nothing to colorize: give a folder or a photo with --data.predict")
        if self._files is None:
            paths = [self.path]
            if not self.path.is_file():
                listing = find_photos(self.path)
                paths, self._unopened, self.unsupported = listing.photos, listing.unopened, listing.unsupported
            self._files = FileDataset(paths)
        return self._files

    def loader(self, num_workers: int, seed: int) -> FileLoader:
        """Creates the loader.

        Args:
            num_workers: number of worker processes.
            seed: seed of the loader's own generator, so that the global one is left alone.
        """
        files = self.find()
        return FileLoader(
            files,
            batch_size=1,
            sampler=SequentialSampler(files),
            collate_fn=first_sample,
            num_workers=num_workers,
            generator=torch.Generator().manual_seed(seed),
        )

    def warn_about_skipped(self) -> None:
        """Warns about the files that have been skipped, if there are any."""
        if self.unreadable:
            warn_about_unreadable(self.unreadable, len(self.find()), printable(self.path or ""))
