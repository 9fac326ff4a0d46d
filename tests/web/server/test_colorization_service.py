from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorgan.errors import ColorganError
from colorgan.images import UnreadableImage
from colorgan.inference.hints import ColorHint
from colorgan.inference.look import Look
from colorgan.web.server.colorization_service import ColorizationService, LookSettings, OutputOptions, pixels_of
from tests.helpers import Painter, picture


@pytest.fixture
def service(painter: Painter) -> ColorizationService:
    return ColorizationService(painter, 24, max_pixels=10_000)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    picture(3, 60, 90).save(tmp_path / "a.jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0", dpi=(300, 300))
    return tmp_path / "a.jpg"


def test_file_is_that_of_the_model(service: ColorizationService, photo: Path) -> None:
    hints = [ColorHint(20, 30, "#d02030", 8)]
    with service.colorize_file(photo, "a.jpg", OutputOptions(), hints, Look(0.5)) as result:
        colorized = np.asarray(Image.open(result))
    expected = Painter().colorize(np.asarray(Image.open(photo)), size=24, hints=hints, strength=0.5)
    assert np.array_equal(colorized, expected)


@pytest.mark.parametrize(("image_format", "metadata"), [("PNG", False), ("JPEG", True)])
def test_format_and_metadata(service: ColorizationService, photo: Path, image_format: str, metadata: bool) -> None:
    options = OutputOptions(format=image_format, metadata=metadata)
    with service.colorize_file(photo, "a.jpg", options) as result:
        image = Image.open(result)
        assert image.format == image_format
        assert ("dpi" in image.info and image.info["dpi"] == (300, 300)) == metadata
    assert list(photo.parent.iterdir()) == [photo]  # the result never had a name


def test_gray_photo_of_16_bits_keeps_its_depth(service: ColorizationService, tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 40 * 50).astype(np.uint16).reshape(40, 50)
    Image.fromarray(ramp).save(tmp_path / "ramp.png")
    pixels = pixels_of(service.read_photo(tmp_path / "ramp.png", "ramp.png"))
    assert np.array_equal(pixels, ramp)


def test_messages_have_the_name_of_the_upload(service: ColorizationService, tmp_path: Path) -> None:
    (tmp_path / "upload").write_bytes(b"no photo")
    with pytest.raises(UnreadableImage, match=r"^cannot read holiday.jpg: "):
        service.read_photo(tmp_path / "upload", "holiday.jpg")
    picture(0, 200, 200).save(tmp_path / "large.png")
    with pytest.raises(UnreadableImage, match="cannot read large.png: .*10,?000"):
        service.read_photo(tmp_path / "large.png", "large.png")
    with pytest.raises(ColorganError, match="strength must be between 0"):
        LookSettings(strength=2.1)
