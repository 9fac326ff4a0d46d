"""Generators, discriminators, color spaces, hints and losses, under the public names used in YAML and checkpoints.

They are interchangeable, and each lives in its own file. A :class:`ColorizationNetwork` combines a generator, a color
space and hints. Nothing in this package reads photos or trains.
"""

from colorgan.models.chroma import ChromaNet
from colorgan.models.color_spaces import HSV, RGB, ColorSpace, Lab, YCbCr
from colorgan.models.colorization import ColorizationNetwork
from colorgan.models.config import Part
from colorgan.models.discriminators import (
    ConvLinear,
    Discriminator,
    FixedSizeDiscriminator,
    FlatDiscriminator,
    PatchGAN,
    Pix2PixPatchGAN,
    UNetDiscriminator,
)
from colorgan.models.generators import (
    EncoderDecoder,
    EncoderUNet,
    FlatUNet,
    Generator,
    Pix2PixUNet,
    PlainCNN,
    UNet,
    WeirdNet,
)
from colorgan.models.hints import GeometricPointHints, Hints, NoHints, PixelHints, PointHints
from colorgan.models.losses import (
    BCE,
    L1,
    MSE,
    AdversarialLoss,
    Hinge,
    LeastSquares,
    Reconstruction,
    Wasserstein,
    WassersteinGP,
)

__all__ = [
    "BCE",
    "HSV",
    "L1",
    "MSE",
    "RGB",
    "AdversarialLoss",
    "ChromaNet",
    "ColorSpace",
    "ColorizationNetwork",
    "ConvLinear",
    "Discriminator",
    "EncoderDecoder",
    "EncoderUNet",
    "FixedSizeDiscriminator",
    "FlatDiscriminator",
    "FlatUNet",
    "Generator",
    "GeometricPointHints",
    "Hinge",
    "Hints",
    "Lab",
    "LeastSquares",
    "NoHints",
    "Part",
    "PatchGAN",
    "Pix2PixPatchGAN",
    "Pix2PixUNet",
    "PixelHints",
    "PlainCNN",
    "PointHints",
    "Reconstruction",
    "UNet",
    "UNetDiscriminator",
    "Wasserstein",
    "WassersteinGP",
    "WeirdNet",
    "YCbCr",
]
