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
        {"blocks": 2},
    ]


@pytest.mark.parametrize(("colors", "published"), [(3, 14_639_267), (2, 14_639_202)])
def test_published_parameter_count(colors: int, published: int) -> None:
    assert parameter_count(lambda: UNet(1, colors)) == published


def test_hints_only_affect_the_first_convolution() -> None:
    assert parameter_count(lambda: UNet(4, 2)) - parameter_count(lambda: UNet(1, 2)) == 3 * 9 * 32


def test_more_blocks_add_a_convolution_to_each_level() -> None:
    """Another block of c channels has 9 c² weights and a BatchNorm of 2 c; two levels go down, one is at each end."""
    more = parameter_count(lambda: UNet(1, 2, width=4, depth=1, blocks=2))
    added = sum(9 * width**2 + 2 * width for width in (4, 8, 8, 4))  # first, down, bottom, up
    assert more - parameter_count(lambda: UNet(1, 2, width=4, depth=1)) == added


def test_every_level_has_a_skip_connection() -> None:
    """Upsampling reduces the concatenated channels to a quarter at every level, including the bottom."""
    network = UNet(1, 2, width=4, depth=3)
    upsampling_layers = [module for module in network.modules() if isinstance(module, torch.nn.ConvTranspose2d)]
    assert [(layer.in_channels, layer.out_channels) for layer in upsampling_layers] == [(64, 16), (32, 8), (16, 4)]


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ({"width": 0}, "width must be an integer of at least 1, received 0"),
        ({"depth": 0}, "depth must be an integer of at least 1, received 0"),
        ({"blocks": 0}, "blocks must be an integer of at least 1, received 0"),
        ({"dropout": 1.0}, r"dropout must be a probability .*, received 1\.0"),
        ({"dropout": float("nan")}, "dropout must be a probability .*, received nan"),
        ({"norm": "layer"}, "norm must be 'batch', 'instance' or 'none', received 'layer'"),
        (
            {"upsampling": "bilinear"},
            "upsampling must be 'transposed', 'resize' or 'pixel_shuffle', received 'bilinear'",
        ),
        ({"init_std": -0.1}, r"init_std must be a finite number of at least 0, or null, received -0\.1"),
    ],
)
def test_rejects_invalid_arguments(argument: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        UNet(1, 2, **{"width": 4, "depth": 2, **argument})  # type: ignore[arg-type]


def test_error_names_the_nearest_valid_sizes() -> None:
    network = UNet(1, 2, width=2)
    with pytest.raises(ValueError, match="multiples of 16, received 100x128: pad or resize to 96x128 or 112x128"):
        network(torch.zeros(1, 1, 100, 128))
    with pytest.raises(ValueError, match="received 5x40: pad or resize to 16x32 or 16x48"):
        network(torch.zeros(1, 1, 5, 40))
