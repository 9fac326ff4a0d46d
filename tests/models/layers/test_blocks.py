import pytest
import torch
from timm.layers import Conv2dSame
from torch import nn

from colorgan.models.layers.blocks import (
    ConvBlock,
    ConvertedConv2d,
    DepthwiseConv2d,
    Downsample,
    InstanceNorm2d,
    ReflectConv2d,
    SameConv2d,
    SameDepthwiseConv2d,
    init_weights,
    output_activation,
)


def test_border_is_reflected() -> None:
    torch.manual_seed(0)
    layer = ReflectConv2d(2, 3)
    x = torch.rand(1, 2, 5, 6)
    row = torch.cat([x[..., 1:2, :], x, x[..., -2:-1, :]], dim=2)
    padded = torch.cat([row[..., 1:2], row, row[..., -2:-1]], dim=3)
    expected = nn.functional.conv2d(padded, layer.weight, layer.bias)
    torch.testing.assert_close(layer(x), expected)


def test_single_pixel_is_replicated() -> None:
    layer = ReflectConv2d(1, 1, bias=False)
    x = torch.tensor([[[[2.0]]]])
    torch.testing.assert_close(layer(x), 2 * layer.weight.sum().reshape(1, 1, 1, 1))


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (2, 3), (6, 5)])
def test_exported_padding_matches_at_every_size(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    layer, x = ReflectConv2d(2, 3), torch.rand(2, 2, *size)
    expected = layer(x)
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)
    assert torch.equal(layer(x), expected)


@pytest.mark.parametrize(("kernel_size", "stride", "dilation"), [(3, 2, 1), (5, 2, 1), (4, 2, 1), (1, 2, 1), (3, 1, 2)])
def test_same_padding_matches_timm(
    kernel_size: int, stride: int, dilation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    reference = Conv2dSame(4, 6, kernel_size, stride=stride, dilation=dilation, groups=2)
    same = SameConv2d.from_conv(reference)
    for size in ((8, 12), (7, 9), (1, 32), (1, 1)):
        x = torch.rand(2, 4, *size)
        assert torch.equal(same(x), reference(x))
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)
    x = torch.rand(2, 4, 8, 12)
    assert torch.equal(same(x), reference(x))


@pytest.mark.parametrize("kind", [DepthwiseConv2d, SameDepthwiseConv2d])
@pytest.mark.parametrize(("trained", "grad", "expected"), [(True, True, torch.float32), (False, True, torch.bfloat16)])
def test_depthwise_convolution_is_float32_where_its_weight_trains(
    kind: type[ConvertedConv2d], trained: bool, grad: bool, expected: torch.dtype
) -> None:
    reference = nn.Conv2d(4, 4, 3, groups=4)
    layer = kind.from_conv(reference).requires_grad_(trained)
    x = torch.rand(2, 4, 8, 8, requires_grad=grad)
    plain = nn.Conv2d.forward(layer, x) if kind is DepthwiseConv2d else SameConv2d.forward(layer, x)
    assert torch.equal(layer(x), plain)
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(x).dtype == expected
        with torch.no_grad():
            assert layer(x).dtype == torch.bfloat16


def test_strided_depthwise_convolution_is_float32_where_its_input_trains() -> None:
    layer = DepthwiseConv2d.from_conv(nn.Conv2d(4, 4, 3, stride=2, groups=4)).requires_grad_(False)
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(torch.rand(2, 4, 8, 8, requires_grad=True)).dtype == torch.float32
        assert layer(torch.rand(2, 4, 8, 8)).dtype == torch.bfloat16


@pytest.mark.parametrize("block", [ConvBlock, Downsample])
def test_normalization_replaces_the_bias(block: type[ConvBlock | Downsample]) -> None:
    for norm, has_bias in (("none", True), ("batch", False), ("instance", False)):
        convolutions = [module for module in block(2, 2, norm=norm).modules() if isinstance(module, nn.Conv2d)]
        assert all((layer.bias is not None) == has_bias for layer in convolutions)


def test_init_weights_without_std_keeps_defaults() -> None:
    layer = nn.Conv2d(1, 4, 3)
    before = layer.weight.clone()
    init_weights(layer, None)
    assert torch.equal(layer.weight, before)


def test_instance_norm_matches_pytorch_and_accepts_a_single_pixel() -> None:
    torch.manual_seed(0)
    ours, reference = InstanceNorm2d(3), nn.InstanceNorm2d(3, affine=True)
    for parameter in ours.parameters():
        nn.init.normal_(parameter)
    reference.load_state_dict(ours.state_dict())
    x = torch.rand(2, 3, 4, 5)
    torch.testing.assert_close(ours(x), reference(x))
    torch.testing.assert_close(ours(torch.rand(2, 3, 1, 1))[1, :, 0, 0], ours.bias)


def test_clip_limits_values_but_not_gradients() -> None:
    x = torch.tensor([-3.0, -0.25, 0.5, 2.0], requires_grad=True)
    clipped = output_activation(tanh=False)(x)
    assert clipped.tolist() == [-1.0, -0.25, 0.5, 1.0]
    clipped.sum().backward()
    assert x.grad.tolist() == [1.0] * 4
