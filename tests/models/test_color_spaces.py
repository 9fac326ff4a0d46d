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
from colorgan.models.color_spaces import HSV, RGB, ColorSpace, Lab, YCbCr
from colorgan.models.config import to_config

SPACES = [
    RGB(),
    HSV(),
    HSV("angle"),
    HSV(gray="value"),
    HSV("angle", gray="value"),
    YCbCr(),
    Lab(),
    Lab(ab_scale=127.0),
]
every_space = pytest.mark.parametrize(
    "color_space", SPACES, ids=lambda color_space: f"{type(color_space).__name__}{color_space.init_args}"
)
channel = st.integers(0, 255).map(lambda value: value / 255)


def pixels(*colors: tuple[float, float, float]) -> Tensor:
    """(1, 3, 1, n) from n colors."""
    return torch.tensor(colors, dtype=torch.float32).T.reshape(1, 3, 1, -1).contiguous()


def cube(steps: int = 18) -> Tensor:
    """Colors spread over the whole of sRGB, black, white and the pure ones included."""
    axis = torch.linspace(0, 1, steps)
    return torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij")).reshape(1, 3, steps, steps * steps)


def as_array(rgb: Tensor) -> np.ndarray:
    return rgb[0].permute(1, 2, 0).double().numpy()


def as_tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(array)).permute(2, 0, 1)[None].float()


@every_space
def test_splitting_and_merging_give_the_photo_back(color_space: ColorSpace) -> None:
    rgb = cube()
    gray, color = color_space.split(rgb)
    assert gray.shape == (1, 1, *rgb.shape[2:])
    assert color.shape == (1, color_space.channels, *rgb.shape[2:])
    torch.testing.assert_close(color_space.merge(gray, color), rgb, atol=2e-4, rtol=0)
    torch.testing.assert_close(color_space.merge(gray, color, clip=False), rgb, atol=2e-4, rtol=0)


@every_space
def test_network_range(color_space: ColorSpace) -> None:
    for part in color_space.split(cube()):
        assert part.min() >= -1 - 1e-6
        assert part.max() <= 1 + 1e-6


@every_space
@settings(max_examples=50, deadline=None)
@given(rgb=st.tuples(channel, channel, channel))
def test_any_eight_bit_color_comes_back(color_space: ColorSpace, rgb: tuple[float, float, float]) -> None:
    merged = color_space.merge(*color_space.split(pixels(rgb)))
    assert (merged * 255).round().flatten().tolist() == [round(value * 255) for value in rgb]


@every_space
def test_a_real_photo_comes_back_bit_for_bit(color_space: ColorSpace) -> None:
    path = next(Path(colorgan.__file__).parent.glob("images/sample_photos/val/*.jpg"))
    with Image.open(path) as image:
        photo = torch.from_numpy(np.array(image.convert("RGB").resize((64, 64)))).permute(2, 0, 1)[None]
    assert torch.equal((color_space.merge(*color_space.split(photo / 255)) * 255).round().byte(), photo)


@every_space
@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_any_prediction_gives_an_image(color_space: ColorSpace, data: st.DataObject) -> None:
    """Whatever a tanh says, RGB is finite, and within [0, 1] when clipped."""
    unit = st.floats(-1, 1, width=32)
    gray = torch.tensor(data.draw(unit)).view(1, 1, 1, 1)
    color = torch.tensor(data.draw(st.lists(unit, min_size=color_space.channels, max_size=color_space.channels)))
    color = color.view(1, -1, 1, 1)
    clipped = color_space.merge(gray, color)
    assert clipped.min() >= 0
    assert clipped.max() <= 1
    assert color_space.merge(gray, color, clip=False).isfinite().all()


