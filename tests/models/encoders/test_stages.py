import pytest
import torch

from colorgan.models.encoders import build_encoder, encoder_stages


@pytest.mark.parametrize("name", ["resnet18", "tf_efficientnet_lite0", "mobilenetv3_small_100"])
def test_each_stage_ends_at_a_feature_map(name: str) -> None:
    """A backward pass from each feature map reaches the stages up to it, and none behind it."""
    torch.manual_seed(0)
    encoder = build_encoder(name, None, max_reduction=32)
    stages = encoder_stages(encoder, None)
    maps = encoder(torch.rand(2, 3, 64, 64))
    assert len(stages) == len(maps)
    for number, feature_map in enumerate(maps):
        encoder.zero_grad()
        feature_map.square().sum().backward(retain_graph=True)
        reached = [any(p.grad is not None for module in stage for p in module.parameters()) for stage in stages]
        assert reached == [index <= number for index in range(len(stages))]


def test_excluded_module_is_left_out_at_any_depth() -> None:
    with torch.device("meta"):
        encoder = build_encoder("resnet18", None, max_reduction=32)
    excluded = encoder.layer2[0].conv2
    parts = [
        parameter
        for stage in encoder_stages(encoder, excluded)
        for module in stage
        for parameter in module.parameters()
    ]
    assert len(parts) == len(set(parts))
    assert set(encoder.parameters()) - set(parts) == {excluded.weight}
