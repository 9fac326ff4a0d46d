import pytest
import torch

from colorgan.color.difference import colorfulness
from colorgan.errors import ColorganError
from colorgan.models.color_spaces import RGB
from colorgan.models.losses import Colorfulness, Comparison


def pair(predicted: torch.Tensor, target: torch.Tensor) -> Comparison:
    gray, color = RGB().split(target)
    return Comparison(RGB().split(predicted)[1], color, gray, RGB())


def test_is_that_of_the_metric_in_the_range_of_photos() -> None:
    predicted, target = torch.rand(2, 3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    of_predicted, of_target = colorfulness(predicted) / 255, colorfulness(target) / 255
    more = Colorfulness()(pair(predicted, target))
    assert more.item() == pytest.approx(1 - of_predicted.mean().item(), rel=1e-5)
    aimed = Colorfulness(aim="target")(pair(predicted, target))
    assert aimed.item() == pytest.approx((of_predicted - of_target).abs().mean().item(), rel=1e-5)


@pytest.mark.parametrize("aim", ["more", "target"])
def test_gray_photos_have_a_finite_gradient(aim: str) -> None:
    target = torch.rand(1, 3, 4, 4)
    gray, color = RGB().split(target)
    predicted = gray.expand_as(color).clone().requires_grad_()
    Colorfulness(aim=aim)(Comparison(predicted, color, gray, RGB())).backward()
    assert predicted.grad.isfinite().all()


def test_asks_for_more_color() -> None:
    target = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    pale, vivid = (Colorfulness()(pair((target - 0.5) * factor + 0.5, target)) for factor in (0.2, 1.0))
    assert vivid < pale


def test_colors_outside_the_gamut_bring_nothing() -> None:
    target = torch.ones(1, 3, 2, 2) * torch.tensor([1.0, 0.5, 0.0]).view(3, 1, 1)
    outside = target + torch.tensor([0.5, 0.0, -0.5]).view(3, 1, 1)
    assert Colorfulness()(pair(outside, target)).item() == Colorfulness()(pair(target, target)).item()


def test_rejects_an_unknown_aim() -> None:
    with pytest.raises(ColorganError, match="Colorfulness: aim must be 'more' or 'target', received 'less'"):
        Colorfulness(aim="less")
