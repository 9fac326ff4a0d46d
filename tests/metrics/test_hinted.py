import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio
from torch import Tensor

from colorgan.metrics.hinted import MAX_PSNR, hinted_psnr
from colorgan.models.color_spaces import Lab
from colorgan.models.colorization import ColorizationNetwork
from colorgan.models.generators import Generator
from colorgan.models.hints import PointHints
from tests.helpers import photos


class FollowHints(Generator):
    """The color of the hints where they are, and gray elsewhere."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, 1:-1]


class KnowAll(Generator):
    """The color of given photos."""

    color: Tensor

    def forward(self, x: Tensor) -> Tensor:
        return self.color


HINTS = PointHints(patch_sizes=(3, 3))
TARGET = photos(3, seed=3, size=24).float() / 255


def test_is_the_psnr_of_the_8_bit_photos_with_the_hints_of_validation() -> None:
    network = ColorizationNetwork(FollowHints(4, 2), Lab(), HINTS)
    index, counts = torch.tensor([5, 9, 2]), (0, 1, 20)
    measured = hinted_psnr(network, TARGET, index, counts, HINTS)
    assert measured.shape == (3, 3)
    gray, color = Lab().split(TARGET)
    for column, count in enumerate(counts):
        hinted = HINTS.validation(color, index, count)[:, :-1]
        photos_8bit = Lab().merge(gray, hinted).clamp(0, 1).mul(255).round().byte().numpy()
        target_8bit = TARGET.mul(255).round().byte().numpy()
        expected = [peak_signal_noise_ratio(*pair) for pair in zip(target_8bit, photos_8bit, strict=True)]
        assert measured[:, column].tolist() == pytest.approx(expected, abs=1e-3)
    assert (measured.diff(dim=1) > 0).all()  # more hints, fewer errors


def test_photos_without_an_error_are_capped() -> None:
    generator = KnowAll(4, 2)
    generator.color = Lab().split(TARGET)[1]
    network = ColorizationNetwork(generator, Lab(), HINTS)
    assert hinted_psnr(network, TARGET, torch.arange(3), (0,), HINTS).flatten().tolist() == [MAX_PSNR] * 3
