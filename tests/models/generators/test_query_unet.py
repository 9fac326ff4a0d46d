import pytest
import torch

from colorgan.models import EncoderUNet, QueryUNet
from tests.models.generators.test_encoder_unet import EncoderContract


class TestQueriesOverEfficientNet(EncoderContract):
    network = QueryUNet
    small = {"encoder": "tf_efficientnet_lite0", "width": 4, "queries": 3, "query_width": 8}
    variants = [{"output_stride": 2}, {"weights": "package"}]


class TestQueriesOverResNet(EncoderContract):
    network = QueryUNet
    small = {"encoder": "resnet18", "width": 4, "queries": 5, "query_width": 8}


def test_color_at_one_end_depends_on_the_other() -> None:
    """Queries look at the whole photo; convolutions of the same depth do not reach that far."""
    torch.manual_seed(0)
    arguments = {"encoder": "resnet18", "width": 4, "depth": 2}
    x = torch.rand(1, 1, 32, 640)
    changed = x.clone()
    changed[..., -16:] = -x[..., -16:]
    for network, depends in ((EncoderUNet(1, 2, **arguments), False), (QueryUNet(1, 2, **arguments), True)):
        network.eval()
        with torch.no_grad():
            difference = (network(x) - network(changed))[..., :16].abs().max()
        assert (difference > 1e-6) == depends


def test_adds_few_parameters() -> None:
    with torch.device("meta"):
        counts = [sum(p.numel() for p in network(1, 2).parameters()) for network in (EncoderUNet, QueryUNet)]
    assert counts[1] - counts[0] < 0.02 * counts[0]


@pytest.mark.parametrize(("argument", "message"), [({"queries": 0}, "queries"), ({"query_width": 6}, "multiple of 4")])
def test_rejects_invalid_arguments(argument: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        QueryUNet(1, 2, encoder="resnet18", **argument)
