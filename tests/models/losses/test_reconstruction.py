import pytest
import torch

from colorgan.models.color_spaces import HSV, RGB, ColorSpace, Lab, YCbCr
from colorgan.models.losses import L1, MSE, Comparison, PixelDistance

SPACES = [RGB(), HSV(), HSV("angle", gray="value"), YCbCr(), Lab()]
every_space = pytest.mark.parametrize(
    "color_space", SPACES, ids=lambda color_space: f"{type(color_space).__name__}{color_space.init_args}"
)


def test_matches_manual_computation() -> None:
    target = torch.tensor([0.0, 0.5, -1.0, 1.0]).view(1, 2, 1, 2)
    predicted = torch.tensor([0.5, 0.5, 0.0, 0.0]).view(1, 2, 1, 2)
    gray = torch.zeros(1, 1, 1, 2)
    assert L1()(Comparison(predicted, target, gray, Lab())).item() == pytest.approx((0.5 + 0 + 1 + 1) / 4)
    assert MSE()(Comparison(predicted, target, gray, Lab())).item() == pytest.approx((0.25 + 0 + 1 + 1) / 4)


@pytest.mark.parametrize(("loss", "factor"), [(L1, 2), (MSE, 4)])
def test_losses_scale_with_the_value_range(loss, factor: int) -> None:
    """In [-1, 1] the losses are 2 and 4 times those in [0, 1], so an L1 weight of 512 there is 256 here."""
    rgb, other = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)
    gray, target = RGB().split(rgb)
    predicted = RGB().split(other)[1]
    unit_range = loss("rgb")(Comparison(predicted, target, gray, RGB()))
    torch.testing.assert_close(unit_range, (other - rgb).abs().pow(1 if loss is L1 else 2).mean())
    torch.testing.assert_close(loss()(Comparison(predicted, target, gray, RGB())), factor * unit_range)


@every_space
def test_rgb_space_compares_the_merged_photos(color_space: ColorSpace) -> None:
    rgb = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    gray, target = color_space.split(rgb)
    neutral = color_space.neutral(gray)
    expected = (color_space.merge(gray, neutral) - rgb).abs().mean()
    torch.testing.assert_close(
        L1("rgb")(Comparison(neutral, target, gray, color_space)), expected, atol=1e-4, rtol=1e-4
    )


@every_space
@pytest.mark.parametrize("loss", [L1("rgb"), MSE("rgb"), L1(), MSE(), L1(rebalance=0.5)])
def test_is_zero_at_the_target_and_decreases_toward_it(color_space: ColorSpace, loss) -> None:
    rgb = torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 0.6 + 0.2
    gray, target = color_space.split(rgb)
    assert loss(Comparison(target, target, gray, color_space)).item() == pytest.approx(0, abs=1e-6)

    predicted = (target * 0.5).requires_grad_()
    value = loss(Comparison(predicted, target, gray, color_space))
    (gradient,) = torch.autograd.grad(value, predicted)
    assert gradient.isfinite().all()
    step = 1e-2 * gradient / gradient.abs().max()
    assert loss(Comparison(predicted - step, target, gray, color_space)) < value


@pytest.mark.parametrize("loss", [L1, MSE])
@pytest.mark.parametrize("space", ["network", "rgb"])
def test_computes_in_float32_under_autocast(loss, space: str) -> None:
    gray, target = Lab().split(torch.rand(1, 3, 8, 8))
    predicted = torch.zeros_like(target).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = loss(space)(Comparison(predicted, target, gray, Lab()))
    assert value.dtype == torch.float32
    torch.testing.assert_close(value, loss(space)(Comparison(predicted.float(), target, gray, Lab())))


def test_rebalancing_weights_rare_colors_more() -> None:
    """Computed by hand: 9 of 10 pixels are gray, and one is red, beyond the reach of the smoothing."""
    rgb = torch.full((1, 3, 1, 10), 0.5)
    rgb[0, :, 0, 0] = torch.tensor([0.9, 0.1, 0.1])
    gray, target = RGB().split(rgb)
    error = torch.zeros(1, 1, 1, 10)
    error[..., 0] = 0.1
    rare, common = (1 / (0.5 * fraction * 0.786**2 + 0.5 / 313) for fraction in (0.1, 0.9))
    expected = 0.1 * rare / (rare + 9 * common)
    assert L1(rebalance=0.5)(Comparison(target + error, target, gray, RGB())).item() == pytest.approx(
        expected, rel=1e-4
    )
    assert L1()(Comparison(target + error, target, gray, RGB())).item() == pytest.approx(0.01)


def test_rebalancing_does_not_change_a_uniform_error() -> None:
    rgb = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    gray, target = Lab().split(rgb)
    assert MSE(rebalance=0.9)(Comparison(target + 0.2, target, gray, Lab())).item() == pytest.approx(0.04, rel=1e-4)


@every_space
def test_rebalancing_favors_the_rarer_color(color_space: ColorSpace) -> None:
    """Two of five skies are blue, and everything else is gray: which prediction for all skies has the lower loss?"""
    blue = torch.tensor([0.4, 0.6, 0.95]).view(1, 3, 1, 1)
    gray_of_blue, blue_color = color_space.split(blue)
    below = color_space.merge(gray_of_blue, color_space.neutral(gray_of_blue))
    blue_photo = torch.cat([blue, *[below] * 9], dim=-1)
    gray_photo = torch.cat([below] * 10, dim=-1)
    gray, target = color_space.split(torch.cat([*[blue_photo] * 2, *[gray_photo] * 3]))

    def best_prediction(loss: L1) -> str:
        predictions = {name: color_space.neutral(gray) for name in ("blue", "gray")}
        predictions["blue"] = torch.cat([blue_color.expand(5, -1, 1, 1), predictions["blue"][..., 1:]], dim=-1)
        return min(predictions, key=lambda name: loss(Comparison(predictions[name], target, gray, color_space)).item())

    assert best_prediction(L1()) == "gray"
    assert best_prediction(L1(rebalance=0.5)) == "blue"


def test_rejects_invalid_input() -> None:
    with pytest.raises(ValueError, match="L1: rebalance must be at least 0 and less than 1, received 1"):
        L1(rebalance=1)
    with pytest.raises(ValueError, match="L1: space must be 'network' or 'rgb', received 'lab'"):
        L1("lab")
    with pytest.raises(ValueError, match=r"same shape, received \(1, 2, 4, 4\) and \(1, 2, 8, 8\)"):
        L1()(Comparison(torch.zeros(1, 2, 4, 4), torch.zeros(1, 2, 8, 8), torch.zeros(1, 1, 8, 8), Lab()))


def test_names() -> None:
    class Huber(PixelDistance):
        def distance(self, predicted: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.huber_loss(predicted, target, reduction="none")

    assert [loss().name for loss in (L1, MSE, Huber)] == ["l1", "mse", "reconstruction"]
