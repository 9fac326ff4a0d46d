"""LPIPS, a learned perceptual distance between photos."""

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from colorgan.color.tensors import matched_pair
from colorgan.compat import lpips_network
from colorgan.errors import ColorganError, first_sentence
from colorgan.metrics.weights import Download, find_weights
from colorgan.models.weight_files import read_torch_file

_DOWNLOADS = {
    "alex": Download("https://download.pytorch.org/models/alexnet-owt-7be5be79.pth", "7be5be79"),
    "vgg": Download("https://download.pytorch.org/models/vgg16-397923af.pth", "397923af"),
}
_MAX_BATCH_SIZE = 16


class LPIPS:
    """Learned perceptual image patch similarity, version 0.1 (Zhang et al. 2018, https://arxiv.org/abs/1801.03924).

    The linear layers on top of the network come with torchmetrics; the network has torchvision's weights, which are
    downloaded or given as a file. Photos are compared at their own size, without resizing. It is not an ``nn.Module``
    on purpose: as an attribute of a LightningModule, its weights do not enter checkpoints.

    Args:
        network: ``alex`` (recommended by the paper for evaluation) or ``vgg``.
        weights: local file with torchvision's ImageNet weights of AlexNet or VGG-16.
        device: device of the network.

    Attributes:
        sha256: SHA-256 of the network's weight file.

    Raises:
        ColorganError: if the weights are missing, damaged or belong to another network.
    """

    def __init__(
        self,
        network: Literal["alex", "vgg"] = "alex",
        weights: str | Path | None = None,
        device: str | torch.device = "cpu",
    ) -> None:
        if network not in _DOWNLOADS:
            raise ColorganError(f"LPIPS takes the network 'alex' or 'vgg', received {network!r}")
        found = find_weights(f"LPIPS ({network})", weights, _DOWNLOADS[network])
        assert found is not None  # both networks have a download
        self.network, self.sha256, self.device = network, found.sha256, torch.device(device)
        self._model = lpips_network(network)
        state = read_torch_file(found.open(), found.file)
        backbone = self._model.get_submodule("net")
        try:
            backbone.load_state_dict(
                {name: state[f"features.{name.partition('.')[2]}"] for name in backbone.state_dict()}
            )
        except (KeyError, RuntimeError, TypeError) as error:
            raise ColorganError(
                f"{found.file} are not weights of LPIPS ({network}): {first_sentence(error)}"
            ) from error
        self._model.to(self.device)

    @torch.inference_mode()
    def __call__(self, predicted: Tensor, target: Tensor) -> Tensor:
        """Compares photos.

        Args:
            predicted: (B, 3, H, W), uint8 or float in [0, 1], at least 32 x 32 pixels.
            target: likewise.

        Returns:
            (B,), float32, on the CPU; 0 for identical photos.
        """
        pair = [torch.split(photos.float(), _MAX_BATCH_SIZE) for photos in matched_pair(predicted, target)]
        values = []
        with torch.autocast(self.device.type, enabled=False):
            for first, second in zip(*pair, strict=True):
                distance = self._model(first.to(self.device), second.to(self.device), normalize=True)
                values.append(distance.flatten().cpu())
        return torch.cat(values)
