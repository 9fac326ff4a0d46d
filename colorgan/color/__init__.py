"""Color science: CIE L*a*b* in NumPy and in torch, color differences and colorfulness.

The NumPy half (:mod:`~colorgan.color.cielab`) serves photos at full size and needs no torch; it is imported by itself.
"""
