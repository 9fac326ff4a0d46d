"""Generators, discriminators, color spaces, hints, losses and more, under the public names of YAML and checkpoints.

They are interchangeable, and each lives in its own file. A :class:`ColorizationNetwork` combines a generator, a color
space and hints. Nothing in this package reads photos or trains.

A part is exported by the package of its role, such as ``colorgan.models.generators``; its name then appears here.
"""

from colorgan.models import augmentation, color_spaces, degradations, discriminators, generators, hints, losses
from colorgan.models.augmentation import *
from colorgan.models.chroma import ChromaNet
from colorgan.models.color_spaces import *
from colorgan.models.colorization import ColorizationNetwork
from colorgan.models.config import Part
from colorgan.models.degradations import *
from colorgan.models.discriminators import *
from colorgan.models.generators import *
from colorgan.models.hints import *
from colorgan.models.losses import *

__all__ = ["ChromaNet", "ColorizationNetwork", "Part"]
__all__ += augmentation.__all__
__all__ += color_spaces.__all__
__all__ += degradations.__all__
__all__ += discriminators.__all__
__all__ += generators.__all__
__all__ += hints.__all__
__all__ += losses.__all__
