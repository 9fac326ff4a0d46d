import warnings
from pathlib import Path

import pytest

from colorgan.data.checks import check_batch_size, warn_about_unreadable
from colorgan.errors import ColorganError


@pytest.mark.parametrize(("count", "batch_size", "world_size"), [(8, 8, 1), (8, 4, 2), (9, 4, 2)])
def test_one_complete_batch_per_device_is_enough(count: int, batch_size: int, world_size: int) -> None:
    check_batch_size(count, batch_size, world_size)


@pytest.mark.parametrize(
    ("count", "batch_size", "world_size", "message"),
    [
        (7, 8, 1, "7 training photos are fewer than a batch of 8; give more photos or set --data.batch_size=7 or less"),
        (7, 4, 2, "fewer than a batch of 4 on each of 2 devices; give more photos or set --data.batch_size=3 or less"),
        (1, 4, 2, "--data.batch_size=1 or less"),
    ],
)
def test_suggested_batch_size_fits(count: int, batch_size: int, world_size: int, message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        check_batch_size(count, batch_size, world_size)


def test_unreadable_files_are_counted_by_reason_and_the_first_five_listed() -> None:
    unreadable = [(f"{number}\n.jpg", f"it is cut short ({number} bytes)") for number in range(7)]
    unreadable.append(("7.jpg", "the file is empty"))
    counts = r"\(7 because it is cut short, 1 because the file is empty\)"
    with pytest.warns(UserWarning, match=rf"Skipped 8 unreadable files of 1,234 in photos {counts}: ") as caught:
        warn_about_unreadable(unreadable, 1234, "photos", Path("runs", "photos.jsonl"))
    text = str(caught[0].message)
    assert text.count(" bytes)") == 5
    assert text.endswith("and 3 more; all are named in " + str(Path("runs", "photos.jsonl")))
    assert "\n" not in text
    with pytest.warns(UserWarning, match=r"Skipped 1 .* of 2 in photos \(1 because truncated\): a.jpg \(truncated\)$"):
        warn_about_unreadable([("a.jpg", "truncated")], 2, "photos")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warn_about_unreadable([], 2, "photos")
