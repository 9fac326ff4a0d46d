"""Discovery of the training, validation and test folders below a root."""

from collections.abc import Mapping
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
        given: folders given explicitly, by split; they take precedence over the root.
    """

    root: Path
    given: Mapping[str, Path | None]

    def find(self, split: str) -> Path | None:
        """Returns the folder of a split; None if the split has no folder.

        The training folder of a root without a ``train`` subfolder is the root itself.
        """
        if self.given[split] is not None:
            return self.given[split]
        if self.given["train"] is not None and split != "train":
            return None  # the training folder does not belong to the root, so neither do other splits
        found = next((self.root / name for name in _SUBFOLDERS[split] if (self.root / name).is_dir()), None)
        if split == "train":
            return found if found is not None else self.root
        return found if self.find("train") != self.root else None

    def check_overlap(self) -> None:
        """Checks that the training folder does not contain another split's folder, or vice versa.

        Raises:
            ColorganError: if folders overlap.
        """
        train = self.find("train")
        for split in ("val", "test"):
            other = self.find(split)
            if train is None or other is None or not train.exists() or not other.exists():
                continue
            one, two = resolved(train), resolved(other)
            if one == two or one in two.parents or two in one.parents:
                raise ColorganError(
                    f"the {SPLIT_NAMES[split]} folder {printable(other)} and the training folder {printable(train)} "
                    "overlap; give separate folders"
                )
