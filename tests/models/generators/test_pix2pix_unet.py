import pytest
import torch
from torch import nn

from colorgan.models.generators import Pix2PixUNet
from tests.models.contract import parameter_count
from tests.models.generators.contract import GeneratorContract


class TestPix2PixUNet(GeneratorContract):
    network = Pix2PixUNet
    small = {"width": 4, "depth": 3, "init_std": 0.2}
    variants = [
        {"norm": "none"},
        {"norm": "instance"},
        {"upsampling": "resize"},
        {"upsampling": "pixel_shuffle"},
        {"depth": 2},
        {"depth": 6},
    ]


@pytest.mark.parametrize(("depth", "published"), [(8, 54_413_955), (7, 41_828_995)])
def test_published_parameter_count(depth: int, published: int) -> None:
    assert parameter_count(lambda: Pix2PixUNet(3, 3, depth=depth)) == published


@pytest.mark.parametrize(("depth", "num_dropouts"), [(8, 3), (7, 2), (5, 0)])
def test_dropout_only_at_full_width(depth: int, num_dropouts: int) -> None:
    with torch.device("meta"):
        network = Pix2PixUNet(1, 2, depth=depth)
    rates = [module.p for module in network.modules() if isinstance(module, nn.Dropout) and module.p]
    assert rates == [0.5] * num_dropouts


def test_is_deterministic_in_eval_mode() -> None:
    network = Pix2PixUNet(1, 2, width=2, depth=6).eval()
    x = torch.rand(1, 1, 64, 64)
    assert torch.equal(network(x), network(x))


def test_initial_weights_follow_the_paper() -> None:
    torch.manual_seed(0)
    network = Pix2PixUNet(1, 2, width=16, depth=5)
    network.requires_grad_(False)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d) and module.weight.numel() > 1000:
            assert abs(module.weight.mean()) < 2e-3
            assert module.weight.std() == pytest.approx(0.02, rel=0.1)
        if isinstance(module, nn.BatchNorm2d):
            assert module.weight.mean() == pytest.approx(1, abs=0.02)
            assert not module.bias.any()


def test_rejects_depth_without_skip_connections() -> None:
    with pytest.raises(ValueError, match="depth must be an integer of at least 2, received 1"):
        Pix2PixUNet(1, 2, depth=1)
