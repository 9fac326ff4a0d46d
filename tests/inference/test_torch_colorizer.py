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
from colorgan.inference.hints import ColorHint
from colorgan.inference.small_image import working_shape
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.models.color_spaces import HSV, RGB, ColorSpace, Lab, YCbCr
from colorgan.models.generators import EncoderUNet, Generator, UNet
from colorgan.models.hints import NoHints, PointHints

COLOR_SPACES = [RGB(), HSV(), YCbCr(), Lab()]
every_color_space = pytest.mark.parametrize(
    "color_space", COLOR_SPACES, ids=lambda color_space: type(color_space).__name__
)


class BlurredHints(Generator):
    """A generator with a known result: the blurred hints, and gray elsewhere."""

    size_multiple = 8

    def forward(self, x: Tensor) -> Tensor:
        self.check_input(x)
        hints, mask = x[:, 1:-1], x[:, -1:]
        avg_pool2d = nn.functional.avg_pool2d
        weight = avg_pool2d(mask, 9, 1, 4, count_include_pad=False)
        return avg_pool2d(hints, 9, 1, 4, count_include_pad=False) / weight.clamp(min=1e-6)


def tiny_colorizer(color_space: ColorSpace | None = None, size: int = 16) -> TorchColorizer:
    torch.manual_seed(0)
    color_space = color_space or Lab()
    return TorchColorizer(UNet(1, color_space.channels, width=4, depth=2), color_space, size=size).eval()


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


@every_color_space
@pytest.mark.parametrize("shape", [(1, 1), (20, 300), (33, 47), (16, 16)])
def test_size_and_lightness_are_preserved(color_space: ColorSpace, shape: tuple[int, int]) -> None:
    photo = noise(*shape)
    colorized = tiny_colorizer(color_space).colorize(photo)
    assert colorized.shape == photo.shape
    change = rgb2lab(colorized)[..., 0] - rgb2lab(photo)[..., 0]
    assert np.abs(change).mean() < 0.5
    if shape != (1, 1):
        assert not np.array_equal(colorized, photo)


def test_colors_of_the_input_are_ignored() -> None:
    photo = noise(32, 32)
    gray = np.rint(rgb2lab(photo)[..., :1] * [2.55, 2.55, 2.55]).astype(np.uint8)
    model = tiny_colorizer()
    first, second = (model.predict_chroma([image])[0] for image in (gray, np.ascontiguousarray(gray[..., 0])))
    np.testing.assert_array_equal(first.ab, second.ab)


def test_all_input_types_give_the_same_colors() -> None:
    model, photo = tiny_colorizer(), noise(30, 40)
    expected = model.colorize(photo)
    assert np.array_equal(np.asarray(model.colorize(Image.fromarray(photo))), expected)
    tensor = torch.from_numpy(photo).permute(2, 0, 1)
    assert np.array_equal(model.colorize(tensor).permute(1, 2, 0).numpy(), expected)
    floats = model.colorize(tensor.float() / 255)
    assert (floats.permute(1, 2, 0) * 255 - torch.from_numpy(expected).float()).abs().max() < 2
    assert model.colorize(torch.rand(3, 10, 12, dtype=torch.float64)).dtype == torch.float64


def test_batches_and_lists_match_single_photos() -> None:
    model = tiny_colorizer()
    photos = [noise(30, 40, 0), noise(16, 50, 1), noise(30, 40, 2)]
    together = model.colorize(photos)
    for photo, colorized in zip(photos, together, strict=True):
        np.testing.assert_allclose(colorized.astype(int), model.colorize(photo).astype(int), atol=1)
    batch = torch.from_numpy(np.stack([photos[0], photos[2]])).permute(0, 3, 1, 2)
    colorized = model.colorize(batch)
    assert colorized.shape == batch.shape
    np.testing.assert_array_equal(colorized[1].permute(1, 2, 0).numpy(), together[2])
    assert model.colorize([]) == []


