import math

import pytest
import torch
from torch import Tensor, nn

from colorgan.models.config import to_config
from colorgan.models.losses import BCE, AdversarialLoss, Hinge, LeastSquares, Relativistic, Wasserstein, WassersteinGP

LOSSES = [
    BCE(), BCE(0.9, 0.1), BCE(1.0, 0.0), LeastSquares(), Hinge(), Wasserstein(), WassersteinGP(), Relativistic()
]  # fmt: skip
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: f"{type(loss).__name__}{loss.init_args}")


def scores(*values: float) -> Tensor:
    return torch.tensor(values)


def cross_entropy(score: float, label: float) -> float:
    probability = 1 / (1 + math.exp(-score))
    return -label * math.log(probability) - (1 - label) * math.log(1 - probability)


@pytest.mark.parametrize(("real_label", "fake_label"), [(1.0, 0.0), (0.9, 0.0), (0.9, 0.1)])
def test_bce_matches_manual_computation(real_label: float, fake_label: float) -> None:
    loss = BCE(real_label, fake_label)
    real = (cross_entropy(2.0, real_label) + cross_entropy(-1.0, real_label)) / 2
    fake = (cross_entropy(0.5, fake_label) + cross_entropy(-3.0, fake_label)) / 2
    assert loss.real_loss(scores(2.0, -1.0)).item() == pytest.approx(real)
    assert loss.fake_loss(scores(0.5, -3.0)).item() == pytest.approx(fake)
    assert loss.discriminator_loss(scores(2.0, -1.0), scores(0.5, -3.0)).item() == pytest.approx((real + fake) / 2)
    assert loss.generator_loss(scores(0.5)).item() == pytest.approx(cross_entropy(0.5, 1.0))


def test_generator_label_can_be_smoothed() -> None:
    assert BCE(generator_label=0.9).generator_loss(scores(0.5)).item() == pytest.approx(cross_entropy(0.5, 0.9))


def test_bce_is_stable_for_large_scores() -> None:
    assert BCE(1.0, 0.0).discriminator_loss(scores(-200.0), scores(200.0)).item() == pytest.approx(200)


def test_least_squares_matches_manual_computation() -> None:
    assert LeastSquares().discriminator_loss(scores(2.0, 1.0), scores(0.5, -1.0)).item() == pytest.approx(
        ((1 + 0) / 2 + (0.25 + 1) / 2) / 2
    )
    assert LeastSquares().generator_loss(scores(0.5, -1.0)).item() == pytest.approx((0.25 + 4) / 2)


def test_hinge_matches_manual_computation() -> None:
    assert Hinge().discriminator_loss(scores(2.0, 0.25), scores(0.5, -1.5)).item() == pytest.approx(
        ((0 + 0.75) / 2 + (1.5 + 0) / 2) / 2
    )
    assert Hinge().generator_loss(scores(0.5, -1.5)).item() == pytest.approx(0.5)


@pytest.mark.parametrize("loss", [Wasserstein(), WassersteinGP()])
def test_wasserstein_matches_manual_computation(loss: AdversarialLoss) -> None:
    assert loss.discriminator_loss(scores(2.0, 1.0), scores(0.5, -1.5)).item() == pytest.approx(-0.5 - 1.5)
    assert loss.generator_loss(scores(0.5, -1.5)).item() == pytest.approx(0.5)


@every_loss
@pytest.mark.parametrize("shape", [(2,), (2, 1), (2, 1, 4, 4), (2, 1, 16, 16)])
def test_accepts_scores_of_any_shape(loss: AdversarialLoss, shape: tuple[int, ...]) -> None:
    """The loss of a constant score does not depend on the number of scores."""
    real, fake = torch.full(shape, 0.7), torch.full(shape, -0.2)
    for one, many in (
        (loss.discriminator_loss(scores(0.7), scores(-0.2)), loss.discriminator_loss(real, fake)),
        (loss.generator_loss(scores(-0.2), scores(0.7)), loss.generator_loss(fake, real)),
    ):
        assert many.shape == ()
        torch.testing.assert_close(many, one)


@every_loss
def test_gradients_have_the_right_signs(loss: AdversarialLoss) -> None:
    """Descending each loss moves the scores in the right direction, whatever the sign conventions of the loss."""
    real, fake = torch.full((4,), 0.5, requires_grad=True), torch.full((4,), 0.5, requires_grad=True)
    loss.discriminator_loss(real, fake).backward()
    assert (real.grad < 0).all()
    assert (fake.grad > 0).all()

    fake.grad = None
    loss.generator_loss(fake, real.detach()).backward()
    assert (fake.grad < 0).all()


