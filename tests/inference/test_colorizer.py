import functools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.color import rgb2lab
from torch import Tensor, nn

from colorgan.color.cielab import lightness
from colorgan.errors import CheckpointError, ColorganError
from colorgan.inference.colorizer import Colorizer
from colorgan.inference.full_size import working_shape
from colorgan.inference.hint_file import ColorHint
from colorgan.models.color_spaces import HSV, RGB, ColorSpace, Lab, YCbCr
from colorgan.models.generators import EncoderUNet, Generator, UNet
from colorgan.models.hints import NoHints, PointHints

SPACES = [RGB(), HSV(), YCbCr(), Lab()]
every_space = pytest.mark.parametrize("color_space", SPACES, ids=lambda color_space: type(color_space).__name__)


class Spreader(Generator):
    """Follows hints in a wide neighborhood and is colorless elsewhere: a model whose answer is known."""

    size_multiple = 8

    def forward(self, x: Tensor) -> Tensor:
        self.check_input(x)
        hints, mask = x[:, 1:-1], x[:, -1:]
        blur = nn.functional.avg_pool2d
        weight = blur(mask, 9, 1, 4, count_include_pad=False)
        return blur(hints, 9, 1, 4, count_include_pad=False) / weight.clamp(min=1e-6)


def tiny(color_space: ColorSpace | None = None, size: int = 16) -> Colorizer:
    torch.manual_seed(0)
    color_space = color_space or Lab()
    return Colorizer(UNet(1, color_space.channels, width=4, depth=2), color_space, size=size).eval()


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


@every_space
@pytest.mark.parametrize("shape", [(1, 1), (20, 300), (33, 47), (16, 16)])
def test_any_size_keeps_its_size_and_its_lightness(color_space: ColorSpace, shape: tuple[int, int]) -> None:
    photo = noise(*shape)
    colored = tiny(color_space).colorize(photo)
    assert colored.shape == photo.shape
    change = rgb2lab(colored)[..., 0] - rgb2lab(photo)[..., 0]
    assert np.abs(change).mean() < 0.5
    if shape != (1, 1):
        assert not np.array_equal(colored, photo)


def test_the_colors_of_the_photo_are_not_looked_at() -> None:
    """A photo and its gray version of the same lightness look alike to the model."""
    photo = noise(32, 32)
    gray = np.rint(rgb2lab(photo)[..., :1] * [2.55, 2.55, 2.55]).astype(np.uint8)
    model = tiny()
    one, other = (model.predict_chroma([picture])[0] for picture in (gray, np.ascontiguousarray(gray[..., 0])))
    np.testing.assert_array_equal(one.ab, other.ab)


def test_all_kinds_of_photos_give_the_same_colors() -> None:
    model, photo = tiny(), noise(30, 40)
    expected = model.colorize(photo)
    assert np.array_equal(np.asarray(model.colorize(Image.fromarray(photo))), expected)
    tensor = torch.from_numpy(photo).permute(2, 0, 1)
    assert np.array_equal(model.colorize(tensor).permute(1, 2, 0).numpy(), expected)
    floats = model.colorize(tensor.float() / 255)
    assert (floats.permute(1, 2, 0) * 255 - torch.from_numpy(expected).float()).abs().max() < 2
    assert model.colorize(torch.rand(3, 10, 12, dtype=torch.float64)).dtype == torch.float64


def test_batches_and_lists_equal_photos_one_by_one() -> None:
    model = tiny()
    photos = [noise(30, 40, 0), noise(16, 50, 1), noise(30, 40, 2)]
    together = model.colorize(photos)
    for photo, colored in zip(photos, together, strict=True):
        np.testing.assert_allclose(colored.astype(int), model.colorize(photo).astype(int), atol=1)
    batch = torch.from_numpy(np.stack([photos[0], photos[2]])).permute(0, 3, 1, 2)
    colored = model.colorize(batch)
    assert colored.shape == batch.shape
    np.testing.assert_array_equal(colored[1].permute(1, 2, 0).numpy(), together[2])
    assert model.colorize([]) == []


def test_sixteen_bits_in_sixteen_bits_out() -> None:
    gray = np.random.default_rng(0).integers(0, 65536, (20, 24)).astype(np.uint16)
    colored = tiny().colorize(gray)
    assert colored.dtype == np.uint16
    assert colored.shape == (20, 24, 3)
    change = rgb2lab(colored / 65535)[..., 0] - lightness(gray)
    assert np.abs(change).max() < 0.02  # far finer than 8 bits could be
    np.testing.assert_array_equal(tiny().colorize(gray, strength=0.0)[..., 1], gray)


def test_strength_grows_from_gray_to_the_prediction() -> None:
    model, photo = tiny(), noise(24, 24)
    spread = [np.ptp(model.colorize(photo, strength=s).astype(int), axis=-1).mean() for s in (0, 0.3, 0.6, 1)]
    assert spread[0] == 0
    assert spread == sorted(spread)
    assert spread[3] > spread[1]


def test_a_working_size_can_be_chosen() -> None:
    model, photo = tiny(), noise(30, 60)
    assert model.predict_chroma([photo], size=24)[0].ab.shape == (2, 24, 48)
    assert model.predict_chroma([photo])[0].ab.shape == (2, *working_shape((30, 60), 16))


