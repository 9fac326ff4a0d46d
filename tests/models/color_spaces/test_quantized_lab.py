import math

import numpy as np
import pytest
import skimage.color
import torch
from scipy.spatial import cKDTree

from colorgan.models import EncoderDecoder, Generator, PlainCNN, QuantizedLab
from colorgan.models.colorization import ColorizationNetwork

SPACE = QuantizedLab()


def every_8bit_color(step: int = 1) -> np.ndarray:
    """a* and b* of sRGB colors, by scikit-image: those on the surface of the cube, and every ``step``-th inside."""
    level = np.unique(np.append(np.arange(0, 256, step), 255)) / 255
    return np.concatenate(
        [skimage.color.rgb2lab(np.stack(np.meshgrid([r], level, level), -1))[..., 1:].reshape(-1, 2) for r in level]
    )


@pytest.mark.parametrize(("grid", "count"), [(10, 261), (20, 77), (40, 23)])
def test_bins_are_those_with_a_color(grid: int, count: int) -> None:
    """By an independent conversion of the whole cube; the paper's list has 313 at grid 10."""
    touched = np.unique(np.rint(every_8bit_color(step=5) / grid).astype(int), axis=0)
    centers = QuantizedLab(grid).centers.numpy() / grid
    assert {tuple(each) for each in touched} <= {tuple(each) for each in centers.astype(int)}
    assert len(centers) == count
    # and each bin that no sampled color falls into has one on the surface, found by searching from its center
    surface = skimage.color.rgb2lab(faces())[..., 1:].reshape(-1, 2)
    distance, _ = cKDTree(surface).query(centers * grid, p=math.inf)
    inside = np.array([tuple(each) in {tuple(bin) for bin in touched} for each in centers.astype(int)])
    assert (distance[~inside] <= grid / 2 + 1e-6).all()


def faces() -> np.ndarray:
    level = np.arange(256) / 255
    first, second = np.meshgrid(level, level)
    ends = np.zeros_like(first), np.ones_like(first)
    return np.stack(
        [
            np.stack(face, -1)
            for end in ends
            for face in ((end, first, second), (first, end, second), (first, second, end))
        ]
    )


def test_encoding_matches_the_nearest_neighbors_of_scipy() -> None:
    ab = every_8bit_color(step=15)
    color = torch.from_numpy(ab.T.copy()).float().view(1, 2, 1, -1) / SPACE.ab_scale
    index, weight = (part[0, :, 0].T for part in SPACE.encode(color))
    distance, nearest = cKDTree(SPACE.centers.numpy()).query(ab, k=5)
    expected = np.exp(-(distance**2) / (2 * 5**2))
    expected /= expected.sum(1, keepdims=True)
    ours = np.linalg.norm(SPACE.centers.numpy()[index.numpy()] - ab[:, None], axis=-1)
    np.testing.assert_allclose(ours, distance, atol=1e-3)
    np.testing.assert_allclose(weight.numpy(), expected, atol=1e-3)
    clear = (np.diff(distance, axis=1) > 1e-3).all(1)  # without ties
    assert clear.mean() > 0.9
    assert (index.numpy()[clear] == nearest[clear])[:, :4].all()


def test_decoding_an_encoded_color_returns_it() -> None:
    ab = torch.from_numpy(every_8bit_color(step=30)).float()
    color = (ab / SPACE.ab_scale).T.reshape(1, 2, 1, -1)
    index, weight = SPACE.encode(color)
    scores = torch.full((1, SPACE.output_channels, *color.shape[2:]), -50.0).scatter(1, index, weight.log())
    for space, tolerance in ((QuantizedLab(temperature=1), 6), (QuantizedLab(temperature=0.01), 8)):
        error = ((space.decode(scores) - color) * space.ab_scale).norm(dim=1)
        assert error.max() < tolerance  # bins are 10 wide, and one-sided at the border of the gamut
        assert error.mean() < 4


def test_annealed_mean_lies_between_mode_and_mean() -> None:
    """Two colors, one twice as probable: by hand, p² / Σp² and so on."""
    scores = torch.full((1, SPACE.output_channels, 1, 1), -60.0)
    red, blue = 200, 40
    scores[0, red], scores[0, blue] = math.log(2 / 3), math.log(1 / 3)
    for temperature in (1.0, 0.5, 0.38):
        one, two = (2 / 3) ** (1 / temperature), (1 / 3) ** (1 / temperature)
        expected = (one * SPACE.centers[red] + two * SPACE.centers[blue]) / (one + two)
        color = QuantizedLab(temperature=temperature).decode(scores).flatten() * SPACE.ab_scale
        torch.testing.assert_close(color, expected, atol=1e-3, rtol=0)


def test_probabilities_and_uncertainty() -> None:
    scores = torch.zeros(1, SPACE.output_channels, 1, 2)
    scores[0, 7, 0, 1] = 100
    assert SPACE.probabilities(scores)[0, :, 0, 0].unique().item() == pytest.approx(1 / 261)
    assert SPACE.probabilities(scores)[0, 7, 0, 1] == pytest.approx(1)
    assert SPACE.uncertainty(scores).flatten().tolist() == pytest.approx([1, 0], abs=1e-6)


def test_bins_survive_every_way_of_building() -> None:
    """The first use of a grid may be without gradients, or on the meta device."""
    with torch.inference_mode(), torch.device("meta"):
        space = QuantizedLab(grid=37)
    scores = torch.randn(1, space.output_channels, 2, 2, requires_grad=True)
    space.decode(scores).sum().backward()
    assert scores.grad is not None
    assert scores.grad.any()


def test_scores_of_bf16_are_decoded_in_float32() -> None:
    scores = torch.randn(1, 261, 4, 4).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        color = SPACE.decode(scores)
    assert color.dtype == torch.float32
    torch.testing.assert_close(color, SPACE.decode(scores.float()))


class OneConv(Generator):
    """A network of someone who knows nothing of scores."""

    def forward(self, x):
        return torch.tanh(x.expand(-1, self.out_channels, -1, -1))


def test_networks_that_end_in_an_activation_are_refused() -> None:
    with pytest.raises(ValueError, match=r"QuantizedLab needs .* OneConv always predicts .*: choose another generator"):
        ColorizationNetwork(OneConv(1, 261), QuantizedLab())


@pytest.mark.parametrize("generator", [PlainCNN(1, 261, kernels=2), EncoderDecoder(1, 261, width=2, depth=2)])
def test_gray_stays_and_color_follows_from_scores(generator: Generator) -> None:
    network = ColorizationNetwork(generator, QuantizedLab(), size=16).eval()
    rgb = torch.rand(1, 3, 16, 12)
    output = network.run_generator(network.color_space.split(rgb)[0])
    assert output.shape == (1, 261, 16, 12)
    torch.testing.assert_close(network.predict_ab(rgb), network.color_space.decode(output) * 110)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"grid": 4}, "grid must be an integer from 5 to 40, received 4"),
        ({"grid": 10.0}, "grid .* 10.0"),
        ({"temperature": 0.0}, "temperature .* 0.0"),
        ({"temperature": math.nan}, "temperature .* nan"),
        ({"smoothing": 0.0}, "smoothing .* 0.0"),
        ({"neighbors": 6}, "neighbors .* 6"),
    ],
)
def test_rejects_invalid_arguments(arguments, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        QuantizedLab(**arguments)
