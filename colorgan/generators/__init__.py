"""Generators: gray and hints in, colour out. One file per architecture; all pass the same contract."""

from colorgan.generators.base import Generator
from colorgan.generators.encoder_unet import EncoderUNet
from colorgan.generators.pix2pix_unet import Pix2PixUNet
from colorgan.generators.unet import UNet

__all__ = ["EncoderUNet", "Generator", "Pix2PixUNet", "UNet"]
