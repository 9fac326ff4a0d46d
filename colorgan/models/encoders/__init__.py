"""Encoders from timm, and their pretrained weights."""

from colorgan.models.encoders.building import build_encoder
from colorgan.models.encoders.frozen import FrozenEncoder, is_building_frozen_encoder
from colorgan.models.encoders.pretrained import (
    efficientnet_lite0_file,
    efficientnet_lite2_file,
    pretrained_weights_wanted,
    without_pretrained_weights,
)
from colorgan.models.encoders.stages import encoder_stages
from colorgan.models.encoders.timm_library import import_timm

__all__ = [
    "FrozenEncoder",
    "build_encoder",
    "efficientnet_lite0_file",
    "efficientnet_lite2_file",
    "encoder_stages",
    "import_timm",
    "is_building_frozen_encoder",
    "pretrained_weights_wanted",
    "without_pretrained_weights",
]