def test_16_bit_photos_stay_16_bit() -> None:
    gray = np.random.default_rng(0).integers(0, 65536, (20, 24)).astype(np.uint16)
    colorized = tiny_colorizer().colorize(gray)
    assert colorized.dtype == np.uint16
    assert colorized.shape == (20, 24, 3)
    change = rgb2lab(colorized / 65535)[..., 0] - lightness(gray)
    assert np.abs(change).max() < 0.02  # much less than a step of 8 bits
    np.testing.assert_array_equal(tiny_colorizer().colorize(gray, strength=0.0)[..., 1], gray)


def test_strength_interpolates_between_gray_and_the_prediction() -> None:
    model, photo = tiny_colorizer(), noise(24, 24)
    saturation = [np.ptp(model.colorize(photo, strength=s).astype(int), axis=-1).mean() for s in (0, 0.3, 0.6, 1)]
    assert saturation[0] == 0
    assert saturation == sorted(saturation)
    assert saturation[3] > saturation[1]


def test_working_size_can_be_chosen() -> None:
    model, photo = tiny_colorizer(), noise(30, 60)
    assert model.predict_chroma([photo], size=24)[0].ab.shape == (2, 24, 48)
    assert model.predict_chroma([photo])[0].ab.shape == (2, *working_shape((30, 60), 16))


@every_color_space
def test_hint_colorizes_its_surroundings_only(color_space: ColorSpace) -> None:
    hints = PointHints()
    model = TorchColorizer(
        BlurredHints(1 + hints.channels(color_space.channels), color_space.channels), color_space, hints, size=32
    )
    photo = np.full((128, 160, 3), 110, np.uint8)
    colorized = model.colorize(photo, hints=[ColorHint(40, 40, "#a05030", 12, reach=0)])
    _, a, b = rgb2lab(colorized)[40, 40]
    _, true_a, true_b = rgb2lab(np.array([[[0xA0, 0x50, 0x30]]], np.uint8))[0, 0]
    assert (a, b) == pytest.approx((true_a, true_b), abs=4)
    if not isinstance(color_space, RGB):  # zero is not neutral in RGB
        assert np.abs(rgb2lab(colorized)[100:, 120:, 1:]).max() < 2


def test_hints_per_photo_of_a_batch() -> None:
    model = TorchColorizer(BlurredHints(4, 2), Lab(), PointHints(), size=32)
    photos = [np.full((32, 32, 3), 110, np.uint8)] * 3
    red = [ColorHint(16, 16, "red", 4, reach=0)]
    colorized = model.colorize(photos, hints=[None, red, []])
    assert [int(np.ptp(photo)) > 20 for photo in colorized] == [False, True, False]
    with pytest.raises(ColorganError, match=r"one list per photo \(3\), received a single list"):
        model.colorize(photos, hints=red)
    with pytest.raises(ColorganError, match=r"one list per photo \(3\), received 2"):
        model.colorize(photos, hints=[red, red])


