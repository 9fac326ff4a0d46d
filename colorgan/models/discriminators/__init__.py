"""Discriminators: gray and color in, raw scores out. One file per architecture; all pass the same contract tests."""

from colorgan.models.discriminators.base import Discriminator, Verdict
from colorgan.models.discriminators.building import build_discriminator
from colorgan.models.discriminators.conv_linear import ConvLinear
from colorgan.models.discriminators.fixed_size import FixedSizeDiscriminator
from colorgan.models.discriminators.flat import FlatDiscriminator
from colorgan.models.discriminators.multi_scale import MultiScale
from colorgan.models.discriminators.patch_gan import PatchGAN
from colorgan.models.discriminators.pix2pix_patch_gan import Pix2PixPatchGAN
from colorgan.models.discriminators.projected import ProjectedDiscriminator
from colorgan.models.discriminators.unet import UNetDiscriminator

__all__ = [
    "ConvLinear",
    "Discriminator",
    "FixedSizeDiscriminator",
    "FlatDiscriminator",
    "MultiScale",
    "PatchGAN",
    "Pix2PixPatchGAN",
    "ProjectedDiscriminator",
    "UNetDiscriminator",
    "Verdict",
    "build_discriminator",
]
