import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from lightning.pytorch.callbacks import Callback

from colorgan.errors import ColorganError
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.models import losses
from colorgan.models.color_spaces import HSV, RGB, Lab, QuantizedLab, YCbCr
from colorgan.models.degradations import OldPhotos
from colorgan.models.discriminators import ConvLinear, PatchGAN, UNetDiscriminator
from colorgan.models.generators import EncoderUNet, UNet
from colorgan.training.schedule import AdversarialSchedule
from tests.helpers import RandomPhotos, parameters, photos

Make = Callable[..., Any]
DISCRIMINATORS: dict[str, Any] = {
    "none": None,
    "conv_linear": functools.partial(ConvLinear, width=4, num_downsamples=2, size=16, hidden=8),
    "patch": functools.partial(PatchGAN, width=4, num_downsamples=2),
    "unet": functools.partial(UNetDiscriminator, width=4, depth=2),
}
LOSSES = [losses.BCE(0.9, 0.1), losses.LeastSquares(), losses.Hinge(), losses.Wasserstein(), losses.WassersteinGP()]


@pytest.mark.parametrize("adversarial", LOSSES, ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("name", DISCRIMINATORS)
@pytest.mark.parametrize(
    "color_space", [RGB(), HSV(), YCbCr(), Lab(), QuantizedLab(20)], ids=lambda color_space: type(color_space).__name__
)
def test_every_combination_trains(tiny_model: Make, fit: Make, color_space: Any, name: str, adversarial: Any) -> None:
    discriminator = DISCRIMINATORS[name]
    if discriminator is not None and isinstance(adversarial, losses.WassersteinGP):
        with pytest.raises(ColorganError, match=r"BatchNorm.*norm"):
            tiny_model(color_space=color_space, discriminator=discriminator, adversarial=adversarial)
        discriminator = functools.partial(discriminator, norm="instance")
    model = tiny_model(color_space=color_space, discriminator=discriminator, adversarial=adversarial)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    trainer = fit(model, limit_train_batches=2, limit_val_batches=1)
    metrics = trainer.callback_metrics
    assert all(value.isfinite() for value in metrics.values()), metrics
    assert ("train/discriminator" in metrics) == (discriminator is not None)
    for network in ("colorizer.generator", *(["discriminator"] if discriminator is not None else [])):
        moved = [k for k, v in model.named_parameters() if k.startswith(network) and not torch.equal(v, before[k])]
        assert moved, f"{network} did not move"


@pytest.mark.parametrize("name", ["none", "patch"])
@pytest.mark.parametrize("color_space", [Lab(), RGB()], ids=lambda color_space: type(color_space).__name__)
def test_learns_the_colors_of_two_photos(tiny_model: Make, fit: Make, color_space: Any, name: str) -> None:
    """After 60 steps the error is less than half of that of the gray photos."""
    adam = functools.partial(torch.optim.Adam, lr=1e-2)
    model = tiny_model(discriminator=DISCRIMINATORS[name], color_space=color_space, generator_optimizer=adam)
    dataset = [{"rgb": photo, "index": index} for index, photo in enumerate(photos(2, seed=5))]
    metrics = fit(model, dataset=dataset, max_epochs=60, check_val_every_n_epoch=60).callback_metrics
    assert metrics["val/l1"] < 0.5 * metrics["val/l1_gray"]


@pytest.mark.parametrize("stride", [1, 2])
def test_classification_learns_the_colors_of_two_photos(tiny_model: Make, fit: Make, stride: int) -> None:
    adam = functools.partial(torch.optim.Adam, lr=1e-2)
    generator = functools.partial(EncoderUNet, encoder="resnet10t", width=8, depth=2, output_stride=stride)
    model = tiny_model(
        generator=generator,
        discriminator=None,
        color_space=QuantizedLab(20),
        reconstruction=losses.CrossEntropy(0.0),
        generator_optimizer=adam,
    )
    dataset = [{"rgb": photo, "index": index} for index, photo in enumerate(photos(2, seed=5))]
    metrics = fit(model, dataset=dataset, max_epochs=60, check_val_every_n_epoch=60).callback_metrics
    assert metrics["val/l1"] < 0.5 * metrics["val/l1_gray"]
    assert metrics["train/cross_entropy"] < 3


def test_degradation_changes_what_the_generator_sees_and_nothing_else(tiny_model: Make, fit: Make) -> None:
    """The loss compares with the photo as it was, and validation colorizes it."""
    seen: list[torch.Tensor] = []
    compared: list[losses.Comparison] = []

    class Spy(losses.L1):
        def __call__(self, comparison: losses.Comparison) -> torch.Tensor:
            compared.append(comparison)
            return super().__call__(comparison)

    model = tiny_model(degradation=OldPhotos(p_clean=0.0, grain=1.0), reconstruction=Spy())
    model.colorizer.generator.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach()))
    fit(model, photos=4, limit_train_batches=1, limit_val_batches=1)
    (original, target), (trained, *validated) = Lab().split(RandomPhotos(4).photos.float() / 255), seen
    order = [int((each - target).abs().mean((1, 2, 3)).argmin()) for each in compared[0].target]
    torch.testing.assert_close(compared[0].gray, original[order])
    assert (trained - original[order]).abs().mean() > 0.02
    torch.testing.assert_close(validated[-1], original)


