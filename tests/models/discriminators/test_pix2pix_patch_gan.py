import pytest
import torch

from colorgan.models.discriminators import Pix2PixPatchGAN
from tests.models.contract import parameter_count
from tests.models.discriminators.contract import DiscriminatorContract


class TestPix2PixPatchGAN(DiscriminatorContract):
    network = Pix2PixPatchGAN
    small = {"width": 4, "num_downsamples": 2, "init_std": 0.2}
    variants = [{"norm": "none"}, {"norm": "instance"}, {"spectral_norm": True}]

    def sizes(self, network: Pix2PixPatchGAN) -> list[tuple[int, int]]:
        return [(16, 16), (27, 21)]

    def score_shape(self, size: tuple[int, int]) -> tuple[int, ...]:
        return (1, size[0] // 4 - 2, size[1] // 4 - 2)

    def test_rejects_unsupported_sizes(self) -> None:
        with pytest.raises(ValueError, match="Pix2PixPatchGAN .* at least 12, received 11x16: pad or resize to 12x16"):
            self.build()(torch.zeros(2, 3, 11, 16))


def test_published_parameter_count() -> None:
    assert parameter_count(lambda: Pix2PixPatchGAN(6)) == 2_768_705


@pytest.mark.parametrize(("num_downsamples", "receptive_field"), [(1, 16), (2, 34), (3, 70)])
def test_receptive_field(num_downsamples: int, receptive_field: int) -> None:
    torch.manual_seed(0)
    network = Pix2PixPatchGAN(3, width=2, num_downsamples=num_downsamples, norm="none", init_std=None)
    x = torch.rand(1, 3, 128, 128, requires_grad=True)
    scores = network(x)
    scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2].backward()
    rows, columns = x.grad[0].abs().sum(dim=0).nonzero(as_tuple=True)
    assert rows.max() - rows.min() + 1 == receptive_field
    assert columns.max() - columns.min() + 1 == receptive_field
