from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from colorgan.errors import CheckpointError, ColorganError
from colorgan.models.encoders import without_pretrained_weights
from colorgan.models.generators import EncoderDecoder
from colorgan.training.regressor import ChromaRegressor
from tests.models.generators.contract import GeneratorContract


class TestEncoderDecoder(GeneratorContract):
    network = EncoderDecoder
    small = {"width": 4, "depth": 3}
    variants = [
        {"activation": "tanh"},
        {"norm": "none"},
        {"norm": "instance"},
        {"mean_color": True},
        {"depth": 1},
        {"depth": 1, "mean_color": True},
        {"depth": 6, "width": 2},
    ]


def test_default_depth_is_six() -> None:
    with torch.device("meta"):
        layers = [type(module) for module in EncoderDecoder(1, 2).modules()]
    assert layers.count(nn.Conv2d) == layers.count(nn.ConvTranspose2d) == 6


def saved_regressor(folder: Path, **options: Any) -> Path:
    """A checkpoint of a regressor that predicts the same color for every photo."""
    model = ChromaRegressor(**options)
    with torch.no_grad():
        model.network.last.weight.zero_()
        model.network.last.bias.copy_(torch.tensor([1.0, -1.0]))
    file = folder / "regressor.ckpt"
    torch.save({"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}, file)
    return file


def test_regressor_is_loaded_and_frozen(tmp_path: Path) -> None:
    file = saved_regressor(tmp_path)
    network = EncoderDecoder(1, 2, width=4, depth=3, mean_color=True, regressor=str(file)).train()
    x = torch.rand(4, 1, 16, 16)
    prediction = network.chroma(x)
    torch.testing.assert_close(prediction, (2 * torch.sigmoid(torch.tensor([1.0, -1.0])) - 1).expand(4, 2))
    before = {name: value.clone() for name, value in network.chroma.state_dict().items()}
    optimizer = torch.optim.SGD(network.parameters(), lr=1.0, weight_decay=0.1)
    network(x).square().mean().backward()
    optimizer.step()
    after = network.chroma.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_mean_color_affects_the_output() -> None:
    torch.manual_seed(0)
    network = EncoderDecoder(1, 2, width=4, depth=3, mean_color=True).eval()
    x = torch.rand(1, 1, 16, 16)
    before = network(x)
    with torch.no_grad():
        network.chroma.last.bias += 2
    assert not torch.allclose(network(x), before)


def test_regressor_file_is_not_needed_when_loading_a_checkpoint() -> None:
    with without_pretrained_weights():
        network = EncoderDecoder(1, 2, width=4, depth=3, mean_color=True, regressor="gone.ckpt")
    assert not any(parameter.requires_grad for parameter in network.chroma.parameters())


def test_rejects_unsuitable_regressors(tmp_path: Path) -> None:
    file = str(saved_regressor(tmp_path))
    with pytest.raises(ColorganError, match="mean_color is false"):
        EncoderDecoder(1, 2, regressor=file)
    with pytest.raises(
        ColorganError, match="is not a checkpoint of a ChromaRegressor of width 5 that predicts 2 channels"
    ):
        EncoderDecoder(1, 2, mean_color=True, regressor=file, regressor_width=5)
    with pytest.raises(CheckpointError, match=r"model.generator.regressor: no file matches"):
        EncoderDecoder(1, 2, mean_color=True, regressor=str(tmp_path / "none*.ckpt"))


def test_rejects_unknown_activation() -> None:
    with pytest.raises(ValueError, match="activation must be 'relu' or 'tanh', received 'gelu'"):
        EncoderDecoder(1, 2, activation="gelu")  # type: ignore[arg-type]