@every_space
def test_a_gray_photo_comes_back_gray(color_space: ColorSpace) -> None:
    photo = torch.linspace(0, 1, 256).view(1, 1, 1, -1).expand(-1, 3, -1, -1)
    gray, color = color_space.split(photo)
    neutral = color_space.neutral(gray)
    assert neutral.shape == color.shape
    torch.testing.assert_close(neutral, color, atol=1e-4, rtol=0)
    merged = color_space.merge(gray, neutral)
    torch.testing.assert_close(merged, photo, atol=2e-4, rtol=0)
    assert (merged.amax(1) - merged.amin(1)).max() < 1e-4


@every_space
def test_a_gray_photo_enters_as_its_own_gray_values(color_space: ColorSpace) -> None:
    level = torch.linspace(0, 1, 256).view(1, 1, 1, -1)
    gray, _ = color_space.split(level.expand(-1, 3, -1, -1))
    if isinstance(color_space, Lab):
        expected = skimage.color.rgb2lab(as_array(level.expand(-1, 3, -1, -1)))[..., :1] / 50 - 1
        torch.testing.assert_close(gray, as_tensor(expected), atol=1e-4, rtol=0)
    else:
        torch.testing.assert_close(gray, level * 2 - 1, atol=1e-6, rtol=0)


def test_rgb_condition_is_rec_601_luma() -> None:
    gray, color = RGB().split(pixels((1, 0, 0), (0, 1, 0), (0, 0, 1), (0.2, 0.4, 0.6)))
    torch.testing.assert_close((gray.flatten() + 1) / 2, torch.tensor([0.299, 0.587, 0.114, 0.363]))
    torch.testing.assert_close(color[0, :, 0, 3], torch.tensor([-0.6, -0.2, 0.2]))


def test_rgb_merge_does_not_look_at_the_gray() -> None:
    color = torch.rand(2, 3, 4, 4) * 2 - 1
    assert torch.equal(RGB().merge(torch.zeros(2, 1, 4, 4), color), RGB().merge(torch.ones(2, 1, 4, 4), color))


def test_lab_equals_scikit_image() -> None:
    rgb = cube()
    gray, color = Lab().split(rgb)
    ours = torch.cat([(gray + 1) * 50, color * 110], dim=1)
    torch.testing.assert_close(ours, as_tensor(skimage.color.rgb2lab(as_array(rgb))), atol=5e-3, rtol=0)


def test_lab_merge_equals_scikit_image_also_out_of_gamut() -> None:
    generator = torch.Generator().manual_seed(0)
    lab = torch.rand(1, 3, 8, 200, generator=generator) * torch.tensor([100, 200, 200]).view(1, 3, 1, 1)
    lab -= torch.tensor([0, 100, 100]).view(1, 3, 1, 1)
    ours = Lab().merge(lab[:, :1] / 50 - 1, lab[:, 1:] / 110)
    with pytest.warns(UserWarning, match="negative Z"):
        theirs = as_tensor(skimage.color.lab2rgb(as_array(lab)))
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


def test_lab_scale_is_what_ab_is_divided_by() -> None:
    rgb = torch.rand(1, 3, 4, 4)
    torch.testing.assert_close(Lab(127.0).split(rgb)[1] * 127, Lab().split(rgb)[1] * 110)


def test_hsv_equals_scikit_image() -> None:
    rgb = cube()
    expected = as_tensor(skimage.color.rgb2hsv(as_array(rgb)))
    value, color = HSV("angle", gray="value").split(rgb)
    ours = torch.cat([(color + 1) / 2, (value + 1) / 2], dim=1)
    turn = (ours[:, 0] - expected[:, 0]).abs()
    assert torch.minimum(turn, 1 - turn).max() < 1e-5
    torch.testing.assert_close(ours[:, 1:], expected[:, 1:], atol=1e-5, rtol=0)

    vector = HSV("vector").split(rgb)[1]
    hue, saturation = expected[:, 0] * 2 * math.pi, expected[:, 1]
    expected_vector = torch.stack([saturation * hue.cos(), saturation * hue.sin()], dim=1)
    torch.testing.assert_close(vector, expected_vector, atol=1e-5, rtol=0)


