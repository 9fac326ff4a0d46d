import functools
import json
from typing import Any

import pytest

from colorgan.metrics.teachers import is_same_network, judge_of, teachers
from colorgan.models import EncoderUNet, Perceptual, UNet
from colorgan.training import ColorGAN


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"class_path": "EncoderUNet", "init_args": {"encoder": "resnet18", "weights": None}}, []),
        ({"class_path": "EncoderUNet", "init_args": {"encoder": "resnet18"}}, []),
        ({"class_path": "EncoderUNet", "init_args": {"weights": "my.safetensors"}}, ["resnet34"]),
        ({"class_path": "colorgan.models.encoders.EncoderUNet", "init_args": {"weights": "timm"}}, ["resnet34"]),
        ({"class_path": "Perceptual"}, ["tf_efficientnet_lite0"]),
        ({"class_path": "ProjectedDiscriminator", "init_args": {"width": 8}}, ["tf_efficientnet_lite0"]),
        ({"class_path": "others.EncoderUNet", "init_args": {"weights": "timm"}}, []),
        ({"class_path": "others.Net", "init_args": {"weights": "timm", "encoder": "vgg16"}}, ["vgg16"]),
        ({"class_path": "colorgan.models.NotThere"}, []),
        ({"class_path": 7, "init_args": "?"}, []),
        (None, []),
    ],
    ids=str,
)
def test_networks_of_parts(config: Any, expected: list[str]) -> None:
    assert teachers({"generator": config, "losses": [config], "width": 4}) == expected


def test_networks_of_a_model() -> None:
    """As its hyperparameters describe it, in which arguments that were left out are missing."""
    generator = functools.partial(EncoderUNet, encoder="tf_efficientnet_lite0", weights="package", width=4)
    model = ColorGAN(generator, None, image_size=32)
    assert teachers(json.loads(json.dumps(dict(model.hparams)))) == ["tf_efficientnet_lite0"]
    model = ColorGAN(functools.partial(UNet, width=4, depth=2), None, losses=[Perceptual()], image_size=32)
    assert teachers(json.loads(json.dumps(dict(model.hparams)))) == ["tf_efficientnet_lite0"]
    assert teachers(dict(ColorGAN(functools.partial(UNet, width=4, depth=2), None, image_size=32).hparams)) == []


@pytest.mark.parametrize(
    ("teacher", "judge", "same"),
    [
        ("tf_efficientnet_lite0", "efficientnet-lite0", True),
        ("tf_efficientnet_lite0.in1k", "efficientnet-lite2", False),
        ("inception_v3", "inception-v3-clean", True),
        ("inception_v3.tf_in1k", judge_of("fid_clean_disjoint"), True),
        ("alexnet", "alex", True),
        ("resnet34", "efficientnet-lite2", False),
    ],
)
def test_same_networks_are_recognized(teacher: str, judge: str, same: bool) -> None:
    assert is_same_network(teacher, judge) == same


@pytest.mark.parametrize(
    ("metric", "judge"),
    [
        ("fd_efficientnet_lite2", "efficientnet-lite2"),
        ("fd_efficientnet_lite2_disjoint", "efficientnet-lite2"),
        ("kd_efficientnet_lite0", "efficientnet-lite0"),
        ("fd_efficientnet_lite0_0123abcd", "efficientnet-lite0"),
        ("fid", "inception-v3"),
        ("l1", None),
    ],
)
def test_judges_are_in_the_names_of_metrics(metric: str, judge: str | None) -> None:
    assert judge_of(metric) == judge
