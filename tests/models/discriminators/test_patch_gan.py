import pytest
import torch

from colorgan.models.discriminators import PatchGAN
from tests.models.contract import parameter_count
from tests.models.discriminators.contract import DiscriminatorContract


class TestPatchGAN(DiscriminatorContract):
    network = PatchGAN
    small = {"width": 4, "num_downsamples": 2}
    variants = [
        {"norm": "none"},
        {"norm": "instance"},
        {"spectral_norm": True},
        {"num_downsamples": 3},
        {"init_std": 0.1},
    ]

    def sizes(self, network: PatchGAN) -> list[tuple[int, int]]:
        return [(8, 8), (27, 17)]

    def score_shape(self, size: tuple[int, int]) -> tuple[int, ...]:
        num_downsamples = self.small["num_downsamples"]
        return (1, size[0] // 2**num_downsamples, size[1] // 2**num_downsamples)

    def test_scores(self, channels: tuple[int], variant: dict[str, object]) -> None:
        if variant.get("num_downsamples", 2) == 2:
            super().test_scores(channels, variant)
        else:
            network = self.build(*channels, **variant)
            assert network(self.batch(network, (32, 24))).shape == (2, 1, 4, 3)

    def test_rejects_unsupported_sizes(self) -> None:
        with pytest.raises(ValueError, match="PatchGAN .* at least 4, received 3x8: pad or resize to 4x8"):
            self.build()(torch.zeros(2, 3, 3, 8))


@pytest.mark.parametrize(("channels", "published"), [(4, 5_855_617), (3, 5_855_041)])
def test_published_parameter_count(channels: int, published: int) -> None:
    assert parameter_count(lambda: PatchGAN(channels)) == published


def test_spectral_norm_sets_largest_singular_value_to_one() -> None:
    torch.manual_seed(0)
    network = PatchGAN(3, width=8, num_downsamples=1, spectral_norm=True)
    for _ in range(30):  # each forward pass is one power iteration
        network(torch.rand(1, 3, 8, 8))
    weights = [module.weight for module in network.modules() if isinstance(module, torch.nn.Conv2d)]
    assert len(weights) == 4
    for weight in weights:
        assert torch.linalg.matrix_norm(weight.detach().flatten(1), ord=2) == pytest.approx(1, abs=0.02)
