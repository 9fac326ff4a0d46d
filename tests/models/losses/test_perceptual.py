import pytest
import timm
import torch
from kornia.filters import gaussian_blur2d
from torch import Tensor

from colorgan.errors import ColorganError
from colorgan.models.color_spaces import RGB, Lab
from colorgan.models.encoders import efficientnet_lite0_file, without_pretrained_weights
from colorgan.models.losses import Comparison, Perceptual
from tests.helpers import photos


def pair(predicted: Tensor, target: Tensor) -> Comparison:
    gray, color = RGB().split(target)
    return Comparison(RGB().split(predicted)[1], color, gray, RGB())


@pytest.fixture(scope="module")
def photo() -> Tensor:
    return torch.stack(list(photos(2, size=64, seed=3))).float() / 255


@pytest.fixture(scope="module")
def reference() -> torch.nn.Module:
    """timm's own EfficientNet-Lite0, as its documentation builds one from a file."""
    tensors = torch.load(efficientnet_lite0_file(), weights_only=True)
    model = timm.create_model("tf_efficientnet_lite0")
    model.load_state_dict(dict(zip(model.state_dict(), tensors.values(), strict=True)))
    return model.eval()


def lpips_without_linear_layers(reference: torch.nn.Module, one: Tensor, other: Tensor, layers: list[int]) -> float:
    """As lpips computes it with ``lpips=False``, but for the mean over layers."""
    mean, std = (torch.tensor(reference.pretrained_cfg[key]).view(3, 1, 1) for key in ("mean", "std"))
    distances = []
    with torch.no_grad():
        maps = [reference.forward_intermediates((x - mean) / std, intermediates_only=True) for x in (one, other)]
    for first, second in zip(*maps, strict=True):
        if one.shape[-1] // first.shape[-1] not in layers:
            continue
        units = [x / (x.square().sum(1, keepdim=True).sqrt() + 1e-10) for x in (first, second)]
        distances.append((units[0] - units[1]).square().sum(1).mean(dim=(1, 2)))
    assert len(distances) == len(layers)
    return torch.stack(distances).mean().item()


@pytest.mark.parametrize("layers", [[2, 4, 8, 16], [8], [4, 32]], ids=str)
def test_matches_lpips_on_the_features_of_timm(photo: Tensor, reference: torch.nn.Module, layers: list[int]) -> None:
    predicted = photo.flip(0) * 0.5 + 0.2
    value = Perceptual(layers=layers)(pair(predicted, photo))
    expected = lpips_without_linear_layers(reference, predicted, photo, layers)
    assert value.item() == pytest.approx(expected, rel=1e-4)


def test_is_zero_for_equal_photos_and_grows_with_blur(photo: Tensor) -> None:
    blurred = [photo, *(gaussian_blur2d(photo, (9, 9), (sigma, sigma)) for sigma in (0.5, 1.0, 2.0))]
    values = [Perceptual()(pair(each, photo)).item() for each in blurred]
    assert values[0] == 0
    assert values == sorted(set(values))


def test_gradients_reach_the_prediction_only(photo: Tensor) -> None:
    gray, color = Lab().split(photo)
    predicted = torch.zeros_like(color).requires_grad_()
    term = Perceptual()
    term(Comparison(predicted, color, gray, Lab())).backward()
    assert predicted.grad.isfinite().all()
    assert predicted.grad.abs().sum() > 0


def test_runs_under_autocast(photo: Tensor) -> None:
    term = Perceptual()
    exact = term(pair(photo * 0.5, photo))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        value = term(pair(photo * 0.5, photo))
    assert value.dtype == torch.float32
    assert value.item() == pytest.approx(exact.item(), rel=0.05)
    assert value.item() != exact.item()


def test_resizes_photos(photo: Tensor) -> None:
    predicted = photo * 0.5
    enlarged = [torch.nn.functional.interpolate(x, 128, mode="bilinear") for x in (predicted, photo)]
    assert Perceptual(size=128)(pair(predicted, photo)).item() == pytest.approx(Perceptual()(pair(*enlarged)).item())


def test_loads_its_weights_where_those_of_networks_come_from_a_checkpoint(photo: Tensor) -> None:
    with without_pretrained_weights():
        term = Perceptual()
    torch.manual_seed(5)
    value = term(pair(photo * 0.5, photo))
    assert value.item() == pytest.approx(Perceptual()(pair(photo * 0.5, photo)).item())
    drawn = torch.rand(1)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(1)), "loading weights has changed the random numbers of a training step"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"layers": [3]},
            r"smaller than the photo by the factors 2, 4, 8, 16, 32: choose some of these, received \[3\]",
        ),
        ({"layers": []}, r"received \[\]"),
        ({"encoder": "efficient"}, "timm has no encoder 'efficient'"),
        ({"weights": None}, "needs pretrained weights: set weights to package, timm or a local file, received None"),
        ({"size": 8}, "size must be an integer of at least 32, received 8"),
    ],
)
def test_rejects_invalid_arguments(arguments: dict, message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        Perceptual(**arguments)


def test_missing_weights_are_reported_before_training() -> None:
    with pytest.raises(ColorganError, match=r"nowhere\.pth"):
        Perceptual(weights="nowhere.pth").load_frozen()
    with pytest.raises(ColorganError, match="weights: package holds those of tf_efficientnet_lite0 only"):
        Perceptual(encoder="resnet18").load_frozen()
