"""Generators: gray and hints in, colour out. One file per architecture; all pass the same contract."""

from colorgan.generators.base import Generator
from colorgan.generators.encoder_decoder import EncoderDecoder
from colorgan.generators.encoder_unet import EncoderUNet
from colorgan.generators.flat_unet import FlatUNet
from colorgan.generators.pix2pix_unet import Pix2PixUNet
from colorgan.generators.plain_cnn import PlainCNN
from colorgan.generators.unet import UNet
from colorgan.generators.weird_net import WeirdNet

__all__ = [
    "EncoderDecoder",
    "EncoderUNet",
    "FlatUNet",
    "Generator",
    "Pix2PixUNet",
    "PlainCNN",
    "UNet",
    "WeirdNet",
]
