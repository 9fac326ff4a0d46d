import numpy as np
import pytest
import torch
from skimage.color import deltaE_ciede2000, rgb2lab

from colorgan.color.difference import ab_error, ciede2000, colorfulness
from colorgan.color.tensors import to_lab
from colorgan.errors import ColorganError
from tests.helpers import photos

# Table 1 of Sharma, Wu and Dalal 2005: two Lab colors and their difference.
SHARMA = """
50 2.6772 -79.7751 50 0 -82.7485 2.0425
50 3.1571 -77.2803 50 0 -82.7485 2.8615
50 2.8361 -74.0200 50 0 -82.7485 3.4412
50 -1.3802 -84.2814 50 0 -82.7485 1.0000
50 -1.1848 -84.8006 50 0 -82.7485 1.0000
50 -0.9009 -85.5211 50 0 -82.7485 1.0000
50 0 0 50 -1 2 2.3669
50 -1 2 50 0 0 2.3669
50 2.4900 -0.0010 50 -2.4900 0.0009 7.1792
50 2.4900 -0.0010 50 -2.4900 0.0010 7.1792
50 2.4900 -0.0010 50 -2.4900 0.0011 7.2195
50 2.4900 -0.0010 50 -2.4900 0.0012 7.2195
50 -0.0010 2.4900 50 0.0009 -2.4900 4.8045
50 -0.0010 2.4900 50 0.0010 -2.4900 4.8045
50 -0.0010 2.4900 50 0.0011 -2.4900 4.7461
50 2.5 0 50 0 -2.5 4.3065
50 2.5 0 73 25 -18 27.1492
50 2.5 0 61 -5 29 22.8977
50 2.5 0 56 -27 -3 31.9030
50 2.5 0 58 24 15 19.4535
50 2.5 0 50 3.1736 0.5854 1.0000
50 2.5 0 50 3.2972 0 1.0000
50 2.5 0 50 1.8634 0.5757 1.0000
50 2.5 0 50 3.2592 0.3350 1.0000
60.2574 -34.0099 36.2677 60.4626 -34.1751 39.4387 1.2644
63.0109 -31.0961 -5.8663 62.8187 -29.7946 -4.0864 1.2630
61.2901 3.7196 -5.3901 61.4292 2.2480 -4.9620 1.8731
35.0831 -44.1164 3.7933 35.0232 -40.0716 1.5901 1.8645
22.7233 20.0904 -46.6940 23.0331 14.9730 -42.5619 2.0373
36.4612 47.8580 18.3852 36.2715 50.5065 21.2231 1.4146
90.8027 -2.0831 1.4410 91.1528 -1.6435 0.0447 1.4441
90.9257 -0.5406 -0.9208 88.6381 -0.8985 -0.7239 1.5381
6.7747 -0.2908 -2.4247 5.8714 -0.0985 -2.2286 0.6377
2.0776 0.0795 -1.1350 0.9033 -0.0636 -0.5514 0.9082
"""


def test_ciede2000_matches_the_table_of_the_paper():
    rows = torch.tensor([[float(x) for x in line.split()] for line in SHARMA.strip().splitlines()], dtype=torch.float64)
    assert len(rows) == 34
    first, second = (colors.T.reshape(1, 3, 1, -1) for colors in (rows[:, :3], rows[:, 3:6]))
    torch.testing.assert_close(ciede2000(first, second).flatten(), rows[:, 6], rtol=0, atol=5e-5)
    torch.testing.assert_close(ciede2000(second, first).flatten(), rows[:, 6], rtol=0, atol=5e-5)


def lab(photo: torch.Tensor) -> np.ndarray:
    return rgb2lab(photo.permute(1, 2, 0).numpy())


