"""All private parts of dependencies that colorgan uses. No other module may use one.

Each entry names the version on which it was checked, the upstream issue, and the reason. ``tests/test_compat.py``
compares it with a public function, and fails if another module uses a private part.
"""

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import nn


def lpips_network(network: Literal["alex", "vgg"]) -> "nn.Module":
    """Creates LPIPS with trained linear layers on an untrained network, whose weights the caller loads.

    Uses ``torchmetrics.functional.image.lpips._LPIPS``; checked on torchmetrics 1.9.0; no upstream issue is known. The
    public class and function have no argument for the network's weights: they always unpickle or download those in
    torch's cache, so a local file cannot be given, and its content cannot be checked first.

    Args:
        network: ``alex`` for AlexNet or ``vgg`` for VGG-16.

    Returns:
        A module whose attribute ``net`` is the network. It takes two batches (B, 3, H, W), in [0, 1] with
        ``normalize=True``, and returns (B, 1, 1, 1).
    """
    from torchmetrics.functional.image.lpips import _LPIPS

    return _LPIPS(pretrained=True, net=network, pnet_rand=True)
