"""Probabilities of colors, of the same model in PyTorch and ONNX."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.stats import entropy

from colorgan.inference import ColorHint, PhotoColorizer, color_distribution
from colorgan.inference.onnx.colorizer import OnnxColorizer
from colorgan.inference.onnx.export import export
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.models import EncoderUNet, Lab, PointHints, QuantizedLab, UNet

PHOTO = Image.fromarray(np.random.default_rng(0).integers(0, 256, (45, 67, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def colorizers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PhotoColorizer]:
    torch.manual_seed(0)
    space = QuantizedLab(20)
    network = EncoderUNet(4, space.output_channels, encoder="test_resnet", width=4, depth=3, output_stride=2)
    torch.nn.init.normal_(network.last.weight, std=2.0)  # opinions
    original = TorchColorizer(network, space, PointHints(), size=32).eval()
    file = tmp_path_factory.mktemp("onnx") / "model.onnx"
    export(original, file)
    return {"torch": original, "onnx": OnnxColorizer(file)}


@pytest.mark.parametrize("name", ["torch", "onnx"])
def test_distribution_is_one_and_agrees_with_the_color(colorizers: dict[str, PhotoColorizer], name: str) -> None:
    colorizer = colorizers[name]
    found = color_distribution(colorizer, PHOTO)
    assert found.small.shape == (32, 48, 3)
    assert found.bins.shape == (77, 2)
    assert found.probabilities.shape == (77, 16, 24)
    np.testing.assert_allclose(found.probabilities.sum(0), 1, atol=1e-5)
    np.testing.assert_allclose(found.uncertainty, entropy(found.probabilities, axis=0) / np.log(77), atol=1e-4)
    sharpened = found.probabilities ** (1 / 0.38)
    small_ab = np.einsum("qhw,qc->chw", sharpened / sharpened.sum(0), found.bins)
    ab = colorizer.predict_chroma([np.asarray(PHOTO)])[0].ab
    assert np.abs(ab.mean((1, 2)) - small_ab.mean((1, 2))).max() < 3  # which is enlarged along the lightness


def test_torch_and_onnx_agree(colorizers: dict[str, PhotoColorizer]) -> None:
    for hints in ([], [ColorHint(20, 20, "firebrick", 6)]):
        one, other = (color_distribution(colorizers[name], PHOTO, hints=hints, size=27) for name in ("torch", "onnx"))
        assert one.probabilities.shape == (77, 14, 20)
        np.testing.assert_allclose(one.probabilities, other.probabilities, atol=1e-4)
        np.testing.assert_array_equal(one.bins, other.bins)
    assert not np.array_equal(one.probabilities, color_distribution(colorizers["torch"], PHOTO, size=27).probabilities)


def test_likely_colors_are_apart_and_in_order(colorizers: dict[str, PhotoColorizer]) -> None:
    found = color_distribution(colorizers["torch"], PHOTO)
    colors = found.likely(0.3, 1.0, count=4)
    shares = [color.probability for color in colors]
    assert len(colors) == 4
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 1 + 1e-5
    everything = found.likely(0.3, 1.0, count=100)
    assert sum(color.probability for color in everything) == pytest.approx(1, abs=1e-4)
    np.testing.assert_array_equal(found.at(0.3, 1.0), found.probabilities[:, 15, 7])


def test_others_refuse(colorizers: dict[str, PhotoColorizer], tmp_path: Path) -> None:
    plain = TorchColorizer(UNet(1, 2, width=4, depth=2), Lab(), size=32).eval()
    export(plain, tmp_path / "plain.onnx")
    for colorizer in (plain, OnnxColorizer(tmp_path / "plain.onnx")):
        assert colorizer.color_bins is None
        with pytest.raises(ValueError, match="no probabilities: use one that was trained in QuantizedLab"):
            color_distribution(colorizer, PHOTO)
        with pytest.raises(ValueError, match="cannot follow them"):
            color_distribution(colorizer, PHOTO, hints=[ColorHint(1, 1, "red", 3)])
    found = color_distribution(colorizers["torch"], PHOTO)
    with pytest.raises(ValueError, match=r"x and y from 0 to 1, received 1.5 and 0"):
        found.at(1.5, 0)
    with pytest.raises(ValueError, match="takes one photo, received 2"):
        color_distribution(colorizers["torch"], torch.rand(2, 3, 8, 8))
