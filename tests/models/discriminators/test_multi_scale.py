import functools

import pytest
import torch
from jsonargparse import ArgumentParser

from colorgan.errors import CheckpointError
from colorgan.models.color_spaces import Lab
from colorgan.models.config import factory_from_config, to_config
from colorgan.models.discriminators import (
    ConvLinear,
    Discriminator,
    MultiScale,
    PatchGAN,
    ProjectedDiscriminator,
    build_discriminator,
)
from tests.models.discriminators.contract import DiscriminatorContract


def patch(**arguments: object) -> functools.partial[PatchGAN]:
    return functools.partial(PatchGAN, width=4, num_downsamples=2, **arguments)


class TestMultiScale(DiscriminatorContract):
    network = MultiScale
    small = {"discriminator": patch(), "scales": 2}
    variants = [{"discriminator": patch(norm="none")}, {"scales": 3}, {"spectral_norm": True}]
    spectral = {"spectral_norm": True}

    def sizes(self, network: MultiScale) -> list[tuple[int, int]]:
        return [(16, 16), (48, 32)]

    def score_shape(self, size: tuple[int, int]) -> tuple[int, ...]:
        return (2, size[0] // 4, size[1] // 4)

    def test_scores(self, channels: tuple[int], variant: dict[str, object]) -> None:
        if "scales" not in variant:
            super().test_scores(channels, variant)
        else:
            network = self.build(*channels, **variant)
            assert network(self.batch(network, (16, 32))).shape == (2, 3, 4, 8)

    @classmethod
    def golden_cases(cls) -> list[tuple[tuple[int, ...], dict[str, object]]]:
        return [(cls.channels[0], {}), (cls.channels[0], {"scales": 3})]

    @classmethod
    def golden_name(cls, channels: tuple[int, ...], variant: dict[str, object]) -> str:
        return f"MultiScale({channels[0]}, PatchGAN, scales={variant.get('scales', 2)})"

    def test_can_be_rebuilt_from_its_config(self) -> None:
        description = to_config(functools.partial(MultiScale, **self.small))
        again = factory_from_config(description, Discriminator)(3)
        shapes = {name: tensor.shape for name, tensor in self.build().state_dict().items()}
        assert {name: tensor.shape for name, tensor in again.state_dict().items()} == shapes

    def test_can_be_built_from_yaml(self) -> None:
        """The nested discriminator is given as any other is."""
        parser = ArgumentParser(exit_on_error=False)
        parser.add_argument("--network", type=self.factory)
        config = parser.parse_object({"network": to_config(functools.partial(MultiScale, **self.small))})
        network = parser.instantiate(config).network(3)
        assert isinstance(network, MultiScale)
        assert [network.networks[scale].init_args["width"] for scale in (0, 1)] == [4, 4]

    def test_rejects_unsupported_sizes(self) -> None:
        with pytest.raises(ValueError, match="MultiScale .* multiples of 2 and at least 8, received 7x8"):
            self.build()(torch.zeros(2, 3, 7, 8))


def test_scales_see_averages_of_the_photo() -> None:
    network = MultiScale(3, patch(), scales=3).eval()
    x = torch.rand(2, 3, 32, 32)
    scores = network(x)
    for scale in range(3):
        pooled = torch.nn.functional.avg_pool2d(x, 2**scale)
        own = network.networks[scale](pooled)
        torch.testing.assert_close(scores[:, scale].mean(), own.mean())  # each scale has the same weight
        torch.testing.assert_close(scores[:, scale, :: 2**scale, :: 2**scale], own[:, 0])


def test_arguments_that_every_discriminator_has_are_passed_on() -> None:
    network = MultiScale(3, patch(norm="batch"), norm="instance")
    assert [network.networks[scale].init_args["norm"] for scale in (0, 1)] == ["instance", "instance"]
    assert MultiScale(3, patch(norm="none")).networks[0].init_args["norm"] == "none"


def test_discriminators_of_one_size_get_that_of_their_scale() -> None:
    factory = functools.partial(MultiScale, discriminator=functools.partial(ConvLinear, width=4), scales=3)
    network = build_discriminator(factory, 3, image_size=64)
    assert isinstance(network, MultiScale)
    assert [network.networks[scale].size for scale in range(3)] == [64, 32, 16]
    assert network(torch.zeros(2, 3, 64, 64)).shape == (2, 3)


def test_discriminators_that_need_a_color_space_get_it() -> None:
    inner = functools.partial(ProjectedDiscriminator, width=4)
    network = build_discriminator(functools.partial(MultiScale, discriminator=inner), 3, 64, Lab())
    assert network(torch.zeros(2, 3, 64, 64)).shape == (2, 2 * 4 * 4)
    assert network.frozen_parameters == 2 * ProjectedDiscriminator(3, Lab(), width=4).frozen_parameters


def test_nested_classes_of_a_checkpoint_are_checked_as_others_are() -> None:
    description = {"class_path": "colorgan.models.MultiScale", "init_args": {}}
    for inner, message in (
        ({"class_path": "os.system"}, "os.system is not part of colorgan"),
        ({"class_path": "colorgan.models.UNet"}, "colorgan.models.UNet is not a Discriminator"),
        ({"class_path": "colorgan.models.PatchGAN", "init_args": {"width": {}}}, "plain values, received a mapping"),
    ):
        description["init_args"] = {"discriminator": inner}
        with pytest.raises(CheckpointError, match=message):
            factory_from_config(description, Discriminator)
