import copy

import pytest
import torch

from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.models import EncoderUNet, Lab, PointHints
from tests.models.generators.contract import GeneratorContract


class EncoderContract(GeneratorContract):
    network = EncoderUNet

    def sizes(self, network: EncoderUNet) -> list[tuple[int, int]]:
        return [(32, 32), (32, 96)]


class TestOverEfficientNet(EncoderContract):
    small = {"encoder": "tf_efficientnet_lite0", "width": 4}
    variants = [{"weights": "package"}, {"output_stride": 2}, {"output_stride": 4}]


class TestOverResNet(EncoderContract):
    small = {"encoder": "resnet18", "width": 4}
    variants = [{"attention": True}, {"blur": False}, {"norm": "none"}, {"norm": "instance"}]


class TestOverConvNeXt(EncoderContract):
    """Its finest feature map is a quarter of the size of the image."""

    small = {"encoder": "convnext_atto", "width": 4}


@pytest.mark.parametrize("encoder", ["tf_efficientnet_lite0", "resnet18", "convnext_atto"])
def test_odd_sizes_work_with_and_without_hints(encoder: str) -> None:
    colorizer = TorchColorizer(EncoderUNet(4, 2, encoder=encoder, width=4), Lab(), PointHints(), size=32).eval()
    for height, width in ((37, 53), (1, 90)):
        photo, hints = torch.rand(1, 3, height, width), torch.zeros(1, 3, height, width)
        with torch.no_grad():
            assert colorizer(photo).shape == colorizer(photo, hints).shape == photo.shape


def test_smaller_depth_uses_fewer_stages() -> None:
    network = EncoderUNet(1, 2, encoder="resnet18", width=4, depth=3, attention=True)
    assert network.size_multiple == 8
    assert network(torch.zeros(1, 1, 24, 8)).shape == (1, 2, 24, 8)
    assert not any("layer3" in name for name, _ in network.named_parameters())


@pytest.mark.parametrize(
    ("encoder", "stages"),
    [("resnet18", 5), ("resnet18d", 5), ("tf_efficientnet_lite0", 5), ("convnext_atto", 4), ("regnetx_002", 5)],
)
@pytest.mark.parametrize("hints", [0, 3])
def test_layer_groups_follow_the_stages_of_the_encoder(encoder: str, stages: int, hints: int) -> None:
    with torch.device("meta"):
        network = EncoderUNet(1 + hints, 2, encoder=encoder, width=4)
    *pretrained, new = network.layer_groups()
    assert len(pretrained) == stages
    encoder_parameters = {p for name, p in network.encoder.named_parameters() if ".hints." not in name}
    assert {p for group in pretrained for p in group.parameters()} == encoder_parameters
    order = [p for group in pretrained for p in group.parameters()]
    assert order == [p for p in network.encoder.parameters() if p in encoder_parameters]  # from input to coarsest map
    assert sum(p.numel() for p in new.parameters()) > 0


def test_frozen_groups_do_not_change_in_training() -> None:
    torch.manual_seed(0)
    network = EncoderUNet(4, 2, encoder="resnet18", width=4)
    *pretrained, _ = network.layer_groups()
    for group in pretrained:
        group.requires_grad_(False)
        group.eval()
    before = copy.deepcopy(network.state_dict())
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    network(torch.rand(2, 4, 32, 32)).square().mean().backward()
    optimizer.step()
    frozen = {id(tensor) for group in pretrained for tensor in group.state_dict(keep_vars=True).values()}
    for name, tensor in network.state_dict(keep_vars=True).items():
        if id(tensor) in frozen:
            assert torch.equal(tensor, before[name]), name
    changed = [name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])]
    assert "encoder.conv1.hints.weight" in changed
    assert any(name.startswith("levels.0.") for name in changed)


def test_starts_without_a_checkerboard() -> None:
    """Every pixel shuffle starts as nearest-neighbor upsampling."""
    network = EncoderUNet(1, 2, encoder="resnet18", width=4)
    weights = [parameter for name, parameter in network.named_parameters() if "enlarge.0.conv.weight" in name]
    assert len(weights) == 5
    for weight in weights:
        assert torch.equal(weight[::4], weight[3::4])


def test_hints_reach_every_level_of_the_expanding_path() -> None:
    network = EncoderUNet(4, 2, encoder="resnet18", width=4).eval()
    seen = []
    for level in network.levels:
        level.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[2]))
    x = torch.zeros(1, 4, 64, 64)
    x[:, 1:, 40, 20] = torch.tensor([0.5, -0.25, 1.0])
    network(x)
    assert [tuple(hints.shape[1:]) for hints in seen] == [(3, 4, 4), (3, 8, 8), (3, 16, 16), (3, 32, 32), (3, 64, 64)]
    for num_downsamples, hints in zip((4, 3, 2, 1, 0), seen, strict=True):
        assert hints[0, :, 40 >> num_downsamples, 20 >> num_downsamples].tolist() == [0.5, -0.25, 1.0]


def test_hints_can_stay_out_of_the_encoder() -> None:
    torch.manual_seed(0)
    network = EncoderUNet(4, 2, encoder="resnet18", width=4, depth=4, encoder_hints=False).eval()
    assert not any(".hints." in name for name, _ in network.encoder.named_parameters())
    without = torch.rand(1, 4, 32, 32)
    without[:, 1:] = 0
    hinted = without.clone()
    hinted[:, 1:, 4:8, 4:8] = 1.0
    with torch.no_grad():
        for one, other in zip(network.encoder(without), network.encoder(hinted), strict=True):
            assert torch.equal(one, other)
        assert (network(hinted) - network(without)).abs()[..., 4:8, 4:8].mean() > 0.1


def test_gate_mixes_hints_into_the_output() -> None:
    network = EncoderUNet(4, 2, encoder="resnet18", width=4).eval()
    x = torch.rand(1, 4, 64, 64) * 2 - 1
    x[:, 1:] = 0
    without = network(x)
    x[:, 1:, 40, 20] = torch.tensor([0.5, -0.25, 1.0])
    with torch.no_grad():
        network.gate.bias.fill_(30)
        gate_open = network(x)
        network.gate.bias.fill_(-30)
        gate_closed = network(x)
    assert gate_open[0, :, 40, 20].tolist() == pytest.approx([0.5, -0.25], abs=1e-6)
    assert (gate_closed[0, :, 40, 20] - gate_open[0, :, 40, 20]).abs().max() > 0.05
    x[:, 1:] = 0
    torch.testing.assert_close(network(x), without)  # the gate has no effect without hints


@pytest.mark.parametrize("encoder", ["tf_efficientnet_lite0", "resnet18", "mobilenetv3_small_100"])
def test_has_no_unused_stages(encoder: str) -> None:
    network = EncoderUNet(1, 2, encoder=encoder, width=4, depth=3)
    network(torch.rand(2, 1, 32, 32)).abs().sum().backward()
    assert not [name for name, parameter in network.named_parameters() if parameter.grad is None]
