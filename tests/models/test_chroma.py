from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import torch
from torch import nn

from colorgan.models.chroma import ChromaNet
from tests.models.contract import NetworkContract, parameter_count


class TestChromaNet(NetworkContract):
    network = ChromaNet
    channels: ClassVar[list[tuple[int, ...]]] = [(1, 2), (1, 3)]
    factory: ClassVar[Any] = Callable[[int, int], ChromaNet]
    variants = [{"num_downsamples": 3}, {"width": 8}]

    def sizes(self, network: ChromaNet) -> list[tuple[int, int]]:
        return [(64, 64), (70, 33)]

    def test_shape_and_range(self, channels: tuple[int, int], variant: dict[str, Any]) -> None:
        network = self.build(*channels, **variant)
        for size in [*self.sizes(network), (1, 1)]:
            color = network(self.batch(network, size))
            assert color.shape == (2, channels[1])
            assert color.abs().max() <= 1

    def test_rejects_unsupported_sizes(self) -> None:
        pytest.skip("accepts every size")


def test_published_parameter_count() -> None:
    """Six convolutions of 3 channels without bias, six batch normalizations, and a linear layer of 2·2·3 values."""
    assert parameter_count(ChromaNet) == (9 * 3 + 5 * 9 * 3 * 3) + 6 * 2 * 3 + (12 * 2 + 2)


def test_at_128_px_no_pooling_is_needed() -> None:
    torch.manual_seed(0)
    network = ChromaNet().eval()
    x = torch.rand(2, 1, 128, 128)
    published = nn.Sequential(network.halve, nn.Flatten(), network.last, nn.Sigmoid())
    torch.testing.assert_close(network(x), 2 * published(x) - 1)


@pytest.mark.parametrize("size", [(64, 64), (70, 33), (200, 130), (1, 1)])
def test_exported_pooling_matches_at_every_size(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network, x = ChromaNet(num_downsamples=3).eval(), torch.rand(2, 1, *size)
    expected = network(x)
    monkeypatch.setattr(torch.compiler, "is_exporting", lambda: True)
    torch.testing.assert_close(network(x), expected)


def test_autocast_does_not_change_the_gradients() -> None:
    torch.manual_seed(0)
    network, gray = ChromaNet(), torch.rand(4, 1, 32, 32)
    gradients = []
    for enabled in (False, True):
        network.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=enabled):
            loss = network(gray).square().mean()
        loss.backward()
        gradients.append([weight.grad for weight in network.parameters()])
    torch.testing.assert_close(gradients[1], gradients[0])
