import copy

import pytest
import torch

from colorgan.errors import ColorganError
from colorgan.models.encoders import FrozenEncoder


@pytest.fixture(scope="module")
def encoder() -> FrozenEncoder:
    return FrozenEncoder("tf_efficientnet_lite0", "package")


def test_knows_its_shapes_before_weights_are_loaded() -> None:
    encoder = FrozenEncoder("resnet18", "nowhere.pth", reductions=[8, 4])
    assert (encoder.reductions, encoder.channels) == ([4, 8], [64, 128])
    photos = torch.empty(2, 3, 64, 32, device="meta")
    assert [tuple(each.shape) for each in encoder(photos)] == [(2, 64, 16, 8), (2, 128, 8, 4)]


def test_computes_no_more_than_the_coarsest_map_needs(encoder: FrozenEncoder) -> None:
    finest = FrozenEncoder("tf_efficientnet_lite0", "package", reductions=[2])
    assert finest.num_parameters < encoder.num_parameters / 100
    photo = torch.rand(1, 3, 32, 32)
    torch.testing.assert_close(finest(photo)[0], encoder(photo)[0])


def test_is_in_evaluation_mode(encoder: FrozenEncoder) -> None:
    photos = torch.rand(2, 3, 32, 32)
    for together, alone in zip(encoder(photos), encoder(photos[:1]), strict=True):
        torch.testing.assert_close(together[:1], alone, rtol=1e-4, atol=1e-4)


def test_gradients_reach_the_photos(encoder: FrozenEncoder) -> None:
    photo = torch.rand(1, 3, 32, 32, requires_grad=True)
    sum(each.square().mean() for each in encoder(photo)).backward()
    assert photo.grad.isfinite().all()
    assert photo.grad.any()


def test_takes_the_type_of_the_photos(encoder: FrozenEncoder) -> None:
    photo = torch.rand(1, 3, 32, 32)
    exact = encoder(photo.double())
    assert exact[0].dtype == torch.float64
    for one, other in zip(encoder(photo), exact, strict=True):
        torch.testing.assert_close(one, other.float(), rtol=1e-3, atol=1e-3)


def test_loading_does_not_change_the_random_numbers() -> None:
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    FrozenEncoder("tf_efficientnet_lite0", "package").load()
    assert torch.equal(torch.rand(1), expected)


def test_resizes_the_shorter_side() -> None:
    small = FrozenEncoder("tf_efficientnet_lite0", "package", reductions=[4], size=32)
    assert small(torch.rand(1, 3, 64, 128))[0].shape[-2:] == (8, 16)
    assert small(torch.rand(1, 3, 24, 16))[0].shape[-2:] == (12, 8)
    photo = torch.rand(1, 3, 64, 64)
    resized = torch.nn.functional.interpolate(photo, (32, 32), mode="bilinear", antialias=True)
    torch.testing.assert_close(small(photo)[0], small(resized)[0])


def test_copies_share_it(encoder: FrozenEncoder) -> None:
    assert copy.deepcopy([encoder])[0] is encoder


def test_rejects_what_cannot_work() -> None:
    with pytest.raises(ColorganError, match="resnet18 are compared, not trained, so it needs pretrained weights"):
        FrozenEncoder("resnet18", "")
    with pytest.raises(ColorganError, match=r"by the factors 2, 4, 8, 16, 32: choose some of these, received \[64\]"):
        FrozenEncoder("resnet18", "timm", reductions=[64])
    with pytest.raises(ColorganError, match=r"nowhere\.pth"):
        FrozenEncoder("resnet18", "nowhere.pth")(torch.rand(1, 3, 32, 32))