def test_lab_and_ciede2000_of_photos_match_scikit_image():
    one, two = (
        torch.randint(0, 256, (3, 3, 40, 30), generator=torch.Generator().manual_seed(s)).byte() for s in (0, 1)
    )
    one[0, :, :5] = one[0, :1, :5]  # grays have no hue
    two[0, :, 3:8] = two[0, :1, 3:8]
    differences = ciede2000(to_lab(one), to_lab(two)).mean(dim=(1, 2))
    errors = ab_error(to_lab(one), to_lab(two))
    for index in range(3):
        a, b = lab(one[index]), lab(two[index])
        np.testing.assert_allclose(to_lab(one)[index].permute(1, 2, 0).numpy(), a, atol=1e-4)
        assert differences[index] == pytest.approx(deltaE_ciede2000(a, b).mean(), rel=1e-4)
        assert errors[index] == pytest.approx(np.abs(a - b)[..., 1:].mean(), rel=1e-4)


def test_difference_of_identical_photos_is_zero_and_not_nan():
    one = photos(2, seed=1)
    one[:, :, :4] = 0
    assert ciede2000(to_lab(one), to_lab(one)).abs().max() == 0
    assert ab_error(to_lab(one), to_lab(one)).abs().max() == 0


def expected_colorfulness(photo: torch.Tensor, transform) -> float:
    """The formula of Hasler and Süsstrunk in NumPy."""
    red, green, blue = photo.numpy().astype(np.float64)
    rg, yb = transform(red - green), transform((red + green) / 2 - blue)
    return np.sqrt(np.std(rg) ** 2 + np.std(yb) ** 2) + 0.3 * np.sqrt(np.mean(rg) ** 2 + np.mean(yb) ** 2)


def test_colorfulness_matches_the_formula():
    images = photos(4, seed=2)
    for image, unsigned, signed in zip(images, colorfulness(images), colorfulness(images, signed=True), strict=True):
        assert unsigned == pytest.approx(expected_colorfulness(image, np.abs), rel=1e-9)
        assert signed == pytest.approx(expected_colorfulness(image, lambda x: x), rel=1e-9)
    two_colors = torch.tensor([[255, 0], [0, 255], [0, 0]], dtype=torch.uint8).view(1, 3, 1, 2)  # red and green
    # rg = 255, -255 and yb = 127.5, 127.5; the variance of the absolute values is zero
    assert colorfulness(two_colors).item() == pytest.approx(0.3 * np.hypot(255, 127.5))
    assert colorfulness(two_colors, signed=True).item() == pytest.approx(255 + 0.3 * 127.5)


def test_gray_photos_have_zero_colorfulness():
    gray = photos(3, seed=1)[:, :1].expand(-1, 3, -1, -1)
    assert colorfulness(gray).abs().max() < 1e-9
    assert to_lab(gray)[:, 1:].abs().max() < 0.01


def test_float_and_uint8_photos_give_the_same_results():
    images = photos(2, seed=3)
    torch.testing.assert_close(colorfulness(images / 255), colorfulness(images), rtol=1e-5, atol=1e-5)
    assert colorfulness(images).dtype == torch.float64


def test_invalid_shapes_are_refused():
    with pytest.raises(ColorganError, match=r"\(B, 3, H, W\), received \(1, 3, 2, 2\) and \(1, 3, 2, 3\)"):
        ciede2000(torch.zeros(1, 3, 2, 2), torch.zeros(1, 3, 2, 3))
    with pytest.raises(ColorganError, match=r"received torch.float32 \(3, 2, 2\)"):
        colorfulness(torch.zeros(3, 2, 2))
    with pytest.raises(ColorganError, match=r"received torch.int64 \(1, 3, 2, 2\)"):
        to_lab(torch.zeros(1, 3, 2, 2, dtype=torch.int64))


def test_ciede2000_has_gradients():
    predicted = to_lab(photos(1, seed=3, size=4)).requires_grad_()
    ciede2000(predicted, to_lab(photos(1, seed=4, size=4))).sum().backward()
    assert predicted.grad.isfinite().all()
    assert predicted.grad.abs().max() > 0
