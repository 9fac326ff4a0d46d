"""Tests that every color space must pass."""

import math
from pathlib import Path

import numpy as np
import pytest
import skimage.color
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torch import Tensor, nn

import colorgan
from colorgan.models.color_spaces import HSV, RGB, ColorSpace, Lab, QuantizedLab, YCbCr
from colorgan.models.config import to_config
from tests.models.color_spaces.colors import as_array, as_tensor, cube, pixels

SPACES = [
    RGB(),
    HSV(),
    HSV("angle"),
    HSV(gray="value"),
    HSV("angle", gray="value"),
    YCbCr(),
    Lab(),
    Lab(ab_scale=127.0),
    QuantizedLab(),
    QuantizedLab(grid=20, temperature=1.0),
]


every_space = pytest.mark.parametrize(
    "color_space", SPACES, ids=lambda color_space: f"{type(color_space).__name__}{color_space.init_args}"
)


channel = st.integers(0, 255).map(lambda value: value / 255)


@every_space
def test_merge_inverts_split(color_space: ColorSpace) -> None:
    rgb = cube()
    gray, color = color_space.split(rgb)
    assert gray.shape == (1, 1, *rgb.shape[2:])
    assert color.shape == (1, color_space.channels, *rgb.shape[2:])
    torch.testing.assert_close(color_space.merge(gray, color), rgb, atol=2e-4, rtol=0)
    torch.testing.assert_close(color_space.merge(gray, color, clip=False), rgb, atol=2e-4, rtol=0)


@every_space
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_any_output_decodes_to_color(color_space: ColorSpace, dtype: torch.dtype) -> None:
    """Scores have any size; other outputs are colors already."""
    output = torch.rand(2, color_space.output_channels, 3, 5, dtype=dtype) * 2 - 1
    output = output * 30 if color_space.predicts_scores else output
    color = color_space.decode(output)
    assert color.shape == (2, color_space.channels, 3, 5)
    assert color.abs().max() <= 1
    assert color_space.predicts_scores or torch.equal(color, output)


@every_space
def test_split_is_in_range(color_space: ColorSpace) -> None:
    for part in color_space.split(cube()):
        assert part.min() >= -1 - 1e-6
        assert part.max() <= 1 + 1e-6


@every_space
@settings(max_examples=50, deadline=None)
@given(rgb=st.tuples(channel, channel, channel))
def test_round_trip_of_8_bit_colors(color_space: ColorSpace, rgb: tuple[float, float, float]) -> None:
    merged = color_space.merge(*color_space.split(pixels(rgb)))
    assert (merged * 255).round().flatten().tolist() == [round(value * 255) for value in rgb]


@every_space
def test_round_trip_of_a_photo_is_exact(color_space: ColorSpace) -> None:
    path = next(Path(colorgan.__file__).parent.glob("images/sample_photos/val/*.jpg"))
    with Image.open(path) as image:
        photo = torch.from_numpy(np.array(image.convert("RGB").resize((64, 64)))).permute(2, 0, 1)[None]
    assert torch.equal((color_space.merge(*color_space.split(photo / 255)) * 255).round().byte(), photo)


@every_space
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_any_prediction_gives_a_valid_image(color_space: ColorSpace, data: st.DataObject) -> None:
    """RGB is finite for all network outputs, and in [0, 1] if clipped."""
    unit = st.floats(-1, 1, width=32)
    gray = torch.tensor(data.draw(unit)).view(1, 1, 1, 1)
    color = torch.tensor(data.draw(st.lists(unit, min_size=color_space.channels, max_size=color_space.channels)))
    color = color.view(1, -1, 1, 1)
    clipped = color_space.merge(gray, color)
    assert clipped.min() >= 0
    assert clipped.max() <= 1
    assert color_space.merge(gray, color, clip=False).isfinite().all()


@every_space
def test_neutral_color_gives_gray(color_space: ColorSpace) -> None:
    photo = torch.linspace(0, 1, 256).view(1, 1, 1, -1).expand(-1, 3, -1, -1)
    gray, color = color_space.split(photo)
    neutral = color_space.neutral(gray)
    assert neutral.shape == color.shape
    torch.testing.assert_close(neutral, color, atol=1e-4, rtol=0)
    merged = color_space.merge(gray, neutral)
    torch.testing.assert_close(merged, photo, atol=2e-4, rtol=0)
    assert (merged.amax(1) - merged.amin(1)).max() < 1e-4


@every_space
def test_gray_photos_keep_their_gray_values(color_space: ColorSpace) -> None:
    level = torch.linspace(0, 1, 256).view(1, 1, 1, -1)
    gray, _ = color_space.split(level.expand(-1, 3, -1, -1))
    if isinstance(color_space, Lab):
        expected = skimage.color.rgb2lab(as_array(level.expand(-1, 3, -1, -1)))[..., :1] / 50 - 1
        torch.testing.assert_close(gray, as_tensor(expected), atol=1e-4, rtol=0)
    else:
        torch.testing.assert_close(gray, level * 2 - 1, atol=1e-6, rtol=0)


HARD_COLORS = pixels(
    (0, 0, 0),
    (1, 1, 1),
    (0.5, 0.5, 0.5),
    (1, 0, 0),
    (0, 1, 0),
    (0, 0, 1),
    (1, 1, 0),
    (0, 1, 1),
    (1, 0, 1),
    (0.0031308,) * 3,
)


@every_space
def test_gradients_of_split_are_finite(color_space: ColorSpace) -> None:
    rgb = HARD_COLORS.clone().requires_grad_()
    sum(part.sum() for part in color_space.split(rgb)).backward()
    assert rgb.grad is not None
    assert rgb.grad.isfinite().all()


