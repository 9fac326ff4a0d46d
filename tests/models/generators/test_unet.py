import pytest
import torch

from colorgan.models.generators import UNet
from tests.models.contract import parameter_count
from tests.models.generators.contract import GeneratorContract


class TestUNet(GeneratorContract):
    network = UNet
    small = {"width": 4, "depth": 2}
    variants = [
        {"norm": "none"},
        {"norm": "instance"},
        {"upsampling": "resize"},
        {"upsampling": "pixel_shuffle"},
        {"dropout": 0.5},
        {"depth": 3},
    ]


@pytest.mark.parametrize(("colors", "published"), [(3, 14_639_267), (2, 14_639_202)])
def test_published_parameter_count(colors: int, published: int) -> None:
    assert parameter_count(lambda: UNet(1, colors)) == published


def test_hints_only_widen_the_first_convolution() -> None:
    assert parameter_count(lambda: UNet(4, 2)) - parameter_count(lambda: UNet(1, 2)) == 3 * 9 * 32


def test_every_level_is_joined_with_its_twin() -> None:
    """A doubling takes twice its level's channels, the bottom one included, to a quarter."""
    network = UNet(1, 2, width=4, depth=3)
    doublings = [module for module in network.modules() if isinstance(module, torch.nn.ConvTranspose2d)]
    assert [(layer.in_channels, layer.out_channels) for layer in doublings] == [(64, 16), (32, 8), (16, 4)]


@pytest.mark.parametrize(
    ("argument", "sentence"),
    [
        ({"width": 0}, "width must be a whole number of at least 1, got 0"),
        ({"depth": 0}, "depth must be a whole number of at least 1, got 0"),
        ({"dropout": 1.0}, r"dropout must be a probability .*, got 1\.0"),
        ({"dropout": float("nan")}, "dropout must be a probability .*, got nan"),
        ({"norm": "layer"}, "norm must be 'batch', 'instance' or 'none', got 'layer'"),
        ({"upsampling": "bilinear"}, "upsampling must be 'transposed', 'resize' or 'pixel_shuffle', got 'bilinear'"),
        ({"init_std": -0.1}, r"init_std must be a finite number of at least 0, or null, got -0\.1"),
    ],
)
def test_refuses_arguments(argument: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        UNet(1, 2, **{"width": 4, "depth": 2, **argument})  # type: ignore[arg-type]


def test_names_the_nearest_sizes() -> None:
    network = UNet(1, 2, width=2)
    with pytest.raises(ValueError, match="multiples of 16, got 100x128: pad or resize to 96x128 or 112x128"):
        network(torch.zeros(1, 1, 100, 128))
    with pytest.raises(ValueError, match="got 5x40: pad or resize to 16x32 or 16x48"):
        network(torch.zeros(1, 1, 5, 40))