@every_space
def test_a_hint_colors_the_region_around_it_and_nothing_far_away(color_space: ColorSpace) -> None:
    hints = PointHints()
    model = Colorizer(
        Spreader(1 + hints.channels(color_space.channels), color_space.channels), color_space, hints, size=32
    )
    photo = np.full((128, 160, 3), 110, np.uint8)
    colored = model.colorize(photo, hints=[ColorHint(40, 40, "#a05030", 12)])
    _, a, b = rgb2lab(colored)[40, 40]
    _, true_a, true_b = rgb2lab(np.array([[[0xA0, 0x50, 0x30]]], np.uint8))[0, 0]
    assert (a, b) == pytest.approx((true_a, true_b), abs=4)
    if not isinstance(color_space, RGB):  # RGB's zero is a gray of its own
        assert np.abs(rgb2lab(colored)[100:, 120:, 1:]).max() < 2


def test_each_photo_of_a_batch_has_its_own_hints() -> None:
    model = Colorizer(Spreader(4, 2), Lab(), PointHints(), size=32)
    photos = [np.full((32, 32, 3), 110, np.uint8)] * 3
    red = [ColorHint(16, 16, "red", 4)]
    colored = model.colorize(photos, hints=[None, red, []])
    assert [int(np.ptp(photo)) > 20 for photo in colored] == [False, True, False]
    with pytest.raises(ColorganError, match="3 photos need a list of hints for each"):
        model.colorize(photos, hints=red)
    with pytest.raises(ColorganError, match="3 photos need as many lists of hints, received 2"):
        model.colorize(photos, hints=[red, red])


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"size": 0}, "size must be a number of pixels from 1 to 4096, received 0"),
        ({"size": 100_000}, "received 100000"),
        ({"strength": 1.5}, r"strength must lie between 0 \(gray\) and 1 \(as predicted\), received 1.5"),
        ({"strength": float("nan")}, "received nan"),
        ({"hints": [ColorHint(1, 1, "red", 1)]}, "was trained without hints"),
    ],
)
def test_what_cannot_be_done_is_said(options: dict, sentence: str) -> None:
    with pytest.raises(ColorganError, match=sentence):
        tiny().colorize(noise(8, 8), **options)


def test_a_hint_outside_of_the_photo_is_refused() -> None:
    model = Colorizer(Spreader(4, 2), Lab(), PointHints(), size=32)
    with pytest.raises(ColorganError, match="outside of the photo of 40 x 30 pixels"):
        model.colorize(noise(30, 40), hints=[ColorHint(40, 1, "red", 1)])


def test_small_networks_sizes_are_padded_by_repetition() -> None:
    """A network with a least size larger than its multiple gets that size; the padding is cut off again."""

    class Demanding(Spreader):
        size_multiple = 4
        min_size = 24

        def forward(self, x: Tensor) -> Tensor:
            assert min(x.shape[-2:]) >= 24
            assert all(side % 4 == 0 for side in x.shape[-2:])
            assert torch.equal(x[..., -1], x[..., -5])  # repeated
            return x.expand(-1, 2, -1, -1) * 0

    assert Colorizer(Demanding(1, 2), Lab())(torch.rand(1, 3, 5, 7)).shape == (1, 3, 5, 7)


def test_an_encoder_as_a_generator() -> None:
    torch.manual_seed(0)
    generator = EncoderUNet(1, 2, encoder="resnet18", width=4)
    assert Colorizer(generator, Lab(), size=32).eval().colorize(noise(40, 50)).shape == (40, 50, 3)


# -- loading -----------------------------------------------------------------------------------------------------------


def save(model: nn.Module, file: Path) -> Path:
    from colorgan.training.checkpoints import CheckpointFiles

    contents = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    CheckpointFiles().save_checkpoint(contents, file)
    return file


@pytest.mark.parametrize("hints", [NoHints(), PointHints()])
def test_a_checkpoint_becomes_the_colorizer_it_was(
    tmp_path: Path, tiny_model: Callable, hints: NoHints | PointHints
) -> None:
    model = tiny_model(hints=hints, generator=functools.partial(UNet, width=4, depth=2), ema_decay=0.9)
    model.inference.working_size.fill_(24)
    with torch.no_grad():  # the average differs from the network it follows
        next(model.inference.generator.parameters()).mul_(1.5)
    loaded = Colorizer.from_checkpoint(save(model, tmp_path / "model.ckpt"))
    assert (loaded.size, loaded.takes_hints, loaded.training) == (24, isinstance(hints, PointHints), False)
    photo = noise(20, 30)
    np.testing.assert_array_equal(loaded.colorize(photo), model.inference.eval().colorize(photo))


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no checkpoint .*none\.ckpt"):
        Colorizer.from_checkpoint(tmp_path / "none.ckpt")


def test_the_package_is_light_until_a_name_needs_torch() -> None:
    code = (
        "import colorgan, sys; assert 'torch' not in sys.modules; assert 'Colorizer' in dir(colorgan);"
        "from colorgan import Colorizer; assert 'lightning' not in sys.modules; print(Colorizer.__module__)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "colorgan.inference.colorizer"
    import colorgan

    with pytest.raises(AttributeError, match="has no attribute 'Colorizr'"):
        _ = colorgan.Colorizr
