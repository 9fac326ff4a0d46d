import pytest
import torch

from colorgan.models.layers.attention import SelfAttention


def test_starts_as_the_identity() -> None:
    x = torch.rand(2, 16, 3, 4)
    assert torch.equal(SelfAttention(16)(x), x)


def test_matches_explicit_attention() -> None:
    torch.manual_seed(0)
    layer = SelfAttention(16).requires_grad_(False)
    layer.weight.fill_(0.5)
    x = torch.rand(1, 16, 2, 3)
    pixels = x[0].flatten(1).T
    query, key, value = (pixels @ part.weight[:, :, 0, 0].T for part in (layer.query, layer.key, layer.value))
    weights = torch.softmax(query @ key.T / 2**0.5, dim=1)
    expected = pixels + 0.5 * weights @ value
    torch.testing.assert_close(layer(x)[0].flatten(1).T, expected)


@pytest.mark.parametrize("channels", [1, 7, 8])
def test_works_with_few_channels(channels: int) -> None:
    assert SelfAttention(channels)(torch.rand(1, channels, 2, 2)).shape == (1, channels, 2, 2)
