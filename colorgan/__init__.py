"""colorgan: train conditional GANs that colorize black-and-white photographs, measure them, and use them."""

__version__ = "0.1.0"
