import pytest
import torch
import torchvision

from colorgan.errors import ColorganError
from colorgan.metrics.perceptual import LPIPS
from tests.helpers import photos


@pytest.fixture(scope="module")
def alexnet_file(tmp_path_factory):
    """Untrained weights in torchvision's format."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "alexnet.pth"
    torch.save(torchvision.models.alexnet().state_dict(), path)
    return path


@pytest.fixture(scope="module")
def lpips(alexnet_file):
    return LPIPS("alex", weights=alexnet_file)


def reference_lpips(one: torch.Tensor, two: torch.Tensor, weights, layers) -> torch.Tensor:
    """Equation 1 of Zhang et al. with torchvision's AlexNet."""
    network = torchvision.models.alexnet().eval()
    network.load_state_dict(torch.load(weights, weights_only=True))
    shift, scale = (torch.tensor(v).view(3, 1, 1) for v in ([-0.030, -0.088, -0.188], [0.458, 0.448, 0.450]))
    total = torch.zeros(len(one))
    x, y = (((photo / 127.5 - 1) - shift) / scale for photo in (one, two))
    taken = 0
    with torch.no_grad():
        for layer in network.features[:12]:
            x, y = layer(x), layer(y)
            if isinstance(layer, torch.nn.ReLU):
                unit_x, unit_y = (f / f.norm(dim=1, keepdim=True).clamp_min(1e-10) for f in (x, y))
                weighted = (unit_x - unit_y).square() * layers[taken].view(1, -1, 1, 1)
                total += weighted.sum(dim=1).mean(dim=(1, 2))
                taken += 1
    assert taken == 5
    return total


def test_matches_equation_of_the_paper(lpips, alexnet_file):
    one, two = photos(3, seed=1, size=64), photos(3, seed=3, size=64)
    layers = [lpips._model.lins[index].model[-1].weight.flatten() for index in range(5)]
    torch.testing.assert_close(lpips(one, two), reference_lpips(one, two, alexnet_file, layers), rtol=1e-4, atol=1e-6)
    assert lpips(one, one).abs().max() == 0
    assert (lpips(one, two) > 0).all()
    torch.testing.assert_close(lpips(one / 255, two / 255), lpips(one, two))


def test_matches_lpips_package(alexnet_file):
    reference = pytest.importorskip("lpips", reason="the package lpips is not installed")
    model = reference.LPIPS(net="alex", pnet_rand=True, verbose=False).eval()
    state = torch.load(alexnet_file, weights_only=True)
    model.net.load_state_dict({name: state["features." + name.partition(".")[2]] for name in model.net.state_dict()})
    one, two = photos(3, seed=1, size=64), photos(3, seed=3, size=64)
    with torch.no_grad():
        expected = model(one / 127.5 - 1, two / 127.5 - 1).flatten()
    torch.testing.assert_close(LPIPS("alex", weights=alexnet_file)(one, two), expected, rtol=1e-4, atol=1e-6)


def test_missing_or_mismatched_weights_raise(tmp_path, monkeypatch, alexnet_file):
    with pytest.raises(ColorganError, match=r"fetch https://download.pytorch.org/models/alexnet-owt-7be5be79.pth"):
        LPIPS("alex", weights=tmp_path / "missing.pth")
    with pytest.raises(ColorganError, match="are not weights of LPIPS .vgg."):
        LPIPS("vgg", weights=alexnet_file)
    with pytest.raises(ColorganError, match="'alex' or 'vgg', received 'squeeze'"):
        LPIPS("squeeze")

    def no_network(*_args, **_kwargs):
        raise OSError("no route to host")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr("colorgan.metrics.weights._check_reachable", no_network)
    with pytest.raises(ColorganError, match="could not be downloaded .no route to host.; fetch https"):
        LPIPS("alex")
