import io
from pathlib import Path

import pytest
from PIL import Image

from colorgan.images import UnreadableImage, read_rgb
from colorgan.images.jpeg_scans import MAX_SCANS, count_scans
from tests.helpers import picture
from tests.images.jpegs import many_scans


def ordinary() -> bytes:
    file = io.BytesIO()
    picture(3, 300, 400).save(file, "JPEG")
    return file.getvalue()


def progressive(**options: object) -> bytes:
    file = io.BytesIO()
    picture(3, 300, 400).save(file, "JPEG", progressive=True, **options)
    return file.getvalue()


@pytest.mark.parametrize("side", [64, 2000])
def test_many_scans_are_refused(tmp_path: Path, side: int) -> None:
    (tmp_path / "ok.jpg").write_bytes(many_scans(side, MAX_SCANS))
    assert read_rgb(tmp_path / "ok.jpg").shape == (side, side, 3)
    (tmp_path / "slow.jpg").write_bytes(many_scans(side, MAX_SCANS + 1))
    with pytest.raises(UnreadableImage, match=r"slow\.jpg: it has more than 100 scans; save it again"):
        read_rgb(tmp_path / "slow.jpg")
    with pytest.raises(UnreadableImage, match="it has more than 100 scans"):
        read_rgb(many_scans(side, 5000))


@pytest.mark.parametrize("block_size", [1, 2, 3, 7, 100, 1 << 20])
def test_scans_are_counted_across_blocks(monkeypatch: pytest.MonkeyPatch, block_size: int) -> None:
    monkeypatch.setattr("colorgan.images.jpeg_scans._BLOCK_SIZE", block_size)
    hidden = b"\xff\xda\xff\xd9" * 50
    for data, expected in (
        (many_scans(300, 17), 17),
        (progressive(), 10),
        (progressive(comment=hidden), 10),
        (progressive(exif=b"Exif\0\0" + hidden), 10),
        (progressive() + many_scans(8, 99), 10),
        (many_scans(300, 17)[:-2], 17),
        (b"\xff\xff\xff" + many_scans(300, 3), 3),
        (ordinary(), 1),
        (ordinary() + many_scans(8, 99), 1),
        (b"", 0),
        (b"\xff\xc0\x00\x02", 0),
    ):
        assert count_scans(io.BytesIO(data), 1000) == expected
    assert count_scans(io.BytesIO(many_scans(300, 17)), 5) == 5


def test_scans_of_single_components_are_counted() -> None:
    """A sequential file may repeat them, too."""
    data = bytearray(ordinary())
    start = data.index(b"\xff\xda")
    header = bytes([0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0])
    assert count_scans(io.BytesIO(bytes(data[:start]) + (header + b"\x12\x34") * 150), 1000) == 150
    assert count_scans(io.BytesIO(bytes(data)), 1000) == 1


def test_metadata_may_contain_anything(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(progressive(comment=b"\xff\xda" * 500) + b"\xff\xda" * 500)
    assert read_rgb(tmp_path / "a.jpg").shape == (300, 400, 3)
    assert Image.open(tmp_path / "a.jpg").info["progressive"]