def test_training_step_matches_a_hand_written_loop(tiny_model: Make, fit: Make) -> None:
    arguments: dict[str, Any] = {
        "adversarial": losses.BCE(0.9, 0.1),
        "reconstruction_weight": 10.0,
        "adversarial_weight": 0.5,
        "channels_last": False,
        "generator_optimizer": functools.partial(torch.optim.SGD, lr=0.1),
        "discriminator_optimizer": functools.partial(torch.optim.SGD, lr=0.1),
    }
    model, twin = tiny_model(**arguments), tiny_model(**arguments)
    fit(model, photos=4, limit_val_batches=0)

    generator, discriminator = twin.colorizer.generator, twin.discriminator
    gray, color = Lab().split(RandomPhotos(4).photos.float() / 255)
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    fake = generator(gray)
    real_scores, fake_scores = (
        discriminator(torch.cat([gray, color], 1)),
        discriminator(torch.cat([gray, fake.detach()], 1)),
    )
    (
        bce(real_scores, torch.full_like(real_scores, 0.9)) / 2
        + bce(fake_scores, torch.full_like(fake_scores, 0.1)) / 2
    ).backward()
    with torch.no_grad():
        for weight in discriminator.parameters():
            weight -= 0.1 * weight.grad
    scores = discriminator(torch.cat([gray, fake], 1))
    label = torch.full_like(scores, arguments["adversarial"].generator_label)
    (10 * (fake - color).abs().mean() + 0.5 * bce(scores, label)).backward()
    with torch.no_grad():
        for weight in generator.parameters():
            weight -= 0.1 * weight.grad
    for mine, other in zip(parameters(model), parameters(twin), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-6)


def test_generator_runs_once_per_batch_and_discriminator_by_schedule(tiny_model: Make, fit: Make) -> None:
    model = tiny_model(schedule=AdversarialSchedule(discriminator_updates=3, discriminator_every=2))
    calls = {"generator": 0, "discriminator": 0}
    for name, network in (("generator", model.colorizer.generator), ("discriminator", model.discriminator)):
        network.register_forward_hook(lambda *_, name=name: calls.__setitem__(name, calls[name] + 1))
    fit(model, photos=16, limit_val_batches=0)  # four batches, the discriminator trains in two
    assert calls == {"generator": 4, "discriminator": 2 * 3 * 2 + 4}


