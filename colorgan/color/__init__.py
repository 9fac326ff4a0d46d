"""Color science: CIE L*a*b* in NumPy and PyTorch, color differences and colorfulness.

:mod:`~colorgan.color.cielab` is for photos at full size and does not need torch; :mod:`~colorgan.color.tensors` and
:mod:`~colorgan.color.difference` are for tensors. Nothing is exported here, so that importing the first does not import
torch.
"""
