import math

import pytest
import torch
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models import losses
from colorgan.models.color_spaces import RGB, Lab
from colorgan.models.config import from_config, parts_from_config, to_config
from colorgan.models.discriminators import Discriminator, PatchGAN, Verdict
from colorgan.models.losses import L1, MSE, Comparison, FeatureMatching, Huber, LossTerm
from colorgan.models.losses.terms import unique_names

TERMS = [
    losses.L1(weight=2.0),
    losses.MSE("rgb", weight=0.5),
    losses.Huber(delta=0.2),
    losses.Perceptual(weight=3.0),
    losses.FeatureMatching(10.0),
    losses.Colorfulness(aim="target"),
]
every_term = pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)


def comparison(amount: float, requires_grad: bool = False) -> Comparison:
    """Photos whose predicted colors are between the target and gray; the discriminator's feature is the color."""
    rgb = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 0.6 + 0.2
    gray, target = Lab().split(rgb)
    predicted = (target * (1 - amount)).requires_grad_(requires_grad)
    return Comparison(predicted, target, gray, Lab(), lambda color: Verdict(color.mean((1, 2, 3)), [color]))


@every_term
def test_is_a_scalar_that_grows_with_the_error(term: LossTerm) -> None:
    none, little, much = (term(comparison(amount)) for amount in (0.0, 0.2, 0.8))
    assert none.shape == ()
    assert none.dtype == torch.float32
    assert none.item() == pytest.approx(0, abs=1e-6)
    assert 0 < little < much


@every_term
def test_gradient_leads_toward_the_target(term: LossTerm) -> None:
    case = comparison(0.6, requires_grad=True)
    value = term(case)
    (gradient,) = torch.autograd.grad(value, case.predicted)
    assert gradient.isfinite().all()
    step = 1e-2 * gradient / gradient.abs().max()
    assert term(Comparison(case.predicted - step, case.target, case.gray, Lab(), case.judge)) < value


@every_term
def test_does_not_count_its_weight(term: LossTerm) -> None:
    """Terms are logged in their own units; the sum weights them."""
    unweighted = type(term)(**{**term.init_args, "weight": 1.0})
    assert term(comparison(0.5)).item() == unweighted(comparison(0.5)).item()


@every_term
def test_is_float32_under_autocast(term: LossTerm) -> None:
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = term(comparison(0.5))
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(term(comparison(0.5)).item(), rel=0.02)


@every_term
def test_can_be_rebuilt_from_a_checkpoint(term: LossTerm) -> None:
    again = from_config(to_config(term), LossTerm)
    assert type(again) is type(term)
    assert (again.weight, again.init_args) == (term.weight, term.init_args)


@every_term
@pytest.mark.parametrize("weight", [-1.0, math.nan, math.inf])
def test_rejects_weights_out_of_range(term: LossTerm, weight: float) -> None:
    with pytest.raises(ColorganError, match=rf"{type(term).__name__}: weight must be a number >= 0, received"):
        type(term)(weight=weight)


def test_names_are_unique() -> None:
    assert len({term.name for term in TERMS}) == len(TERMS)
    assert unique_names([L1(), L1("rgb"), MSE(), L1()], ["mse"]) == ["l1", "l1_2", "mse_2", "l1_3"]


def test_lists_of_a_checkpoint_must_be_lists() -> None:
    assert parts_from_config([], LossTerm) == []
    with pytest.raises(ValueError, match="expected a list of class_path and init_args, received 'L1'"):
        parts_from_config("L1", LossTerm)
    with pytest.raises(ValueError, match="expected at most 32 parts, received 33"):
        parts_from_config([{"class_path": "colorgan.models.L1"}] * 33, LossTerm)
    with pytest.raises(ValueError, match=r"os.system is not part of colorgan"):
        parts_from_config([{"class_path": "os.system"}], LossTerm)


def test_asks_the_discriminator_once_and_only_on_demand() -> None:
    asked: list[Tensor] = []

    def judge(color: Tensor) -> Verdict:
        asked.append(color)
        return Verdict(color, [color])

    case = Comparison(torch.zeros(1, 3, 4, 4), torch.ones(1, 3, 4, 4), torch.zeros(1, 1, 4, 4), RGB(), judge)
    L1()(case)
    assert asked == []
    for _ in range(2):
        assert FeatureMatching()(case).item() == 1
        assert not case.of_target.scores.requires_grad
    assert [color.mean().item() for color in asked] == [0, 1]


def test_feature_matching_is_the_mean_over_layers() -> None:
    """Computed by hand: |difference| is 1 everywhere in the first map, and 0 or 6 in the halves of the second one."""

    def judge(color: Tensor) -> Verdict:
        return Verdict(color, [torch.zeros(2, 5, 8, 8) + color.mean(), torch.cat([color * 0, color * 6], dim=1)])

    case = Comparison(torch.ones(2, 2, 1, 1), torch.zeros(2, 2, 1, 1), torch.zeros(2, 1, 1, 1), Lab(), judge)
    assert FeatureMatching()(case).item() == pytest.approx((1 + 3) / 2)


def test_feature_matching_needs_a_discriminator_with_features() -> None:
    class OnlyScores(Discriminator):
        def forward(self, x: Tensor) -> Tensor:
            return x.mean((1, 2, 3))

    FeatureMatching().check(PatchGAN(3, width=2), Lab())
    with pytest.raises(ColorganError, match=r"model.discriminator is null .* take the term out of model.losses"):
        FeatureMatching().check(None, Lab())
    with pytest.raises(ColorganError, match=r"OnlyScores defines only forward: define its method examine"):
        FeatureMatching().check(OnlyScores(3), Lab())
    with pytest.raises(ColorganError, match=r"OnlyScores returns no features"):
        OnlyScores(3).examine(torch.zeros(1, 3, 4, 4))


@pytest.mark.parametrize("delta", [0.05, 0.5])
def test_huber_is_that_of_torch_scaled_to_l1(delta: float) -> None:
    case = comparison(0.5)
    expected = torch.nn.functional.huber_loss(case.predicted, case.target, delta=delta) / delta
    assert Huber(delta=delta)(case).item() == pytest.approx(expected.item(), rel=1e-5)
    assert Huber(delta=1e-6)(case).item() == pytest.approx(L1()(case).item(), rel=1e-3)
