import copy
import functools
import json
from itertools import pairwise
from typing import Any

import pytest
import timm
import torch
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.color_spaces import RGB, Lab
from colorgan.models.config import factory_from_config, to_config
from colorgan.models.discriminators import Discriminator, ProjectedDiscriminator, build_discriminator
from colorgan.models.encoders import efficientnet_lite0_file
from tests.models.discriminators.contract import DiscriminatorContract


class TestProjectedDiscriminator(DiscriminatorContract):
    network = ProjectedDiscriminator
    channels = [(3,)]
    small = {"color_space": Lab(), "width": 4}
    variants = [{"norm": "none"}, {"norm": "instance"}, {"spectral_norm": False}]

    def build(self, *channels: int, **changes: Any) -> ProjectedDiscriminator:
        network = super().build(*channels, **changes)
        assert isinstance(network, ProjectedDiscriminator)
        if torch.get_default_device().type != "meta":
            network.load_frozen()
        return network

    def sizes(self, network: ProjectedDiscriminator) -> list[tuple[int, int]]:
        return [(network.min_size, network.min_size), (64, 96)]

    def score_shape(self, size: tuple[int, int]) -> tuple[int, ...]:
        return (4 * (size[0] // 32) * (size[1] // 32),)

    @classmethod
    def golden_cases(cls) -> list[tuple[tuple[int, ...], dict[str, Any]]]:
        return [(cls.channels[0], {"spectral_norm": False})]

    @classmethod
    def golden_name(cls, channels: tuple[int, ...], variant: dict[str, Any]) -> str:
        return "ProjectedDiscriminator(3, Lab(), width=4, spectral_norm=False)"

    def test_can_be_rebuilt_from_its_config(self) -> None:
        description = json.loads(json.dumps(to_config(functools.partial(self.network, **self.small))))
        again = factory_from_config(description, Discriminator)(3)
        shapes = {name: tensor.shape for name, tensor in self.build().state_dict().items()}
        assert {name: tensor.shape for name, tensor in again.state_dict().items()} == shapes

    def test_can_be_built_from_yaml(self) -> None:
        """The model fills in its color space."""
        factory = functools.partial(ProjectedDiscriminator, width=4)
        assert "color_space" not in to_config(factory)["init_args"]
        network = build_discriminator(factory, 4, image_size=64, color_space=RGB())
        assert isinstance(network.color_space, RGB)

    def test_rejects_unsupported_sizes(self) -> None:
        with pytest.raises(ValueError, match="ProjectedDiscriminator .* at least 32, received 31x40"):
            self.build()(torch.zeros(2, 3, 31, 40))


@pytest.mark.parametrize("size", [(33, 50), (45, 64)])
def test_works_at_odd_sizes(size: tuple[int, int]) -> None:
    network = ProjectedDiscriminator(3, Lab(), width=4)
    assert network(torch.zeros(2, 3, *size)).isfinite().all()


def test_features_are_those_of_timm() -> None:
    """Of the RGB photo that gray and color make, with ImageNet's normalization."""
    tensors = torch.load(efficientnet_lite0_file(), weights_only=True)
    reference = timm.create_model("tf_efficientnet_lite0")
    reference.load_state_dict(dict(zip(reference.state_dict(), tensors.values(), strict=True)))
    rgb = torch.rand(2, 3, 64, 96)
    mean, std = torch.tensor([0.5, 0.5, 0.5]), torch.tensor([0.5, 0.5, 0.5])
    assert reference.pretrained_cfg["mean"] == tuple(mean.tolist())
    with torch.no_grad():
        expected = reference.eval().forward_intermediates((rgb - mean.view(3, 1, 1)) / std.view(3, 1, 1))[1]
    network = ProjectedDiscriminator(3, Lab(), width=4)
    gray, color = Lab().split(rgb)
    seen: list[Tensor] = []
    network.mixing.register_forward_pre_hook(lambda _, args: seen.extend(args[0]))
    network(torch.cat([gray, color], dim=1))
    assert [each.shape[1] for each in seen] == [24, 40, 112, 320]
    for own, each in zip(seen, expected[1:], strict=True):
        torch.testing.assert_close(own, each, rtol=1e-3, atol=1e-3)


def test_mixing_matches_a_hand_written_one() -> None:
    """1×1 convolutions of each map, and from the coarsest on: enlarge the sum, and convolve again."""
    torch.manual_seed(0)
    network = ProjectedDiscriminator(3, Lab(), width=4)
    maps = [torch.rand(1, channels, 8 // 2**level, 8 // 2**level) for level, channels in enumerate((24, 40, 112, 320))]
    buffers = dict(network.mixing.named_buffers())

    def convolve(name: str, x: Tensor) -> Tensor:
        matrix = buffers[f"{name}_weight"][:, :, 0, 0]
        return torch.einsum("oc,bchw->bohw", matrix, x) + buffers[f"{name}_bias"].view(1, -1, 1, 1)

    expected: list[Tensor] = []
    for level in (3, 2, 1, 0):
        x = convolve(f"channels_{level}", maps[level])
        if expected:
            x = x + expected[-1]
        x = torch.nn.functional.interpolate(x, scale_factor=2, mode="bilinear")
        expected.append(convolve(f"scales_{level}", x))
    for own, other in zip(network.mixing(maps), expected[::-1], strict=True):
        torch.testing.assert_close(own, other)


def test_only_the_heads_are_trained() -> None:
    network = ProjectedDiscriminator(3, Lab(), width=4)
    trained = dict(network.named_parameters())
    assert trained
    assert all(name.startswith("heads.") for name in trained)
    network.requires_grad_(True).train()  # as training does before each of its steps
    before = {name: tensor.clone() for name, tensor in network.named_buffers() if name.startswith("mixing.")}
    x = torch.rand(2, 3, 32, 32) * 2 - 1
    features = network.encoder(torch.rand(2, 3, 32, 32))
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0)
    network(x).mean().backward()
    optimizer.step()
    assert all(torch.equal(tensor, dict(network.named_buffers())[name]) for name, tensor in before.items())
    assert not any(each.requires_grad for each in features)


def test_checkpoints_hold_the_mixing_but_not_the_encoder() -> None:
    network = ProjectedDiscriminator(3, Lab(), width=4)
    network.load_frozen()
    state = network.state_dict()
    assert {name.partition(".")[0] for name in state} == {"mixing", "heads"}
    size = sum(tensor.numel() for tensor in state.values())
    assert size < network.frozen_parameters / 20
    assert network.frozen_parameters == 2_958_848
    again = ProjectedDiscriminator(3, Lab(), width=4)
    again.load_state_dict(state)
    x = torch.rand(2, 3, 32, 32)
    assert torch.equal(again.eval()(x), network.eval()(x))


def test_published_size_of_the_heads() -> None:
    """The convolutions of the authors' heads at 256 px: 64 to 512 channels, but for the last layer (3×3, not 4×4)."""
    with torch.device("meta"):
        network = ProjectedDiscriminator(3, Lab(), spectral_norm=False)
    widths = [64, 64, 128, 256, 512]
    convolutions = sum(16 * one * two for level in range(4) for one, two in pairwise(widths[level:]))
    norms = sum(2 * width for level in range(4) for width in widths[level + 1 :])
    scores = 4 * (9 * 512 + 1)
    assert sum(parameter.numel() for parameter in network.parameters()) == convolutions + norms + scores


def test_resizes_photos() -> None:
    network = ProjectedDiscriminator(3, Lab(), width=4, resize=64)
    assert network(torch.zeros(2, 3, 16, 16)).shape == (2, 4 * 2 * 2)
    assert network(torch.zeros(2, 3, 128, 128)).shape == (2, 4 * 2 * 2)


@pytest.mark.parametrize(("norm", "size"), [("none", 32), ("instance", 64)])
def test_scores_depend_on_the_photo_at_the_smallest_size(norm: str, size: int) -> None:
    """Without statistics over photos, a map of a single pixel would be normalized to a constant."""
    network = ProjectedDiscriminator(3, Lab(), width=4, norm=norm)
    assert network.min_size == size
    scores = network(torch.rand(2, 3, size, size))
    assert (scores[0] - scores[1]).abs().max() > 1e-3 * scores.abs().max()


def test_copies_share_the_frozen_network() -> None:
    network = ProjectedDiscriminator(3, Lab(), width=4)
    assert copy.deepcopy(network).encoder is network.encoder


@pytest.mark.parametrize(
    ("channels", "arguments", "message"),
    [
        (3, {"color_space": None}, r"composes gray and color to RGB photos: give color_space, such as Lab\(\)"),
        (
            6,
            {},
            "the 2 color channels of Lab, received 6 channels: set model.discriminator_sees_hints to false",
        ),
        (3, {"weights": None}, "needs pretrained weights"),
        (3, {"width": 1}, "width must be an integer of at least 2"),
        (3, {"resize": 16}, "size must be an integer of at least 32"),
        (3, {"resize": 48, "norm": "instance"}, "resize must be at least 64 with the norm 'instance', received 48"),
        (3, {"encoder": "vit_tiny_patch16_224"}, "no pyramid of feature maps"),
    ],
)
def test_rejects_invalid_arguments(channels: int, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        ProjectedDiscriminator(channels, **{"color_space": Lab(), "width": 4, **arguments})