@every_loss
def test_half_precision_scores_give_float32_losses(loss: AdversarialLoss) -> None:
    """A mean in bfloat16 would have only three significant digits."""
    real, fake = torch.randn(2, 64, 64).bfloat16(), torch.randn(2, 64, 64).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        half = loss.discriminator_loss(real, fake), loss.generator_loss(fake, real)
    for value, exact in zip(
        half,
        (loss.discriminator_loss(real.float(), fake.float()), loss.generator_loss(fake.float(), real.float())),
        strict=True,
    ):
        assert value.dtype == torch.float32
        torch.testing.assert_close(value, exact)


@pytest.mark.parametrize(
    ("loss", "real", "fake", "expected"),
    [
        (BCE(), (1.0, -1.0, 0.0, 2.0), (-1.0, 1.0, 0.0, -0.1), (0.5, 0.5)),
        (LeastSquares(), (0.6, 0.4, 1.0, 0.5), (0.6, 0.4, 0.0, 0.5), (0.5, 0.5)),
        (Hinge(), (0.1, -0.1), (-0.1, -0.2), (0.5, 1.0)),
        (Wasserstein(), (101.0, 103.0, 98.0), (99.0, 97.0, 96.0), (2 / 3, 2 / 3)),  # the boundary is 99
        (WassersteinGP(), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)),
        (Relativistic(), (5.0, 2.0, -3.0, 1.0), (4.0, 3.0, -4.0, 1.0), (0.5, 0.5)),  # of pairs; a tie is wrong
    ],
)
def test_accuracy_matches_manual_computation(loss: AdversarialLoss, real: tuple, fake: tuple, expected: tuple) -> None:
    accuracies = loss.accuracy(scores(*real), scores(*fake))
    assert [accuracy.item() for accuracy in accuracies] == pytest.approx(expected)


def test_only_wasserstein_clips_the_weights() -> None:
    critic = nn.Sequential(nn.Conv2d(2, 4, 3), nn.LeakyReLU(), nn.Conv2d(4, 1, 3))
    before = [weight.clone() for weight in critic.parameters()]
    for loss in (BCE(), LeastSquares(), Hinge(), WassersteinGP()):
        loss.after_discriminator_step(critic)
    assert all(torch.equal(weight, old) for weight, old in zip(critic.parameters(), before, strict=True))

    Wasserstein(clip=0.05).after_discriminator_step(critic)
    for weight, old in zip(critic.parameters(), before, strict=True):
        assert torch.equal(weight, old.clamp(-0.05, 0.05))


class Slope(nn.Module):
    """A critic with a known gradient: its score per photo or per pixel is the sum of its input times a slope."""

    def __init__(self, slope: float, per_pixel: bool = False) -> None:
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(slope))
        self.per_pixel = per_pixel

    def forward(self, pair: Tensor) -> Tensor:
        if self.per_pixel:
            return pair.sum(1, keepdim=True) * self.slope * pair[0, 0].numel()
        return pair.flatten(1).sum(1) * self.slope


@pytest.mark.parametrize("per_pixel", [False, True])
def test_gradient_penalty_matches_manual_computation(per_pixel: bool) -> None:
    """‖gradient‖ = slope · √(number of inputs) = 0.25 · √(3·4·4), for scores per photo and per pixel alike."""
    real, fake = torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4)
    critic = Slope(0.25, per_pixel)
    penalty = WassersteinGP(weight=7.0).penalty(critic, real, fake)
    gradient_norm = 0.25 * math.sqrt(48)
    assert penalty.item() == pytest.approx(7 * (gradient_norm - 1) ** 2, rel=1e-5)

    penalty.backward()
    assert critic.slope.grad.item() == pytest.approx(7 * 2 * (gradient_norm - 1) * math.sqrt(48), rel=1e-5)


def test_gradient_penalty_interpolates_between_real_and_fake() -> None:
    class Recorder(nn.Module):
        def forward(self, pair: Tensor) -> Tensor:
            self.seen = pair.detach()
            return pair.square().flatten(1).sum(1)

    critic = Recorder()
    WassersteinGP().penalty(critic, torch.ones(64, 1, 2, 2), torch.full((64, 1, 2, 2), 3.0))
    assert critic.seen.min() >= 1
    assert critic.seen.max() <= 3
    assert critic.seen[:, 0, 0, 0].unique().numel() > 60  # a different point for each photo
    assert (
        critic.seen.amax((1, 2, 3)) == critic.seen.amin((1, 2, 3))
    ).all()  # the same point for all values of a photo


def test_gradient_penalty_of_a_flat_critic_has_a_finite_gradient() -> None:
    critic = Slope(0.0)
    penalty = WassersteinGP().penalty(critic, torch.rand(2, 3, 4, 4), torch.rand(2, 3, 4, 4))
    assert penalty.item() == pytest.approx(10)
    penalty.backward()
    assert critic.slope.grad.isfinite()