@pytest.mark.parametrize("hue", ["vector", "angle"])
def test_hsv_merge_equals_scikit_image(hue: str) -> None:
    hsv = torch.rand(1, 3, 8, 100, generator=torch.Generator().manual_seed(0))
    angle, saturation = hsv[:, :1] * 2 * math.pi, hsv[:, 1:2]
    color = {
        "angle": torch.cat([hsv[:, :1] * 2 - 1, saturation * 2 - 1], dim=1),
        "vector": torch.cat([saturation * angle.cos(), saturation * angle.sin()], dim=1),
    }[hue]
    ours = HSV(hue, gray="value").merge(hsv[:, 2:] * 2 - 1, color)
    torch.testing.assert_close(ours, as_tensor(skimage.color.hsv2rgb(as_array(hsv))), atol=1e-5, rtol=0)


def test_hue_wraps_as_an_angle_and_not_as_a_vector() -> None:
    two_reds = pixels((1.0, 0.01, 0.0), (1.0, 0.0, 0.01))
    angle, vector = (HSV(hue).split(two_reds)[1] for hue in ("angle", "vector"))
    assert (angle[..., 0] - angle[..., 1]).abs().max() > 1.9
    assert (vector[..., 0] - vector[..., 1]).abs().max() < 0.03


@pytest.mark.parametrize("hue", ["vector", "angle"])
def test_hsv_keeps_the_luma_of_a_gray_photo_whatever_is_predicted(hue: str) -> None:
    generator = torch.Generator().manual_seed(0)
    gray = torch.rand(1, 1, 16, 64, generator=generator) * 2 - 1
    color = torch.rand(1, 2, 16, 64, generator=generator) * 2 - 1
    merged = HSV(hue).merge(gray, color)
    torch.testing.assert_close(RGB().split(merged)[0], gray, atol=1e-5, rtol=0)


def test_value_of_a_saturated_blue_is_white_but_its_luma_is_dark() -> None:
    blue = pixels((0, 0, 1))
    assert HSV(gray="value").split(blue)[0].item() == 1
    assert HSV().split(blue)[0].item() == pytest.approx(2 * 0.114 - 1)


def test_ycbcr_equals_scikit_image() -> None:
    """Theirs is scaled to 16..235 and 16..240; kornia rounds the chroma's factors to three digits."""
    rgb = cube()
    studio = as_tensor(skimage.color.rgb2ycbcr(as_array(rgb)))
    luma, chroma = YCbCr().split(rgb)
    torch.testing.assert_close(luma, (studio[:, :1] - 16) / 219 * 2 - 1, atol=1e-5, rtol=0)
    torch.testing.assert_close(chroma, (studio[:, 1:] - 128) / 112, atol=1e-3, rtol=0)


def test_ycbcr_clips() -> None:
    corner = YCbCr().merge(torch.ones(1, 1, 1, 1), torch.ones(1, 2, 1, 1))
    assert corner.flatten().tolist() == pytest.approx([1, 1 - (0.299 / 0.713 + 0.114 / 0.564) / 2 / 0.587, 1])


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
    """At black, white, gray and pure colors, at the neutral color, and in all corners of a tanh's range."""
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
def test_a_color_out_of_gamut_is_pulled_back_by_an_unclipped_loss(color_space: ColorSpace) -> None:
    gray = torch.full((1, 1, 1, 1), 0.5)
    color = torch.full((1, color_space.channels, 1, 1), 1.0) * (1.0 if not isinstance(color_space, RGB) else 1.2)
    color.requires_grad_()
    target = color_space.merge(gray, color_space.neutral(gray))
    (color_space.merge(gray, color, clip=False) - target).abs().mean().backward()
    assert color.grad is not None
    assert color.grad.abs().sum() > 0


