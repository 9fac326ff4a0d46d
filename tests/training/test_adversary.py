"""What a ColorGAN's adversary and the terms of its loss do in training."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch.callbacks import Callback

from colorgan.errors import ColorganError
from colorgan.models import (
    BCE,
    L1,
    R1,
    R1R2,
    AdversarialLoss,
    Colorfulness,
    DiffAugment,
    FeatureMatching,
    Hinge,
    Huber,
    Lab,
    MultiScale,
    PatchGAN,
    Perceptual,
    PointHints,
    ProjectedDiscriminator,
    Relativistic,
    Wasserstein,
    WassersteinGP,
)
from colorgan.training.callbacks import ParameterCount
from colorgan.training.gan import ColorGAN
from colorgan.training.schedule import AdversarialSchedule
from tests.helpers import RandomPhotos, parameters, photos

Make = Callable[..., Any]
PATCH = functools.partial(PatchGAN, width=4, num_downsamples=2)
PENALIZED = functools.partial(PatchGAN, width=4, num_downsamples=2, norm="instance")
PROJECTED = functools.partial(ProjectedDiscriminator, width=4)
SGD = functools.partial(torch.optim.SGD, lr=0.1)
ADVERSARIES: dict[str, dict[str, Any]] = {
    "projected": {"discriminator": PROJECTED, "adversarial": Hinge(), "image_size": 32},
    "multi-scale": {"discriminator": functools.partial(MultiScale, discriminator=PATCH)},
    "r1": {"discriminator": PENALIZED, "discriminator_penalty": R1()},
    "relativistic": {"discriminator": PENALIZED, "discriminator_penalty": R1R2(), "adversarial": Relativistic()},
    "diff-augment": {"discriminator": PATCH, "discriminator_augmentation": DiffAugment()},
    "adaptive": {"discriminator": PATCH, "discriminator_augmentation": DiffAugment(target=-0.9, ramp=0.02)},
    "terms": {"discriminator": PATCH, "losses": [FeatureMatching(10), Perceptual(), Colorfulness(), Huber("rgb")]},
}


def dataset(size: int) -> Any:
    return [{"rgb": photo, "index": index} for index, photo in enumerate(photos(8, seed=5, size=size))]


@pytest.mark.parametrize("precision", ["32-true", "bf16-mixed"])
@pytest.mark.parametrize("name", ADVERSARIES)
def test_every_adversary_trains(tiny_model: Make, fit: Make, name: str, precision: str) -> None:
    model = tiny_model(**ADVERSARIES[name])
    before = {key: value.clone() for key, value in model.state_dict().items()}
    size = model.hparams["image_size"] if name == "projected" else 32
    trainer = fit(model, dataset=dataset(size), max_epochs=2, precision=precision)
    metrics = trainer.callback_metrics
    assert set(model.logged_metrics()) <= set(metrics)
    assert all(value.isfinite() for value in metrics.values()), metrics
    for network in ("colorizer.generator", "discriminator"):
        assert any(not torch.equal(v, before[k]) for k, v in model.named_parameters() if k.startswith(network))


@pytest.mark.parametrize("name", ADVERSARIES)
def test_checkpoints_rebuild_every_adversary(tiny_model: Make, fit: Make, tmp_path: Path, name: str) -> None:
    model = tiny_model(**ADVERSARIES[name])
    trainer = fit(model, dataset=dataset(32), limit_train_batches=1, limit_val_batches=0)
    trainer.save_checkpoint(tmp_path / "model.ckpt")
    again = ColorGAN.load_from_checkpoint(tmp_path / "model.ckpt")
    assert again.hparams == model.hparams
    assert all(torch.equal(tensor, again.state_dict()[name]) for name, tensor in model.state_dict().items())


def test_frozen_networks_are_neither_trained_nor_saved(tiny_model: Make, fit: Make, tmp_path: Path) -> None:
    model = tiny_model(discriminator=PROJECTED, losses=[Perceptual()], image_size=32)
    trainer = fit(model, dataset=dataset(32), limit_train_batches=1, limit_val_batches=1, callbacks=[ParameterCount()])
    network = model.discriminator
    assert network is not None
    trained = {id(p) for optimizer in trainer.optimizers for group in optimizer.param_groups for p in group["params"]}
    assert trained == {id(p) for p in (*model.colorizer.generator.parameters(), *network.parameters())}
    trainer.save_checkpoint(tmp_path / "model.ckpt")
    saved = torch.load(tmp_path / "model.ckpt", weights_only=True)["state_dict"]
    assert not any("encoder" in name for name in saved)
    assert sum(tensor.numel() for tensor in saved.values()) < network.frozen_parameters / 10
    generator = sum(p.numel() for p in model.colorizer.generator.parameters())
    heads = sum(p.numel() for p in network.parameters())
    ratio = trainer.callback_metrics["val/discriminator_ratio"].item()
    assert ratio == pytest.approx((heads + 2_958_848) / generator)


def step_by_hand(model: ColorGAN, rgb: torch.Tensor, weights: dict[str, float], adversarial: AdversarialLoss) -> None:
    """One step of each network, with R1 + R2 by ``torch.autograd.grad`` and every term from its definition."""
    generator, discriminator = model.colorizer.generator, model.discriminator
    assert discriminator is not None
    gray, color = Lab().split(rgb)
    fake = generator(gray)
    pairs = [torch.cat([gray, each], 1) for each in (color, fake.detach())]
    real_scores, fake_scores = (discriminator(pair) for pair in pairs)
    loss = adversarial.discriminator_loss(real_scores, fake_scores)
    for pair in pairs[: 2 if weights["r2"] else 1]:
        x = pair.clone().requires_grad_()
        (slope,) = torch.autograd.grad(discriminator(x).flatten(1).mean(1).sum(), x, create_graph=True)
        loss = loss + weights["r1"] / 2 * (slope**2).sum() / len(x)
    loss.backward()
    with torch.no_grad():
        for weight in discriminator.parameters():
            weight -= 0.1 * weight.grad
    real, judged = (discriminator.examine(torch.cat([gray, each], 1)) for each in (color, fake))
    matching = sum(
        (one - other.detach()).abs().mean() for one, other in zip(judged.features, real.features, strict=True)
    )
    merged = [Lab().merge(gray, each, clip=False) for each in (fake, color)]
    loss = 10 * (fake - color).abs().mean() + 0.5 * adversarial.generator_loss(judged.scores, real.scores.detach())
    loss = loss + 2 * matching / len(real.features) + 3 * (merged[0] - merged[1]).abs().mean()
    loss.backward()
    with torch.no_grad():
        for weight in generator.parameters():
            weight -= 0.1 * weight.grad


@pytest.mark.parametrize("adversarial", [BCE(), Relativistic()], ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("penalty", [R1(3.0, every=1), R1R2(3.0, every=1)], ids=lambda penalty: type(penalty).__name__)
def test_a_step_matches_a_hand_written_one(tiny_model: Make, fit: Make, adversarial: Any, penalty: Any) -> None:
    arguments: dict[str, Any] = {
        "discriminator": PENALIZED,
        "adversarial": adversarial,
        "discriminator_penalty": penalty,
        "reconstruction_weight": 10.0,
        "adversarial_weight": 0.5,
        "losses": [FeatureMatching(weight=2.0), L1("rgb", weight=3.0)],
        "channels_last": False,
        "generator_optimizer": SGD,
        "discriminator_optimizer": SGD,
    }
    model, twin = tiny_model(**arguments), tiny_model(**arguments)
    fit(model, photos=4, limit_val_batches=0)
    weights = {"r1": 3.0, "r2": float(isinstance(penalty, R1R2))}
    step_by_hand(twin, RandomPhotos(4).photos.float() / 255, weights, adversarial)
    for mine, other in zip(parameters(model), parameters(twin), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-6)


def test_terms_are_logged_without_their_weights(tiny_model: Make, fit: Make) -> None:
    arguments: dict[str, Any] = {"discriminator": None, "reconstruction_weight": 5.0, "generator_optimizer": SGD}
    losses = [L1("rgb", weight=1000.0), Colorfulness(weight=0.0)]
    metrics = fit(tiny_model(losses=losses, **arguments), photos=4, limit_val_batches=0).callback_metrics
    gray, color = Lab().split(RandomPhotos(4).photos.float() / 255)
    with torch.no_grad():
        predicted = tiny_model(**arguments).colorizer.generator.train()(gray)
    merged = [Lab().merge(gray, each, clip=False) for each in (predicted, color)]
    values = {"l1": (predicted - color).abs().mean(), "l1_2": (merged[0] - merged[1]).abs().mean()}
    for name, value in values.items():
        torch.testing.assert_close(metrics[f"train/{name}"], value, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(metrics["train/generator"], 5 * values["l1"] + 1000 * values["l1_2"], rtol=1e-4, atol=0)
    assert 0 < metrics["train/colorfulness"] < 1


@pytest.mark.parametrize(("every", "expected"), [(1, [0, 1, 2, 3, 4, 5]), (4, [0, 4])])
def test_lazy_penalty_counts_updates_over_epochs(
    tiny_model: Make, fit: Make, monkeypatch: pytest.MonkeyPatch, every: int, expected: list[int]
) -> None:
    updates: list[int] = []
    due = R1.due

    def watched(self: R1, update: int) -> bool:
        is_due = due(self, update)
        updates.extend([update] if is_due else [])
        return is_due

    monkeypatch.setattr(R1, "due", watched)
    model = tiny_model(discriminator=PENALIZED, discriminator_penalty=R1(every=every))
    fit(model, photos=12, max_epochs=2, limit_val_batches=0)  # three batches an epoch
    assert updates == expected


def test_updates_of_the_schedule_are_counted() -> None:
    schedule = AdversarialSchedule(discriminator_every=2, discriminator_updates=3)
    assert [schedule.count_updates(batches) for batches in range(6)] == [0, 0, 3, 3, 6, 6]


def test_augmentation_is_the_same_for_real_and_fake(tiny_model: Make, fit: Make) -> None:
    model = tiny_model(discriminator=PATCH, discriminator_augmentation=DiffAugment(cutout=0.5))
    seen: list[torch.Tensor] = []
    model.discriminator.register_forward_pre_hook(lambda _, args: seen.append(args[0].detach()))
    fit(model, photos=4, limit_val_batches=0)
    real, fake, of_generator = ((each == 0).all(1) for each in seen)
    assert real.any()
    assert torch.equal(real, fake)
    assert not torch.equal(real, of_generator)  # drawn anew for the generator's step


def test_validation_is_not_augmented(tiny_model: Make, fit: Make) -> None:
    model = tiny_model(discriminator=PATCH, discriminator_augmentation=DiffAugment())
    seen: list[torch.Tensor] = []
    model.discriminator.register_forward_pre_hook(lambda _, args: seen.append(args[0].detach()))
    fit(model, photos=4, limit_train_batches=1, limit_val_batches=1)
    assert not (seen[-1] == 0).all(1).any()


def test_adaptive_strength_rises_while_the_discriminator_knows_the_photos(tiny_model: Make, fit: Make) -> None:
    """Every fourth update; a target that is always exceeded, and one that never is."""
    for target, expected in ((-0.999, 0.64), (0.999, 0.0)):
        model = tiny_model(
            discriminator=PATCH, discriminator_augmentation=DiffAugment(target=target, ramp=0.05), adversarial=BCE()
        )
        metrics = fit(model, photos=32, limit_val_batches=0).callback_metrics  # eight updates of four photos
        assert metrics["train/augmentation_probability"].item() == pytest.approx(expected)


def test_terms_with_features_wait_for_the_adversarial_phase(tiny_model: Make, fit: Make) -> None:
    logged: list[set[str]] = []

    class Watch(Callback):
        def on_train_batch_end(self, trainer: Any, module: Any, outputs: Any, *_: Any) -> None:
            logged.append(set(outputs))

    model = tiny_model(
        discriminator=PATCH,
        losses=[FeatureMatching(), Colorfulness()],
        schedule=AdversarialSchedule(generator_warmup_epochs=1),
    )
    fit(model, photos=4, max_epochs=2, limit_val_batches=0, callbacks=[Watch()])
    assert "train/feature_matching" not in logged[0]
    assert {"train/feature_matching", "train/adversarial"} <= logged[1]
    assert all("train/colorfulness" in each for each in logged)


def test_paired_losses_are_validated_beside_the_real_photos(tiny_model: Make, fit: Make) -> None:
    model = tiny_model(discriminator=PENALIZED, adversarial=Relativistic())
    value = fit(model, photos=4, limit_train_batches=1).callback_metrics["val/adversarial"]
    rgb = RandomPhotos(4).photos.float() / 255
    gray, color = Lab().split(rgb)
    model.eval()
    with torch.no_grad():
        predicted = Lab().split(model.inference(rgb))[1]
        scores = [model.discriminator(torch.cat([gray, each], 1)) for each in (color, predicted)]
    torch.testing.assert_close(value, torch.nn.functional.softplus(scores[0] - scores[1]).mean())


def test_checkpoints_of_before_have_none_of_it(tiny_model: Make, fit: Make, tmp_path: Path) -> None:
    model = tiny_model()
    fit(model, limit_train_batches=1, limit_val_batches=0).save_checkpoint(tmp_path / "model.ckpt")
    contents = torch.load(tmp_path / "model.ckpt", weights_only=True)
    for name in ("losses", "discriminator_augmentation", "discriminator_penalty"):
        del contents["hyper_parameters"][name]
    torch.save(contents, tmp_path / "old.ckpt")
    again = ColorGAN.load_from_checkpoint(tmp_path / "old.ckpt")
    assert (again.hparams["losses"], again.adversary.augmentation) == ([], None)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"discriminator": None, "losses": [FeatureMatching()]}, r"FeatureMatching compares features .* is null or"),
        ({"adversarial_weight": 0.0, "losses": [FeatureMatching()]}, "or model.adversarial_weight 0: give a"),
        ({"discriminator_penalty": R1()}, "R1 penalizes .* PatchGAN has BatchNorm"),
        (
            {"discriminator": None, "discriminator_penalty": R1()},
            "discriminator_penalty is R1, but no discriminator is",
        ),
        (
            {"discriminator": None, "discriminator_augmentation": DiffAugment()},
            "discriminator_augmentation is DiffAugment, but no discriminator is trained: set it to null",
        ),
        (
            {"discriminator": PENALIZED, "discriminator_penalty": R1(), "adversarial": WassersteinGP()},
            "WassersteinGP constrains the discriminator itself: set model.discriminator_penalty, which is R1, to null",
        ),
        (
            {"discriminator": PENALIZED, "discriminator_penalty": R1R2(), "adversarial": Wasserstein()},
            "Wasserstein constrains the discriminator itself",
        ),
        (
            {"adversarial": Relativistic(), "schedule": AdversarialSchedule(discriminator_steps="separate")},
            "Relativistic compares real with colorized photos in one loss: set model.schedule.discriminator_steps",
        ),
        ({"reconstruction": L1(weight=2.0)}, "has the weight 2.0, which counts in model.losses only"),
        (
            {"discriminator": PROJECTED, "hints": PointHints(), "discriminator_sees_hints": True},
            "set model.discriminator_sees_hints to false, because hints have no place in a photo",
        ),
        (
            {"reconstruction_weight": 0.0, "discriminator": None, "losses": [L1(weight=0)]},
            "there is nothing to minimize",
        ),
    ],
)
def test_what_cannot_work_is_refused(tiny_model: Make, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ColorganError, match=sentence):
        tiny_model(**change)


def test_terms_alone_are_something_to_minimize(tiny_model: Make, fit: Make) -> None:
    model = tiny_model(discriminator=None, reconstruction_weight=0.0, losses=[Huber("rgb")])
    assert fit(model, limit_val_batches=0).callback_metrics["train/generator"] > 0


def test_photos_too_small_for_the_encoder_are_refused(tiny_model: Make) -> None:
    model = tiny_model(discriminator=PROJECTED)
    model.check_size(64)
    with pytest.raises(ColorganError, match=r"data.size=16 does not suit ProjectedDiscriminator: .*at least 32"):
        model.check_size(16)
