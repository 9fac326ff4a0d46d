from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch

from colorgan.errors import CheckpointError
from colorgan.inference.building import build_network, shapes_only
from colorgan.models.color_spaces import Lab, YCbCr
from colorgan.models.colorization import ColorizationNetwork
from colorgan.models.config import to_config
from colorgan.models.discriminators import ProjectedDiscriminator
from colorgan.models.generators import UNet
from colorgan.models.hints import PointHints


@pytest.fixture
def network() -> ColorizationNetwork:
    torch.manual_seed(0)
    return ColorizationNetwork(UNet(4, 2, width=4, depth=2), YCbCr(), PointHints(max_points=7), size=48)


def config_of(network: ColorizationNetwork, **changes: Any) -> dict[str, Any]:
    parts = {"color_space": network.color_space, "hints": network.hints, "generator": network.generator}
    config = {name: to_config(part) for name, part in parts.items()}
    for name in ("in_channels", "out_channels"):
        config["generator"]["init_args"].pop(name, None)
    return {**config, **changes}


def test_network_is_rebuilt_for_inference(network: ColorizationNetwork) -> None:
    built = build_network(config_of(network), network.state_dict(), "model")
    photo = torch.rand(1, 3, 20, 24)
    assert torch.equal(built(photo), network.eval()(photo))
    assert isinstance(built.color_space, YCbCr)
    assert built.hints.init_args == {"max_points": 7}
    assert built.size == 48
    assert not built.training
    assert not any(parameter.requires_grad for parameter in built.parameters())


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        (("generator",), "model cannot be rebuilt: its configuration has no generator$"),
        (("hints", "color_space"), "its configuration has no color_space and no hints$"),
    ],
)
def test_missing_parts_are_named(network: ColorizationNetwork, missing: tuple[str, ...], message: str) -> None:
    config = {name: part for name, part in config_of(network).items() if name not in missing}
    with pytest.raises(CheckpointError, match=message):
        build_network(config, network.state_dict(), "model")


def test_channels_follow_color_space_and_hints(network: ColorizationNetwork) -> None:
    config = config_of(network, hints={"class_path": "colorgan.models.NoHints"})
    with pytest.raises(
        CheckpointError, match=r"another architecture: .*first.* is \(4, 4, 3, 3\), the model needs \(4, 1"
    ):
        build_network(config, network.state_dict(), "model")


def test_only_trusted_classes_are_built(network: ColorizationNetwork) -> None:
    config = config_of(network, generator={"class_path": "tests.helpers.Painter"})
    with pytest.raises(CheckpointError, match="tests.helpers.Painter is not part of colorgan"):
        build_network(config, network.state_dict(), "model")
    with pytest.raises(CheckpointError, match="tests.helpers.Painter is not a Generator"):
        build_network(config, network.state_dict(), "model", trusted={"tests.helpers.Painter"})


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            {"class_path": "colorgan.models.PlainCNN", "init_args": {"layers": 60_000, "kernels": 1}},
            "more tensors than it contains",
        ),
        ({"class_path": "colorgan.models.UNet", "init_args": {"depth": 100}}, "impossible sizes"),
        ({"class_path": "colorgan.models.UNet", "init_args": {"width": "wide"}}, "model cannot be rebuilt: width"),
        ({"class_path": "colorgan.models.UNet", "init_args": [1]}, "model cannot be rebuilt: the init_args"),
        ({"class_path": "colorgan.x"}, "model cannot be rebuilt: colorgan.x is not a public name"),
    ],
)
def test_networks_that_are_not_in_the_file_are_not_built(
    network: ColorizationNetwork, arguments: dict[str, Any], problem: str
) -> None:
    with pytest.raises(CheckpointError, match=problem):
        build_network(config_of(network, generator=arguments), network.state_dict(), "model")


def build_layers() -> torch.nn.ModuleList:
    return torch.nn.ModuleList([torch.nn.ReLU() for _ in range(3000)])


def test_other_threads_may_build_meanwhile() -> None:
    with shapes_only(1, "model"), ThreadPoolExecutor(1) as pool:
        assert len(pool.submit(build_layers).result()) == 3000
        with pytest.raises(CheckpointError, match="more layers than it has weights"):
            build_layers()


def test_frozen_encoders_are_no_part_of_the_file() -> None:
    """They are larger than the heads on top of them, which are all that the file has."""
    with torch.device("meta"):
        tensors = len(ProjectedDiscriminator(3, Lab(), width=4).state_dict())
    with shapes_only(tensors, "model"):
        network = ProjectedDiscriminator(3, Lab(), width=4, encoder="resnet152", weights="resnet152.pth")
    assert network.frozen_parameters > 50_000_000