@pytest.mark.parametrize(
    ("hints", "message"),
    [
        ("hints.json", "hints.json: the hint file does not exist"),
        (Path("a") / "hints.json", "hints.json: the hint file does not exist"),
        ([{"x": 1, "y": 2}], "hints: hint 1 has no 'color'"),
        (
            [{"x": 1, "y": 2, "color": "red"}, {"x": 1, "colr": 2}],
            "hint 2 has the unknown key 'colr'; did you mean 'color'",
        ),
        (
            [["red"]],
            "photo 1: hint 1 must be an object with x, y and color, or with a stroke or an area, received 'red'",
        ),
        (3, "hints: hints must be a list of ColorHint or dictionaries, or the path of a hint file, received 3"),
        ([3], "photo 1: hints must be a list of ColorHint or dictionaries, or the path of a hint file, received 3"),
    ],
)
def test_hints_that_are_not_color_hints_are_refused(hints: object, message: str) -> None:
    model = TorchColorizer(BlurredHints(4, 2), Lab(), PointHints(), size=32)
    with pytest.raises(ColorganError, match=message):
        model.colorize(noise(8, 8), hints=hints)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": 0}, "size must be a number of pixels from 1 to 4096, received 0"),
        ({"size": 100_000}, "received 100000"),
        (
            {"strength": 2.5},
            r"strength must be between 0 \(gray\) and 2 \(twice as colorful as predicted\), received 2.5",
        ),
        ({"strength": float("nan")}, "received nan"),
    ],
)
def test_invalid_arguments_are_refused(options: dict, message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        tiny_colorizer().colorize(noise(8, 8), **options)


def test_model_without_hints_is_painted_over() -> None:
    photo = np.full((30, 40, 3), 120, np.uint8)
    model = tiny_colorizer()
    assert not model.takes_hints
    without, hinted = model.colorize(photo), model.colorize(photo, hints=[ColorHint(20, 15, "seagreen", 6, reach=0)])
    red, green, blue = hinted[15, 20].astype(int)
    assert green > blue > red
    assert np.array_equal(without[:4], hinted[:4])


def test_hint_outside_the_photo_is_refused() -> None:
    model = TorchColorizer(BlurredHints(4, 2), Lab(), PointHints(), size=32)
    with pytest.raises(ColorganError, match="outside the photo of 40 x 30 pixels"):
        model.colorize(noise(30, 40), hints=[ColorHint(40, 1, "red", 1)])


def test_images_are_padded_to_the_size_requirements_of_the_network() -> None:
    """Padding replicates the edge up to ``min_size``, and is cropped from the output."""

    class CheckedGenerator(BlurredHints):
        size_multiple = 4
        min_size = 24

        def forward(self, x: Tensor) -> Tensor:
            assert min(x.shape[-2:]) >= 24
            assert all(side % 4 == 0 for side in x.shape[-2:])
            assert torch.equal(x[..., -1], x[..., -5])  # replicated
            return x.expand(-1, 2, -1, -1) * 0

    assert TorchColorizer(CheckedGenerator(1, 2), Lab())(torch.rand(1, 3, 5, 7)).shape == (1, 3, 5, 7)


def test_generator_with_an_encoder() -> None:
    torch.manual_seed(0)
    generator = EncoderUNet(1, 2, encoder="resnet18", width=4)
    assert TorchColorizer(generator, Lab(), size=32).eval().colorize(noise(40, 50)).shape == (40, 50, 3)


# -- loading -----------------------------------------------------------------------------------------------------------


def save_checkpoint(model: nn.Module, file: Path) -> Path:
    from colorgan.training.checkpoints import CheckpointFiles

    contents = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    CheckpointFiles().save_checkpoint(contents, file)
    return file


@pytest.mark.parametrize("hints", [NoHints(), PointHints()])
def test_checkpoint_restores_the_colorizer(tmp_path: Path, tiny_model: Callable, hints: NoHints | PointHints) -> None:
    model = tiny_model(hints=hints, generator=functools.partial(UNet, width=4, depth=2), ema_decay=0.9)
    model.inference.working_size.fill_(24)
    with torch.no_grad():  # so that the average differs from the trained network
        next(model.inference.generator.parameters()).mul_(1.5)
    loaded = TorchColorizer.from_checkpoint(save_checkpoint(model, tmp_path / "model.ckpt"))
    assert (loaded.size, loaded.takes_hints, loaded.training) == (24, isinstance(hints, PointHints), False)
    photo = noise(20, 30)
    np.testing.assert_array_equal(loaded.colorize(photo), model.inference.eval().colorize(photo))


def test_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"there is no checkpoint .*none\.ckpt"):
        TorchColorizer.from_checkpoint(tmp_path / "none.ckpt")


def test_inference_does_not_import_training() -> None:
    code = (
        "import sys; from colorgan.inference.torch_colorizer import TorchColorizer;"
        "assert 'torch' in sys.modules; assert 'lightning' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
