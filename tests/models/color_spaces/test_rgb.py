import torch

from colorgan.models.color_spaces import RGB
from tests.models.color_spaces.colors import pixels


def test_gray_is_rec_601_luma() -> None:
    gray, color = RGB().split(pixels((1, 0, 0), (0, 1, 0), (0, 0, 1), (0.2, 0.4, 0.6)))
    torch.testing.assert_close((gray.flatten() + 1) / 2, torch.tensor([0.299, 0.587, 0.114, 0.363]))
    torch.testing.assert_close(color[0, :, 0, 3], torch.tensor([-0.6, -0.2, 0.2]))


def test_merge_ignores_the_gray() -> None:
    color = torch.rand(2, 3, 4, 4) * 2 - 1
    assert torch.equal(RGB().merge(torch.zeros(2, 1, 4, 4), color), RGB().merge(torch.ones(2, 1, 4, 4), color))
