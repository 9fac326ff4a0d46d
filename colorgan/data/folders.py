"""Discovery of the training, validation and test folders below a root."""

import os.path
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from colorgan.errors import ColorganError
from colorgan.files import resolved
from colorgan.images import printable

SPLIT_NAMES = {"train": "training", "val": "validation", "test": "test"}
"""Maps each split to its name in messages."""

_SUBFOLDERS: dict[str, tuple[str, ...]] = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validation"),
    "test": ("test", "testing"),
}


@dataclass(frozen=True)
class SplitFolders:
    """The folders of the splits: given one by one, or found below a root.

    Attributes:
        root: folder of photos, which may have subfolders such as ``train`` and ``val``.
        given: folders given explicitly, by split, possibly none; they take precedence over the root.
    """

    root: Path
    given: Mapping[str, Sequence[Path]]

    def find(self, split: str) -> Path | None:
        """Returns the folder of a split, the innermost common one of several folders; None if the split has no folder.

        The training folder of a root without a ``train`` subfolder is the root itself.

        Raises:
            ColorganError: if several folders are on different drives.
        """
        folders = self.find_all(split)
        if len(folders) < 2:
            return folders[0] if folders else None
        try:
            return Path(os.path.commonpath(folders))
        except ValueError as error:
            raise ColorganError(
                f"data.{split}: {_listed(folders)} are on different drives; give folders of one drive, or links to them"
            ) from error

    def find_all(self, split: str) -> list[Path]:
        """Returns all folders of a split; several are absolute paths, so that they have a common parent."""
        given = list(self.given[split])
        if given:
            return given if len(given) == 1 else [Path(os.path.abspath(folder)) for folder in given]  # noqa: PTH100
        if self.given["train"] and split != "train":
            return []  # the training folder does not belong to the root, so neither do other splits
        found = next((self.root / name for name in _SUBFOLDERS[split] if (self.root / name).is_dir()), None)
        if split == "train":
            return [found if found is not None else self.root]
        return [found] if found is not None and self.find("train") != self.root else []

    def describe(self, split: str) -> str:
        """Describes where the photos of a split are, for messages."""
        return _listed(self.find_all(split)) or printable(self.root)

    def check_existence(self) -> None:
        """Checks that the given folders exist.

        Raises:
            ColorganError: naming the split and the folder.
        """
        for split, folders in self.given.items():
            for folder in folders:
                if not folder.is_dir():
                    raise ColorganError(f"data.{split}: there is no folder {printable(folder)}")

    def check_overlap(self) -> None:
        """Checks that the folders of a split are separate, and separate from the training folders.

        Raises:
            ColorganError: if folders overlap.
        """
        for split, folders in self.given.items():
            for number, one in enumerate(folders):
                for other in folders[:number]:
                    if _overlap(one, other):
                        raise ColorganError(
                            f"data.{split}: {printable(other)} and {printable(one)} overlap, so that photos would "
                            "count twice; give separate folders, and data.weights for more of one"
                        )
        for split in ("val", "test"):
            for train in self.find_all("train"):
                for other in self.find_all(split):
                    if _overlap(train, other):
                        raise ColorganError(
                            f"the {SPLIT_NAMES[split]} folder {printable(other)} and the training folder "
                            f"{printable(train)} overlap; give separate folders"
                        )


def _overlap(one: Path, two: Path) -> bool:
    """Whether one of two existing folders contains the other."""
    if not one.exists() or not two.exists():
        return False
    one, two = resolved(one), resolved(two)
    return one == two or one in two.parents or two in one.parents


def _listed(folders: Sequence[Path]) -> str:
    return ", ".join(printable(folder) for folder in folders)
