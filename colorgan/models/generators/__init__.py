"""Generators: gray and hints in, color out. One file per architecture; all pass the same contract tests."""

from colorgan.models.generators.base import Generator
from colorgan.models.generators.encoder_decoder import EncoderDecoder
from colorgan.models.generators.encoder_unet import EncoderUNet
from colorgan.models.generators.flat_unet import FlatUNet
from colorgan.models.generators.pix2pix_unet import Pix2PixUNet
from colorgan.models.generators.plain_cnn import PlainCNN
from colorgan.models.generators.query_unet import QueryUNet
from colorgan.models.generators.unet import UNet
from colorgan.models.generators.weird_net import WeirdNet

__all__ = [
    "EncoderDecoder",
    "EncoderUNet",
    "FlatUNet",
    "Generator",
    "Pix2PixUNet",
    "PlainCNN",
    "QueryUNet",
    "UNet",
    "WeirdNet",
]