@every_space
def test_autocast_does_not_lower_the_precision(color_space: ColorSpace) -> None:
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
def test_half_precision_predictions_are_merged_in_float32(color_space: ColorSpace) -> None:
    gray, color = color_space.split(torch.rand(1, 3, 4, 4))
    merged = color_space.merge(gray, color.bfloat16())
    assert merged.dtype == torch.float32
    torch.testing.assert_close(merged, color_space.merge(gray, color.bfloat16().float()))


@every_space
def test_mean_of_one_color_is_that_color(color_space: ColorSpace) -> None:
    rgb = torch.rand(2, 3, 1, 5)
    color = color_space.split(rgb)[1].flatten(2)[..., None].expand(-1, -1, -1, 4)
    weight = torch.tensor([1.0, 0.0, 1.0, 1.0]).expand(2, 1, 5, 4)
    torch.testing.assert_close(color_space.mean(color, weight), color[..., 0], atol=1e-5, rtol=1e-5)


def test_mean_by_hand() -> None:
    color = torch.tensor([[0.0, 0.5, 1.0], [-1.0, 1.0, 0.0]]).view(1, 2, 3)
    assert Lab().mean(color, torch.tensor([1.0, 1.0, 0.0]).view(1, 1, 3)).flatten().tolist() == [0.25, 0.0]


def test_mean_of_two_reds_is_red() -> None:
    """As numbers, the mean of the hues -1 and 1 would be cyan."""
    color_space = HSV("angle")
    two_reds = pixels((1.0, 0.1, 0.0), (1.0, 0.0, 0.1))
    gray, color = color_space.split(two_reds)
    mean = color_space.mean(color, torch.ones_like(gray))[..., None]
    red, green, blue = color_space.merge(gray[..., :1], mean).flatten().tolist()
    assert red > 0.9
    assert green == pytest.approx(blue, abs=1e-3)


class ThereAndBack(nn.Module):
    def __init__(self, color_space: ColorSpace) -> None:
        super().__init__()
        self.color_space = color_space

    def forward(self, rgb: Tensor) -> Tensor:
        gray, color = self.color_space.split(rgb)
        return self.color_space.merge(gray, color)


@every_space
def test_exports_with_any_height_width_and_batch(color_space: ColorSpace) -> None:
    dim = torch.export.Dim.DYNAMIC
    program = torch.export.export(
        ThereAndBack(color_space), (torch.rand(2, 3, 8, 12),), dynamic_shapes={"rgb": {0: dim, 2: dim, 3: dim}}
    )
    for shape in ((1, 3, 5, 7), (3, 3, 16, 2)):
        rgb = torch.rand(shape)
        torch.testing.assert_close(program.module()(rgb), ThereAndBack(color_space)(rgb))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: HSV("degrees"), "'degrees'"),
        (lambda: HSV(gray="lightness"), "'lightness'"),
        (lambda: Lab(0.0), "0.0"),
        (lambda: Lab(math.nan), "nan"),
        (lambda: RGB().split(torch.zeros(1, 3, 2, 2, dtype=torch.uint8)), "divide uint8 photos by 255"),
        (lambda: RGB().split(torch.zeros(3, 2, 2)), r"\(B, 3, H, W\), but has \(3, 2, 2\)"),
        (lambda: Lab().merge(torch.zeros(1, 1, 2, 2), torch.zeros(1, 3, 2, 2)), r"color must have .*\(B, 2, H, W\)"),
        (lambda: Lab().merge(torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2, 2)), r"gray must have .*\(B, 1, H, W\)"),
    ],
)
def test_bad_input_is_named(make, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make()


def test_spaces_are_described_as_data() -> None:
    assert to_config(Lab(127.0)) == {"class_path": "colorgan.models.Lab", "init_args": {"ab_scale": 127.0}}
    assert to_config(RGB()) == {"class_path": "colorgan.models.RGB", "init_args": {}}
