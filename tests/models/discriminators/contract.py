"""The contract of discriminators. A new one needs only this test class:

class TestMyDiscriminator(DiscriminatorContract):
    network = MyDiscriminator
    small = {"width": 4}
"""

import math
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from colorgan.models.discriminators import Discriminator
from tests.models.contract import NetworkContract, assert_loss_falls, smooth_image


class DiscriminatorContract(NetworkContract):
    """Tests that every discriminator must pass.

    Attributes:
        penalized: arguments with which it can be trained with a gradient penalty.
        spectral: arguments that apply spectral normalization.
    """

    channels: ClassVar[list[tuple[int, ...]]] = [(3,), (4,), (7,)]  # gray with ab, with RGB, and RGB with hints
    factory: ClassVar[Any] = Callable[[int], Discriminator]
    penalized: ClassVar[dict[str, Any]] = {"norm": "none"}
    spectral: ClassVar[dict[str, Any]] = {"spectral_norm": True}

    def score_shape(self, size: tuple[int, int]) -> tuple[int, ...]:
        """The shape of one photo's scores."""
        raise NotImplementedError

    def test_scores(self, channels: tuple[int], variant: dict[str, Any]) -> None:
        network = self.build(*channels, **variant)
        assert isinstance(network, Discriminator)
        for size in self.sizes(network):
            scores = network(self.batch(network, size))
            assert scores.shape == (2, *self.score_shape(size))
            assert scores.isfinite().all()

    def test_features(self, variant: dict[str, Any]) -> None:
        """When asked, it also returns the feature maps that lead to the same scores."""
        network = self.build(**variant).eval()
        assert isinstance(network, Discriminator)
        x = self.batch(network).requires_grad_()
        scores, features = network.examine(x)
        assert torch.equal(scores, network(x))
        assert len(features) > 1
        for each in features:
            assert each.shape[0] == len(x)
            (gradient,) = torch.autograd.grad(each.square().sum(), x, retain_graph=True)
            assert gradient.isfinite().all()
            assert gradient.any(), "a feature map that does not depend on the photo"
            (to_scores,) = torch.autograd.grad(scores.sum(), each, retain_graph=True, allow_unused=True)
            assert to_scores is not None, "a feature map that does not lead to the scores"

    def test_spectral_norm(self) -> None:
        """An argument applies it to every weight matrix that is trained."""
        network = self.build(**self.spectral)
        layers = [each for each in network.modules() if isinstance(each, nn.Conv2d | nn.ConvTranspose2d | nn.Linear)]
        assert layers
        assert all(parametrize.is_parametrized(layer, "weight") for layer in layers)

    @pytest.mark.parametrize("sign", [1, -1])
    def test_scores_are_raw(self, sign: int) -> None:
        """A final sigmoid, tanh or ReLU would keep training from pushing scores beyond 1.5 in both directions."""
        network = self.build()
        x = self.batch(network)
        optimizer = torch.optim.Adam(network.parameters(), lr=0.02)
        for _ in range(200):
            score: Tensor = sign * network(x).mean()
            if score > 1.5:
                return
            optimizer.zero_grad()
            (-score).backward()
            optimizer.step()
        pytest.fail(f"the mean score could not be pushed beyond {sign * 1.5}")

    def test_learns(self, variant: dict[str, Any]) -> None:
        """Learns to tell an image from its negative; for scores that ignore the input, the loss is at least 2 log 2."""
        network = self.build(**variant)
        real = smooth_image(self.sizes(network)[-1]).expand(-1, network.in_channels, -1, -1)

        def loss() -> Tensor:
            return F.softplus(-network(real)).mean() + F.softplus(network(-real)).mean()

        assert_loss_falls(network, loss, below=math.log(2))

    def test_gradient_penalty(self) -> None:
        """Photos do not mix in training mode, and the norm of the input gradient is differentiable."""
        network = self.build(**self.penalized)
        assert not any(isinstance(module, nn.modules.batchnorm._BatchNorm) for module in network.modules())
        x = self.batch(network).requires_grad_()
        scores = network(x)
        (of_first,) = torch.autograd.grad(scores[0].sum(), x, retain_graph=True)
        assert of_first[0].any()
        assert not of_first[1:].any()
        (gradient,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
        (gradient.flatten(1).norm(dim=1) - 1).square().mean().backward()
        weights = [parameter for parameter in network.parameters() if parameter.ndim > 1]
        assert all(weight.grad is not None and weight.grad.isfinite().all() for weight in weights)