def test_warmup_epochs_train_one_network_at_a_time(tiny_model: Make, fit: Make) -> None:
    """Generator alone, discriminator alone, both (the schedule of DeOldify's NoGAN)."""
    model = tiny_model(schedule=AdversarialSchedule(generator_warmup_epochs=1, discriminator_warmup_epochs=1))
    moved: list[tuple[bool, bool]] = []

    class Watch(Callback):
        def on_train_epoch_start(self, trainer: Any, module: Any) -> None:
            self.before = parameters(module.colorizer), parameters(module.discriminator)

        def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
            after = parameters(module.colorizer), parameters(module.discriminator)
            generator, discriminator = (
                any(not torch.equal(old, new) for old, new in zip(*pair, strict=True))
                for pair in zip(self.before, after, strict=True)
            )
            moved.append((generator, discriminator))

    fit(model, max_epochs=3, limit_val_batches=0, callbacks=[Watch()])
    assert moved == [(True, False), (False, True), (True, True)]


@pytest.mark.parametrize("adversarial", [losses.BCE(0.9, 0.1), losses.Wasserstein()])
def test_joint_and_separate_steps_log_the_same_loss(tiny_model: Make, fit: Make, adversarial: Any) -> None:
    """Before the weights have moved, which a learning rate close to 0 keeps them from."""
    logged = {}
    for steps in ("joint", "separate"):
        model = tiny_model(
            adversarial=adversarial,
            schedule=AdversarialSchedule(discriminator_steps=steps),
            discriminator_optimizer=functools.partial(torch.optim.SGD, lr=1e-12),
        )
        logged[steps] = fit(model, photos=4, limit_val_batches=0).callback_metrics["train/discriminator"]
    torch.testing.assert_close(logged["separate"], logged["joint"])


def test_moving_average_is_validated_and_loaded(tiny_model: Make, fit: Make, tmp_path: Path) -> None:
    model = tiny_model(ema_decay=0.5)
    history: list[torch.Tensor] = []

    class Watch(Callback):
        def on_train_batch_end(self, trainer: Any, module: Any, *_: Any) -> None:
            history.append(next(module.colorizer.generator.parameters()).detach().clone())

    trainer = fit(model, photos=12, callbacks=[Watch()])
    expected = history[0]
    for weight in history[1:]:
        expected = 0.5 * expected + 0.5 * weight
    averaged = next(model.inference.generator.parameters())
    torch.testing.assert_close(averaged, expected)
    assert not torch.equal(averaged, history[-1])
    trainer.save_checkpoint(tmp_path / "ema.ckpt")
    loaded = TorchColorizer.from_checkpoint(tmp_path / "ema.ckpt")
    torch.testing.assert_close(next(loaded.generator.parameters()), averaged)


@pytest.mark.parametrize("precision", ["bf16-mixed", "32-true"])
def test_precisions(tiny_model: Make, fit: Make, precision: str) -> None:
    trainer = fit(tiny_model(), precision=precision)
    assert trainer.callback_metrics["val/psnr"] > 0


def test_compiled_networks_keep_their_names(tiny_model: Make, fit: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="eager"))
    model = tiny_model(compile=True)
    names = set(model.state_dict())
    fit(model)
    assert set(model.state_dict()) == names


def test_the_gray_baseline_is_logged_once(tiny_model: Make, fit: Make) -> None:
    logged: list[bool] = []

    class Watch(Callback):
        def on_validation_end(self, trainer: Any, module: Any) -> None:
            logged.append("l1_gray" in module.photo_rows.names)

    trainer = fit(tiny_model(), max_epochs=2, callbacks=[Watch()])
    assert logged == [True, False]
    _, color = Lab().split(RandomPhotos().photos.float() / 255)
    torch.testing.assert_close(trainer.callback_metrics["val/l1_gray"], color.abs().mean())


