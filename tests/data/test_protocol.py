"""What a data module of one's own must yield."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from colorgan.data.protocol import check_batch, check_data_module
from colorgan.errors import ColorganError

RGB = torch.zeros(2, 3, 8, 8, dtype=torch.uint8)
INDEX = torch.arange(2)


def test_valid_batches_are_accepted() -> None:
    check_batch({"rgb": RGB, "index": INDEX}, "Mine")
    check_batch({"rgb": RGB, "index": INDEX, "caption": ["a", "b"]}, "Mine")
    check_batch({"rgb": RGB[:1], "path": ["a.png"]}, "Mine", for_prediction=True)
    assert check_data_module(SimpleNamespace(image_size=8)) == 8


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ((RGB, INDEX), "Mine must yield mappings of rgb and index, received tuple"),
        ({"image": RGB, "index": INDEX}, "Mine must yield mappings of rgb and index, received image, index"),
        ({"rgb": RGB.float(), "index": INDEX}, r"rgb as uint8 \(B, 3, H, W\), received float32 \(2, 3, 8, 8\)"),
        ({"rgb": RGB[:, :1], "index": INDEX}, r"rgb as uint8 \(B, 3, H, W\), received uint8 \(2, 1, 8, 8\)"),
        ({"rgb": [1], "index": INDEX}, r"rgb as uint8 \(B, 3, H, W\), received list"),
        ({"rgb": RGB, "index": INDEX.int()}, r"as int64 \(2,\), received int32 \(2,\)"),
        ({"rgb": RGB, "index": INDEX[:1]}, r"as int64 \(2,\), received int64 \(1,\)"),
    ],
)
def test_other_batches_are_refused(batch: Any, message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        check_batch(batch, "Mine")


def test_prediction_needs_a_path_per_photo() -> None:
    with pytest.raises(ColorganError, match="Mine must yield mappings of rgb and path, received rgb, index"):
        check_batch({"rgb": RGB, "index": INDEX}, "Mine", for_prediction=True)
    with pytest.raises(ColorganError, match="Mine must yield a path per photo, received 1 for 2"):
        check_batch({"rgb": RGB, "path": ["a.png"]}, "Mine", for_prediction=True)


@pytest.mark.parametrize("size", [None, True, 0, "8"])
def test_the_size_of_the_photos_must_be_known(size: Any) -> None:
    with pytest.raises(ColorganError, match="data: SimpleNamespace needs the attribute image_size, height and"):
        check_data_module(SimpleNamespace(image_size=size))
