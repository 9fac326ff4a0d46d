import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torchmetrics.functional.image import structural_similarity_index_measure

from colorgan.errors import ColorganError
from colorgan.metrics.pixels import margin_accuracy, psnr, ssim
from tests.helpers import photos


def noisy(images: torch.Tensor, amount: int) -> torch.Tensor:
    noise = torch.randint(-amount, amount + 1, images.shape, generator=torch.Generator().manual_seed(amount))
    return (images.int() + noise).clamp(0, 255).byte()


@pytest.mark.parametrize(("height", "width"), [(16, 16), (11, 40), (64, 33)])
@pytest.mark.parametrize("amount", [1, 40, 255])
def test_psnr_and_ssim_match_scikit_image(height, width, amount):
    target = photos(2, seed=1, size=64)[..., :height, :width]
    predicted = noisy(target, amount)
    psnr_values, ssim_values = psnr(predicted, target), ssim(predicted, target)
    for index in range(2):
        a, b = (images[index].permute(1, 2, 0).numpy() for images in (predicted, target))
        assert psnr_values[index] == pytest.approx(peak_signal_noise_ratio(b, a), abs=1e-5)
        expected = structural_similarity(
            b, a, channel_axis=-1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
        )
        assert ssim_values[index] == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("brightness", [0.02, 1.0])  # nearly black, where an eps would show
def test_ssim_of_gray_photos_matches_scikit_image(brightness):
    """torchmetrics is as close only without its windows that cross the edge: the comparison of docs/metrics.md."""
    target = (photos(3, seed=5, size=48) * brightness).byte()
    gray = target.float().mean(dim=1, keepdim=True).round().byte().expand_as(target)
    pairs = [[image.permute(1, 2, 0).numpy() for image in pair] for pair in zip(target, gray, strict=True)]
    window = {"channel_axis": -1, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    expected = np.array([structural_similarity(one, two, **window) for one, two in pairs])
    np.testing.assert_allclose(ssim(gray, target).numpy(), expected, rtol=0, atol=1e-12)
    one, two = gray.double() / 255, target.double() / 255
    theirs, full = structural_similarity_index_measure(
        one, two, data_range=1.0, reduction="none", return_full_image=True
    )
    np.testing.assert_allclose(full[..., 5:-5, 5:-5].mean(dim=(1, 2, 3)).numpy(), expected, rtol=0, atol=1e-9)
    assert np.abs(theirs.numpy() - expected).max() > 5e-5  # changes the fourth digit of a report


def test_ssim_is_the_same_with_gradients():
    """With gradients, and on accelerators, convolutions compute it."""
    target = photos(2, seed=1, size=24)
    predicted = (noisy(target, 40).double() / 255).requires_grad_()
    values = ssim(predicted, target)
    np.testing.assert_allclose(values.detach().numpy(), ssim(predicted.detach(), target).numpy(), rtol=0, atol=1e-12)
    values.sum().backward()
    assert predicted.grad.abs().max() > 0


def test_uint8_differences_do_not_wrap_around():
    black, white = (torch.full((1, 3, 11, 11), value, dtype=torch.uint8) for value in (0, 255))
    assert psnr(black, white).item() == 0.0  # uint8 arithmetic would give a difference of 1
    assert margin_accuracy(black, white).item() == 0.0


def test_identical_photos():
    target = photos(2, seed=1)
    assert psnr(target, target).isinf().all()
    assert (psnr(target, target) > 0).all()
    torch.testing.assert_close(ssim(target, target), torch.ones(2, dtype=torch.float64))
    assert margin_accuracy(target, target).tolist() == [1.0, 1.0]


def test_margin_accuracy_requires_all_channels_and_includes_the_margin():
    target = torch.full((1, 3, 1, 4), 100, dtype=torch.uint8)
    predicted = target.clone()
    predicted[0, :, 0, 0] = torch.tensor([112, 88, 100])
    predicted[0, :, 0, 1] = torch.tensor([113, 100, 100])
    predicted[0, :, 0, 2] = torch.tensor([100, 100, 87])
    assert margin_accuracy(predicted, target).item() == 0.5
    assert margin_accuracy(predicted, target, margin=13 / 255).item() == 1.0
    assert margin_accuracy(predicted, target, margin=0).item() == 0.25
    assert margin_accuracy(predicted / 255, target / 255).item() == 0.5


def test_margin_accuracy_matches_numpy():
    target = photos(5, seed=1)
    predicted = noisy(target, 20)
    difference = np.abs(predicted.numpy().astype(int) - target.numpy().astype(int))
    expected = (difference <= 12).all(axis=1).mean(axis=(1, 2))
    np.testing.assert_allclose(margin_accuracy(predicted, target).numpy(), expected)


def test_invalid_input_raises():
    with pytest.raises(ColorganError, match=r"\(1, 3, 4, 4\) and \(1, 3, 4, 5\) cannot be compared"):
        psnr(torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 5))
    with pytest.raises(ColorganError, match="at least 11 x 11 pixels, received 10 x 20"):
        ssim(torch.zeros(1, 3, 10, 20), torch.zeros(1, 3, 10, 20))
    with pytest.raises(ColorganError, match=r"between 0 and 1, .* received 12"):
        margin_accuracy(torch.zeros(1, 3, 4, 4), torch.zeros(1, 3, 4, 4), margin=12)
