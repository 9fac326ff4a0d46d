import pytest
import timm
import torch
from torch import nn

from colorgan.errors import ColorganError
from colorgan.models import EncoderUNet
from colorgan.models.layers.gray_input import replace_input_layer


class TestGrayInput:
    @pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "resnet18", "convnext_atto"])
    @pytest.mark.parametrize("hints", [0, 3])
    def test_features_are_those_of_the_gray_photo(self, name: str, hints: int) -> None:
        torch.manual_seed(0)
        network = EncoderUNet(1 + hints, 2, encoder=name, width=4).eval()
        reference = timm.create_model(name, features_only=True).eval()
        weights = {key.replace(".photo.", "."): tensor for key, tensor in network.encoder.state_dict().items()}
        reference.load_state_dict({key: weights[key] for key in reference.state_dict()})

        photo = torch.rand(2, 1, 64, 32)
        config = reference.pretrained_cfg
        normalized = (photo.repeat(1, 3, 1, 1) - torch.tensor(config["mean"]).view(3, 1, 1)) / torch.tensor(
            config["std"]
        ).view(3, 1, 1)
        gray_without_hints = torch.cat([photo * 2 - 1, torch.zeros(2, hints, 64, 32)], dim=1)
        for actual, expected in zip(network.encoder(gray_without_hints), reference(normalized), strict=True):
            torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-4)

    def test_hints_change_nearby_features_only(self) -> None:
        torch.manual_seed(0)
        network = EncoderUNet(4, 2, encoder="resnet18", width=4).eval()
        without = torch.zeros(1, 4, 64, 64)
        hinted = without.clone()
        hinted[:, 1:, 0:2, 0:2] = 1
        change = (network.encoder(hinted)[0] - network.encoder(without)[0]).abs().amax(dim=1)[0]
        assert change[0, 0] > 0
        assert change[8:, 8:].max() == 0


def test_rejects_encoders_whose_input_is_not_rgb() -> None:
    with pytest.raises(ColorganError, match="has 48 input channels instead of three"):
        replace_input_layer(nn.Sequential(nn.Conv2d(48, 8, 3)), hint_channels=0)