def test_lambda_arguments_are_refused(tiny_model: Make) -> None:
    with pytest.raises(TypeError, match=r"cannot save <function <lambda>> in a checkpoint: pass a class"):
        tiny_model(generator=lambda a, b: UNet(a, b))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"reconstruction_weight": -1.0}, "model.reconstruction_weight must be a number >= 0, received -1.0"),
        ({"adversarial_weight": float("nan")}, "model.adversarial_weight must be a number >= 0, received nan"),
        ({"image_size": 4096}, "model.image_size must be a number >= 1 and < 2049, received 4096"),
        ({"ema_decay": 1.0}, "model.ema_decay must be a number >= 0 and < 1, received 1.0"),
        ({"gradient_clip": 0.0}, "model.gradient_clip must be a number > 0, received 0.0"),
        ({"reconstruction_weight": 0.0, "adversarial_weight": 0.0}, "weight are both 0: there is nothing to minimize"),
        ({"reconstruction_weight": 0.0, "discriminator": None}, "discriminator is null: there is nothing to minimize"),
        (
            {"reconstruction_weight": 0.0, "schedule": AdversarialSchedule(generator_warmup_epochs=2)},
            "nothing to minimize in the 2 epochs of model.schedule.generator_warmup_epochs",
        ),
        (
            {"discriminator": None, "schedule": AdversarialSchedule(discriminator_warmup_epochs=1)},
            "discriminator_warmup_epochs is 1, but no discriminator is trained",
        ),
        (
            {"adversarial_weight": 0.0, "schedule": AdversarialSchedule(discriminator_warmup_epochs=1)},
            "these epochs would train nothing: set it to 0",
        ),
        ({"accumulate": 2, "schedule": AdversarialSchedule(discriminator_updates=2)}, "choose one"),
        ({"accumulate": 2, "schedule": AdversarialSchedule(discriminator_every=2)}, "choose one"),
        ({"accumulate": 2, "compile": "reduce-overhead"}, "does not go with model.compile=reduce-overhead"),
        ({"generator_optimizer": functools.partial(torch.optim.Adam, lr=-1.0)}, "generator_optimizer: Invalid"),
        ({"generator_optimizer": functools.partial(torch.optim.Adam, lr=float("nan"))}, "generator_optimizer: .*nan"),
        ({"discriminator_optimizer": functools.partial(torch.optim.SGD, lr=float("inf"))}, "must be a positive number"),
    ],
)  # fmt: skip
def test_arguments_out_of_range_are_reported(tiny_model: Make, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ColorganError, match=sentence):
        tiny_model(**change)


def test_unsuitable_image_size_is_refused(tiny_model: Make) -> None:
    model = tiny_model()
    model.check_size(16)
    with pytest.raises(ColorganError, match=r"data.size=18 does not suit UNet: .*16.*20"):
        model.check_size(18)


def test_separate_discriminator_steps_match_a_hand_written_loop(tiny_model: Make, fit: Make) -> None:
    arguments: dict[str, Any] = {
        "adversarial": losses.BCE(0.9, 0.1),
        "schedule": AdversarialSchedule(discriminator_steps="separate"),
        "channels_last": False,
        "generator_optimizer": functools.partial(torch.optim.SGD, lr=0.1),
        "discriminator_optimizer": functools.partial(torch.optim.SGD, lr=0.1),
    }
    model, twin = tiny_model(**arguments), tiny_model(**arguments)
    fit(model, photos=4, limit_val_batches=0)

    gray, color = Lab().split(RandomPhotos(4).photos.float() / 255)
    fake = twin.colorizer.generator(gray).detach()
    bce = torch.nn.functional.binary_cross_entropy_with_logits
    for pair, label in ((torch.cat([gray, color], 1), 0.9), (torch.cat([gray, fake], 1), 0.1)):
        scores = twin.discriminator(pair)
        bce(scores, torch.full_like(scores, label)).backward()
        with torch.no_grad():
            for parameter in twin.discriminator.parameters():
                parameter -= 0.1 * parameter.grad
                parameter.grad = None
    for trained, expected in zip(parameters(model.discriminator), parameters(twin.discriminator), strict=True):
        torch.testing.assert_close(trained, expected, atol=1e-6, rtol=1e-4)
