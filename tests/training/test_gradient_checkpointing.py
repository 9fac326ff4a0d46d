"""Activations that are computed twice take less memory and change nothing else."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from colorgan.errors import ColorganError
from colorgan.models import losses
from colorgan.models.discriminators import ConvLinear, MultiScale, PatchGAN, ProjectedDiscriminator, UNetDiscriminator
from colorgan.models.generators import (
    EncoderDecoder,
    EncoderUNet,
    FlatUNet,
    Pix2PixUNet,
    PlainCNN,
    QueryUNet,
    UNet,
    WeirdNet,
)
from colorgan.training.gradient_checkpointing import GradientCheckpointing

PATCH = functools.partial(PatchGAN, width=4, num_downsamples=2)
NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "unet": lambda: UNet(1, 2, width=4, depth=2, dropout=0.5),
    "resnet": lambda: EncoderUNet(1, 2, encoder="resnet10t", width=8, attention=True),
    "lite0": lambda: EncoderUNet(4, 2, encoder="tf_efficientnet_lite0", width=8, norm="instance"),
    "convnext": lambda: EncoderUNet(1, 2, encoder="convnext_atto", width=8),
    "query": lambda: QueryUNet(1, 2, encoder="resnet10t", width=8, queries=4),
    "flat": lambda: FlatUNet(1, 2, width=4),
    "pix2pix": lambda: Pix2PixUNet(1, 2, width=4, depth=4),
    "encoder-decoder": lambda: EncoderDecoder(1, 2, width=4, depth=5),
    "plain": lambda: PlainCNN(1, 2, layers=4, norm="batch"),
    "weird": lambda: WeirdNet(1, 2, norm="batch"),
    "patch": lambda: PATCH(3),
    "unet discriminator": lambda: UNetDiscriminator(3, width=4, depth=2),
    "two scales": lambda: MultiScale(3, discriminator=PATCH, scales=2),
}


def gradients(network: nn.Module, photos: Tensor) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor], int]:
    """Output, gradients and state after a forward and a backward pass, and the bytes that were kept in between."""
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
        return tensor

    torch.manual_seed(1)
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        output = network(photos)
    weights = {parameter.untyped_storage().data_ptr() for parameter in network.parameters()}
    size = sum(size for place, size in kept.items() if place not in weights)
    torch.manual_seed(2)
    output.square().mean().backward()
    found = {name: weight.grad for name, weight in network.named_parameters() if weight.grad is not None}
    return output.detach(), found, dict(network.state_dict()), size


@pytest.mark.parametrize("name", NETWORKS)
def test_results_are_the_same_and_less_is_kept(name: str) -> None:
    results = []
    for checkpointed in (False, True):
        torch.manual_seed(0)
        network = NETWORKS[name]()
        channels = next(weight.shape[1] for weight in network.parameters() if weight.ndim == 4)
        channels = getattr(network, "in_channels", channels)
        names = [name for name, _ in network.named_modules()]
        if checkpointed:
            assert GradientCheckpointing().apply(network) >= 1
        results.append(gradients(network, torch.rand(2, channels, 64, 64) * 2 - 1))
        assert [name for name, _ in network.named_modules()] == names
    plain, checkpointed = results
    torch.testing.assert_close(checkpointed[0], plain[0])
    for one, other in zip(checkpointed[1:3], plain[1:3], strict=True):
        assert one.keys() == other.keys()
        for key, value in other.items():
            torch.testing.assert_close(one[key], value, msg=lambda text, key=key: f"{key}: {text}")
    assert checkpointed[3] < 0.7 * plain[3]


def test_blocks_with_spectral_normalization_are_left_out() -> None:
    """The power iteration of a second forward pass would change the weights that the gradients are of."""
    assert GradientCheckpointing().apply(PATCH(3, spectral_norm=True)) == 0
    assert GradientCheckpointing().apply(PATCH(3)) == 3


def test_removed_checkpointing_leaves_the_network_as_it_was() -> None:
    network = UNet(1, 2, width=4, depth=2)
    modules = {name: set(vars(module)) for name, module in network.named_modules()}
    checkpointing = GradientCheckpointing()
    checkpointing.apply(network)
    checkpointing.remove()
    assert {name: set(vars(module)) for name, module in network.named_modules()} == modules


PENALIZED: dict[str, Any] = {
    "discriminator": functools.partial(PATCH, norm="instance"),
    "adversarial": losses.Relativistic(),
    "discriminator_penalty": losses.R1R2(every=1),
}
FEATURES: dict[str, Any] = {"losses": [losses.FeatureMatching(weight=1.0)], "ema_decay": 0.5}
FROZEN: dict[str, Any] = {
    "discriminator": functools.partial(ProjectedDiscriminator, width=4),
    "adversarial": losses.Hinge(),
    "image_size": 32,
}


@pytest.mark.parametrize("parts", [PENALIZED, FEATURES, FROZEN], ids=["gradient penalty", "features", "projected"])
def test_training_is_the_same(parts: dict[str, Any], tiny_model: Any, fit: Any) -> None:
    """Also through second derivatives, and for discriminators whose features are compared."""
    from tests.helpers import RandomPhotos

    trained = []
    for checkpointed in (False, True):
        model = tiny_model(checkpoint_gradients=checkpointed, **parts)
        metrics = fit(model, dataset=RandomPhotos(size=32)).callback_metrics
        trained.append((model.state_dict(), metrics))
        assert "forward" not in {name for module in model.modules() for name in vars(module)}  # it can be copied
    (weights, metrics), (other_weights, other_metrics) = trained
    for name, value in weights.items():
        torch.testing.assert_close(other_weights[name], value, atol=1e-5, rtol=1e-3)
    for name, value in metrics.items():
        torch.testing.assert_close(other_metrics[name], value, atol=1e-5, rtol=1e-4)


def test_compiled_networks_are_refused(tiny_model: Any) -> None:
    with pytest.raises(ColorganError, match=r"model.compile does not go with model.checkpoint_gradients, .*: set one"):
        tiny_model(compile=True, checkpoint_gradients=True)


def test_networks_of_linear_layers_train(tiny_model: Any, fit: Any) -> None:
    network = functools.partial(ConvLinear, width=4, num_downsamples=2, size=16, hidden=8)
    assert fit(tiny_model(discriminator=network, checkpoint_gradients=True)).callback_metrics["val/l1"].isfinite()
