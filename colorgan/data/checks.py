"""Warnings about skipped files and near-duplicates, and checks of the number of photos."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lightning.pytorch.utilities import rank_zero_warn

from colorgan.data.duplicates import near_duplicate_groups
from colorgan.data.folders import SPLIT_NAMES
from colorgan.data.split import Split
from colorgan.errors import ColorganError, first_sentence, plural
from colorgan.files import display_path
from colorgan.images import printable, problem_of

_MAX_LISTED = 5


def check_ranges(**arguments: tuple[int | None, int, int]) -> None:
    """Checks numbers of a data module.

    Args:
        **arguments: value, minimum and maximum of each; the value ``None`` stands for a default.

    Raises:
        ColorganError: naming the key, the range and the value.
    """
    for name, (value, least, most) in arguments.items():
        if value is not None and not least <= value <= most:
            bounds = f"at least {least}" if value < least else f"at most {most}"
            raise ColorganError(f"data.{name} must be {bounds}; received {value}")


def check_paths(**arguments: Sequence[str | None] | None) -> None:
    """Checks that paths are not empty, which would mean the working directory.

    Raises:
        ColorganError: naming the key.
    """
    for name, paths in arguments.items():
        if paths is not None and (not paths or any(path is not None and not str(path).strip() for path in paths)):
            raise ColorganError(f"data.{name} is empty; give a path (. is the working directory), or leave it out")


def check_fractions(val_fraction: float, test_fraction: float) -> None:
    """Checks that a split leaves photos for training.

    Raises:
        ColorganError: with both fractions.
    """
    if not (0 <= val_fraction < 1 and 0 <= test_fraction < 1 and val_fraction + test_fraction < 1):
        raise ColorganError(
            "data.val_fraction and data.test_fraction must be at least 0 and their sum below 1, to leave photos "
            f"for training; received {val_fraction} and {test_fraction}"
        )


def check_transforms(apply: Callable[[], object], side: int) -> None:
    """Checks that ``data.train_transforms`` can be applied, and return what can be trained on.

    Args:
        apply: applies them to a photo.
        side: height and width of that photo in pixels.

    Raises:
        ColorganError: naming the key and the problem.
    """
    try:
        apply()
    except ColorganError as error:
        message = str(error)
        raise ColorganError(
            message if "train_transforms" in message else f"data.train_transforms: {message}"
        ) from error
    except Exception as error:  # transforms of any library
        raise ColorganError(
            f"data.train_transforms cannot be applied to squares of {side} pixels: {first_sentence(error)}"
        ) from error


def warn_about_unreadable(
    unreadable: Sequence[tuple[str, str]], total: int, where: str, manifest: Path | None = None
) -> None:
    """Warns about skipped files: how many for each reason, and their names. With a manifest, only the first are named.

    Args:
        unreadable: (name, reason) of each file.
        total: number of all files.
        where: where the files come from.
        manifest: the file that names all of them, if there is one.
    """
    if not unreadable:
        return
    counts = Counter(problem_of(reason) for _, reason in unreadable)
    reasons = ", ".join(f"{count:,} because {printable(problem)}" for problem, count in counts.most_common())
    num_listed = _MAX_LISTED if manifest is not None else len(unreadable)
    listed = [f"{printable(name)} ({reason})" for name, reason in unreadable[:num_listed]]
    if len(unreadable) > num_listed:
        listed.append(f"and {len(unreadable) - num_listed:,} more")
    named = f"; all are named in {display_path(manifest)}" if manifest is not None else ""
    rank_zero_warn(
        f"Skipped {plural(len(unreadable), 'unreadable file')} of {total:,} in {where} ({reasons}): "
        f"{', '.join(listed)}{named}"
    )


def warn_about_duplicates(splits: Mapping[str, Split]) -> None:
    """Warns if other splits, loaded from folders of their own, contain near-duplicates of training photos.

    Nothing is removed, because the user chose the folders.

    Args:
        splits: splits by name, among them ``train``.
    """
    train = splits["train"]
    for name in ("val", "test"):
        other = splits.get(name)
        if other is None or other.photos is train.photos or not len(other):
            continue
        groups = near_duplicate_groups([train.photos, other.photos])
        train_groups = {int(groups[i]): int(i) for i in train.indices}
        offset = len(train.photos)
        pairs = [
            (other.photos.names[i], train.photos.names[train_groups[int(groups[offset + i])]])
            for i in other.indices
            if int(groups[offset + i]) in train_groups
        ]
        if pairs:
            rank_zero_warn(
                f"{len(pairs)} of {len(other)} {SPLIT_NAMES[name]} photos are near-duplicates of training photos, so "
                f"results will be too optimistic; for example {printable(pairs[0][0])} and {printable(pairs[0][1])}"
            )


def check_batch_size(count: int, batch_size: int, world_size: int) -> None:
    """Checks that there are enough training photos for one complete batch on each device.

    Args:
        count: number of training photos.
        batch_size: batch size of each device.
        world_size: number of devices.

    Raises:
        ColorganError: if there are too few photos.
    """
    if count < batch_size * world_size:
        devices = f" on each of {world_size} devices" if world_size > 1 else ""
        raise ColorganError(
            f"{count} training photos are fewer than a batch of {batch_size}{devices}; "
            f"give more photos or set --data.batch_size={max(1, count // world_size)} or less"
        )
