"""Discriminators: gray and colour in, raw scores out. One file per architecture; all pass the same contract."""

from colorgan.discriminators.base import Discriminator
from colorgan.discriminators.conv_linear import ConvLinear
from colorgan.discriminators.fixed_size import FixedSizeDiscriminator
from colorgan.discriminators.flat import FlatDiscriminator
from colorgan.discriminators.patch_gan import PatchGAN
from colorgan.discriminators.pix2pix_patch_gan import Pix2PixPatchGAN
from colorgan.discriminators.unet import UNetDiscriminator

__all__ = [
    "ConvLinear",
    "Discriminator",
    "FixedSizeDiscriminator",
    "FlatDiscriminator",
    "PatchGAN",
    "Pix2PixPatchGAN",
    "UNetDiscriminator",
]