@every_space
@pytest.mark.parametrize("clip", [True, False])
def test_gradients_of_merge_are_finite(color_space: ColorSpace, clip: bool) -> None:
    """At black, white, gray and the primaries, at the neutral color, and in all corners of the range of tanh."""
    gray, color = color_space.split(HARD_COLORS)
    corners = torch.cartesian_prod(*[torch.tensor([-1.0, 0.0, 1.0])] * (1 + color_space.channels)).T[None, :, None, :]
    tiny = torch.cat(
        [torch.zeros(1, 1, 1, 4), torch.tensor([1e-30, -1e-20, 1e-7, 1e-5]).expand(1, color_space.channels, 1, 4)], 1
    )
    for start_gray, start_color in (
        (gray, color),
        (gray, color_space.neutral(gray)),
        (corners[:, :1], corners[:, 1:]),
        (tiny[:, :1], tiny[:, 1:]),
    ):
        leaf_gray, leaf_color = start_gray.clone().requires_grad_(), start_color.clone().requires_grad_()
        color_space.merge(leaf_gray, leaf_color, clip=clip).abs().sum().backward()
        for leaf in (leaf_gray, leaf_color):
            assert leaf.grad is None or leaf.grad.isfinite().all()
            assert leaf.grad is None or leaf.grad.abs().max() < 100


@every_space
def test_merge_gradcheck(color_space: ColorSpace) -> None:
    rgb = torch.rand(1, 3, 3, 3, generator=torch.Generator().manual_seed(3), dtype=torch.float64) * 0.6 + 0.2
    gray, color = (part.detach().requires_grad_() for part in color_space.split(rgb))
    assert torch.autograd.gradcheck(
        lambda gray, color: color_space.merge(gray, color), (gray, color), eps=1e-7, atol=1e-3
    )


@every_space
def test_unclipped_loss_has_a_gradient_outside_the_gamut(color_space: ColorSpace) -> None:
    gray = torch.full((1, 1, 1, 1), 0.5)
    color = torch.full((1, color_space.channels, 1, 1), 1.0) * (1.0 if not isinstance(color_space, RGB) else 1.2)
    color.requires_grad_()
    target = color_space.merge(gray, color_space.neutral(gray))
    (color_space.merge(gray, color, clip=False) - target).abs().mean().backward()
    assert color.grad is not None
    assert color.grad.abs().sum() > 0


@every_space
def test_autocast_does_not_reduce_precision(color_space: ColorSpace) -> None:
    rgb = torch.rand(2, 3, 8, 8)
    gray, color = color_space.split(rgb)
    merged = color_space.merge(gray, color)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        cast_gray, cast_color = color_space.split(rgb)
        cast_merged = color_space.merge(cast_gray, cast_color)
    for exact, cast in ((gray, cast_gray), (color, cast_color), (merged, cast_merged)):
        assert cast.dtype == torch.float32
        assert torch.equal(exact, cast)


@every_space
def test_merge_converts_half_precision_to_float32(color_space: ColorSpace) -> None:
    gray, color = color_space.split(torch.rand(1, 3, 4, 4))
    merged = color_space.merge(gray, color.bfloat16())
    assert merged.dtype == torch.float32
    torch.testing.assert_close(merged, color_space.merge(gray, color.bfloat16().float()))


@every_space
def test_mean_of_equal_colors_is_that_color(color_space: ColorSpace) -> None:
    rgb = torch.rand(2, 3, 1, 5)
    color = color_space.split(rgb)[1].flatten(2)[..., None].expand(-1, -1, -1, 4)
    weight = torch.tensor([1.0, 0.0, 1.0, 1.0]).expand(2, 1, 5, 4)
    torch.testing.assert_close(color_space.mean(color, weight), color[..., 0], atol=1e-5, rtol=1e-5)


class RoundTrip(nn.Module):
    def __init__(self, color_space: ColorSpace) -> None:
        super().__init__()
        self.color_space = color_space

    def forward(self, rgb: Tensor) -> Tensor:
        gray, color = self.color_space.split(rgb)
        return self.color_space.merge(gray, color)


@every_space
def test_exports_with_dynamic_shapes(color_space: ColorSpace) -> None:
    dim = torch.export.Dim.DYNAMIC
    program = torch.export.export(
        RoundTrip(color_space), (torch.rand(2, 3, 8, 12),), dynamic_shapes={"rgb": {0: dim, 2: dim, 3: dim}}
    )
    for shape in ((1, 3, 5, 7), (3, 3, 16, 2)):
        rgb = torch.rand(shape)
        torch.testing.assert_close(program.module()(rgb), RoundTrip(color_space)(rgb))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: HSV("degrees"), "'degrees'"),
        (lambda: HSV(gray="lightness"), "'lightness'"),
        (lambda: Lab(0.0), "0.0"),
        (lambda: Lab(math.nan), "nan"),
        (lambda: RGB().split(torch.zeros(1, 3, 2, 2, dtype=torch.uint8)), "divide uint8 photos by 255"),
        (lambda: RGB().split(torch.zeros(3, 2, 2)), r"\(B, 3, H, W\), received \(3, 2, 2\)"),
        (lambda: Lab().merge(torch.zeros(1, 1, 2, 2), torch.zeros(1, 3, 2, 2)), r"color must have .*\(B, 2, H, W\)"),
        (lambda: Lab().merge(torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2, 2)), r"gray must have .*\(B, 1, H, W\)"),
    ],
)
def test_rejects_invalid_input(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_to_config() -> None:
    assert to_config(Lab(127.0)) == {"class_path": "colorgan.models.Lab", "init_args": {"ab_scale": 127.0}}
    assert to_config(RGB()) == {"class_path": "colorgan.models.RGB", "init_args": {}}
