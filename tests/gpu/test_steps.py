"""Training steps of the parts that compute in their own way, in mixed precision on a GPU."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
import torch

from colorgan.models import losses
from colorgan.models.augmentation import DiffAugment
from colorgan.models.color_spaces import HSV, RGB, QuantizedLab, YCbCr
from colorgan.models.degradations import OldPhotos
from colorgan.models.discriminators import MultiScale, PatchGAN, ProjectedDiscriminator, UNetDiscriminator
from colorgan.models.generators import EncoderUNet, QueryUNet, UNet
from colorgan.models.hints import PointHints
from tests.helpers import photos

pytestmark = pytest.mark.gpu

SIZE = 64
SMOOTH = functools.partial(PatchGAN, width=8, num_downsamples=2, norm="instance")
LITE0 = {"encoder": "tf_efficientnet_lite0", "width": 8}
PARTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "rgb": {"color_space": RGB()},
    "hsv": {"color_space": HSV()},
    "ycbcr": {"color_space": YCbCr()},
    "unet discriminator": {"discriminator": functools.partial(UNetDiscriminator, width=8, depth=2)},
    "two scales": {
        "discriminator": functools.partial(
            MultiScale, discriminator=functools.partial(PatchGAN, width=8, num_downsamples=2), scales=2
        )
    },
    "projected": {"discriminator": functools.partial(ProjectedDiscriminator, width=8), "adversarial": losses.Hinge()},
    "query": {"generator": functools.partial(QueryUNet, queries=4, **LITE0)},
    "encoder": {"generator": functools.partial(EncoderUNet, **LITE0)},
    "quantized": {
        "generator": functools.partial(EncoderUNet, output_stride=4, **LITE0),
        "color_space": QuantizedLab(),
        "reconstruction": losses.CrossEntropy(),
    },
    "perceptual": {"losses": [losses.Perceptual(weight=10.0)]},
    "feature matching": {"losses": [losses.FeatureMatching(weight=10.0)]},
    "r1": {"discriminator": SMOOTH, "discriminator_penalty": losses.R1(every=2)},
    "r3gan": {
        "discriminator": SMOOTH,
        "adversarial": losses.Relativistic(),
        "discriminator_penalty": losses.R1R2(every=1),
    },
    "wasserstein": {"discriminator": SMOOTH, "adversarial": losses.WassersteinGP()},
}
"""Steps that draw nothing on the device, whose losses can be compared."""
RANDOM: dict[str, dict[str, Any]] = {
    "ada": {"discriminator_augmentation": DiffAugment(target=0.6)},
    "hints": {"hints": PointHints(), "discriminator_sees_hints": True},
    "old photos": {"degradation": OldPhotos(p_clean=0.0)},
    "dropout": {"generator": functools.partial(UNet, width=8, depth=2, dropout=0.5)},
}
TINY: dict[str, Any] = {
    "generator": functools.partial(UNet, width=8, depth=2),
    "discriminator": functools.partial(PatchGAN, width=8, num_downsamples=2),
}
PAIRED = [{"rgb": photo, "index": index} for index, photo in enumerate(photos(8, seed=3, size=SIZE))]


@pytest.fixture
def losses_of(tiny_model: Callable[..., Any], fit: Callable[..., Any]) -> Callable[..., tuple[dict[str, float], Any]]:
    """Trains two steps, and returns what the last one logged and the model."""

    def run(device: torch.device, precision: str, **parts: Any) -> tuple[dict[str, float], Any]:
        model = tiny_model(**{**TINY, "image_size": SIZE, **parts})
        trainer = fit(
            model,
            dataset=PAIRED,
            accelerator={"cuda": "gpu"}.get(device.type, device.type),
            devices=1,
            precision=precision,
            limit_val_batches=1,
        )
        return {name: value.item() for name, value in trainer.callback_metrics.items()}, model

    return run


@pytest.mark.parametrize("name", PARTS)
def test_losses_in_bfloat16_are_those_of_the_cpu_in_float32(name: str, device: torch.device, losses_of: Any) -> None:
    logged, model = losses_of(device, "bf16-mixed", **PARTS[name])
    expected, _ = losses_of(torch.device("cpu"), "32-true", **PARTS[name])
    assert logged.keys() == expected.keys()
    assert all(weight.isfinite().all() for weight in model.state_dict().values())
    for metric, value in expected.items():
        accuracy = "accuracy" in metric  # a score near the threshold may fall on either side
        assert logged[metric] == pytest.approx(value, rel=0.1, abs=0.3 if accuracy else 0.02), metric


@pytest.mark.parametrize("name", RANDOM)
@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_random_parts_train(name: str, precision: str, device: torch.device, losses_of: Any) -> None:
    if precision == "16-mixed" and device.type == "cpu":
        pytest.skip("no float16 on the CPU")
    logged, model = losses_of(device, precision, **RANDOM[name])
    expected, _ = losses_of(torch.device("cpu"), "32-true", **RANDOM[name])
    assert all(weight.isfinite().all() for weight in model.state_dict().values())
    assert logged["val/l1"] == pytest.approx(expected["val/l1"], rel=0.2)
    assert logged["train/generator"] == pytest.approx(expected["train/generator"], rel=0.5)


def test_random_steps_repeat_from_the_seed(
    device: torch.device, losses_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PL_GLOBAL_SEED", "3")
    (one, _), (other, _) = (losses_of(device, "bf16-mixed", **RANDOM["old photos"]) for _ in range(2))
    assert one["train/generator"] == pytest.approx(other["train/generator"], rel=1e-3)


@pytest.mark.parametrize("space", [RGB(), HSV(), YCbCr(), QuantizedLab()], ids=lambda space: type(space).__name__)
def test_colors_are_converted_in_float32_under_autocast(space: Any, device: torch.device) -> None:
    rgb = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.autocast(device.type, torch.bfloat16):
        gray, color = space.split(rgb.to(device))
        merged = space.merge(gray, color)
    assert {gray.dtype, color.dtype, merged.dtype} == {torch.float32}
    torch.testing.assert_close(merged.cpu(), rgb, atol=2e-4, rtol=0)
    torch.testing.assert_close(color.cpu(), space.split(rgb)[1], atol=1e-4, rtol=1e-4)