def test_relativistic_matches_manual_computation() -> None:
    """The loss of R3GAN: log(1 + exp(-(real - fake))) of each pair for the discriminator, and of its negative."""
    real, fake = scores(2.0, -1.0, 0.5), scores(0.5, 1.0, 0.5)
    pairs = [math.log1p(math.exp(-difference)) for difference in (1.5, -2.0, 0.0)]
    mirrored = [math.log1p(math.exp(difference)) for difference in (1.5, -2.0, 0.0)]
    assert Relativistic().discriminator_loss(real, fake).item() == pytest.approx(sum(pairs) / 3)
    assert Relativistic().generator_loss(fake, real).item() == pytest.approx(sum(mirrored) / 3)


def test_relativistic_pairs_each_score_with_its_own() -> None:
    """Only differences count: adding a number to both scores of a photo changes nothing."""
    real, fake, shift = torch.randn(3, 4, 1, 2, 2).unbind()
    for loss in (Relativistic().discriminator_loss, lambda one, other: Relativistic().generator_loss(other, one)):
        torch.testing.assert_close(loss(real + shift, fake + shift), loss(real, fake))


def test_relativistic_has_no_loss_on_real_photos_alone() -> None:
    for loss in (Relativistic().real_loss, Relativistic().fake_loss):
        with pytest.raises(ValueError, match=r"compares real with colorized photos.*discriminator_steps to joint"):
            loss(scores(1.0))
    with pytest.raises(ValueError, match="scores of real photos, which are missing"):
        Relativistic().generator_loss(scores(1.0))


def test_gradient_penalty_is_float32_under_autocast_and_no_grad() -> None:
    class DtypeRecorder(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 1, 3)

        def forward(self, pair: Tensor) -> Tensor:
            score = self.conv(pair)
            self.dtype = score.dtype
            return score

    critic = DtypeRecorder()
    pairs = torch.rand(2, 3, 8, 8).bfloat16(), torch.rand(2, 3, 8, 8).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.no_grad():
        penalty = WassersteinGP().penalty(critic, *pairs)
    assert critic.dtype == torch.float32
    assert penalty.dtype == torch.float32


def test_gradient_penalty_does_not_reach_the_generator() -> None:
    fake = torch.rand(2, 3, 4, 4, requires_grad=True)
    WassersteinGP().penalty(Slope(1.0), torch.rand(2, 3, 4, 4), fake * 2).backward()
    assert fake.grad is None


def test_gradient_penalty_of_a_compiled_critic() -> None:
    """torch.compile does not support double backward."""
    critic = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Tanh(), nn.Conv2d(4, 1, 3))
    pairs = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)
    torch.manual_seed(1)
    expected = WassersteinGP().penalty(critic, *pairs)
    compiled = torch.compile(critic, backend="aot_eager")
    torch.manual_seed(1)
    penalty = WassersteinGP().penalty(compiled, *pairs)
    penalty.backward()
    torch.testing.assert_close(penalty, expected)
    assert critic[0].weight.grad.abs().sum() > 0


def test_gradient_penalty_rejects_batch_norm() -> None:
    class Critic(nn.Sequential):
        pass

    for norm in (nn.BatchNorm1d(4), nn.BatchNorm2d(4), nn.BatchNorm3d(4), nn.SyncBatchNorm(4), nn.LazyBatchNorm2d()):
        with pytest.raises(ValueError, match=r"Critic has BatchNorm.*norm to 'instance' or 'none'"):
            WassersteinGP().check(Critic(nn.Conv2d(1, 4, 3), norm))
    WassersteinGP().check(Critic(nn.Conv2d(1, 4, 3), nn.InstanceNorm2d(4, affine=True), nn.GroupNorm(2, 4)))
    for loss in (BCE(), LeastSquares(), Hinge(), Wasserstein()):
        loss.check(Critic(nn.BatchNorm2d(4)))


@pytest.mark.parametrize("loss", [BCE(), LeastSquares(), Hinge(), Wasserstein(), Relativistic()])
def test_losses_without_penalty_do_not_call_the_network(loss: AdversarialLoss) -> None:
    def never(pair: Tensor) -> Tensor:
        raise AssertionError

    assert loss.penalty(never, torch.zeros(1, 2, 2, 2), torch.zeros(1, 2, 2, 2)).item() == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: BCE(1.1), "real_label=1.1"),
        (lambda: BCE(0.4, 0.6), "fake_label=0.6"),
        (lambda: BCE(math.nan), "real_label=nan"),
        (lambda: BCE(generator_label=0.0), "generator_label"),
        (lambda: Wasserstein(0.0), "positive number such as 0.01, received 0.0"),
        (lambda: Wasserstein(math.nan), "received nan"),
        (lambda: WassersteinGP(-1.0), "received -1.0"),
        (lambda: WassersteinGP(math.inf), "received inf"),
    ],
)
def test_rejects_invalid_arguments(make, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


def test_to_config() -> None:
    assert to_config(BCE(0.9, fake_label=0.1)) == {
        "class_path": "colorgan.models.BCE",
        "init_args": {"real_label": 0.9, "fake_label": 0.1},
    }
