"""The PyTorch colorizer: loads a checkpoint or a released model and colorizes photos of any size."""

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Self

import torch

from colorgan.color.cielab import FloatArray
from colorgan.inference.checkpoint import read_network
from colorgan.inference.hub import upload
from colorgan.inference.photo_colorizer import PhotoColorizer
from colorgan.inference.released import read_released, write_released
from colorgan.models.color_spaces import QuantizedLab
from colorgan.models.colorization import ColorizationNetwork


class TorchColorizer(ColorizationNetwork, PhotoColorizer):
    """A :class:`~colorgan.models.ColorizationNetwork` that colorizes whole photos and can be loaded from files.

    Example:
        >>> from colorgan.inference import ColorHint
        >>> from colorgan.models import Lab, PointHints, UNet
        >>> from PIL import Image
        >>> colorizer = TorchColorizer(UNet(4, 2, width=4), Lab(), PointHints(), size=32).eval()
        >>> photo = Image.linear_gradient("L")  # or Image.open("old.jpg")
        >>> colorizer.colorize(photo, hints=[ColorHint(x=80, y=40, color="seagreen", radius=8)])
        <PIL.Image.Image image mode=RGB size=256x256 at ...>
        >>> colorizer.colorize(torch.rand(2, 3, 40, 30), strength=0.5).shape
        torch.Size([2, 3, 40, 30])
    """

    @classmethod
    def of(cls, network: ColorizationNetwork) -> Self:
        """Wraps a network, sharing its weights."""
        colorizer = cls(network.generator, network.color_space, network.hints)
        colorizer.working_size = network.working_size
        return colorizer.train(network.training)

    @classmethod
    def from_checkpoint(
        cls, path: str | Path | None = None, device: str | torch.device = "cpu", trust: Iterable[str | Path] = ()
    ) -> Self:
        """Loads the generator of a checkpoint, with its color space and hints, in evaluation mode.

        Args:
            path: a ``.ckpt`` file written by ``fit`` (the moving average is loaded if there is one), or the folder or
                the ``model.safetensors`` of a released model. Default: the model that ships with colorgan.
            device: device of the network.
            trust: packages, modules or classes of your own that the model may name, such as ``["mynet"]``, or the
                ``config.yaml`` of a run, which stands for the classes in it. Nothing else is imported.

        Raises:
            CheckpointError: if the file is missing, damaged or not a colorgan checkpoint.
        """
        if path is None or Path(path).is_dir() or Path(path).suffix == ".safetensors":
            return cls.from_pretrained(path, device, trust)
        return cls.of(read_network(path, trust)).to(device)

    @classmethod
    def from_pretrained(
        cls,
        name: str | Path | None = None,
        device: str | torch.device = "cpu",
        trust: Iterable[str | Path] = (),
        **hub_options: Any,
    ) -> Self:
        """Loads a released model: safetensors weights and a YAML description of the network.

        Args:
            name: a folder written by :meth:`save_pretrained`, its ``model.safetensors``, or the name of a repository on
                the Hugging Face Hub. Default: the model that ships with colorgan.
            device: device of the network.
            trust: packages, modules or classes of your own that the model may name, such as ``["mynet"]``, or the
                ``config.yaml`` of a run, which stands for the classes in it. Nothing else is imported.
            hub_options: options of :func:`colorgan.inference.hub.download`, such as ``revision`` and ``token``.

        Raises:
            CheckpointError: if the model is missing, damaged or refused.
        """
        return cls.of(read_released(name, trust, **hub_options)).to(device)

    def save_pretrained(
        self,
        folder: str | Path,
        card: str = "",
        half: bool = True,
        *,
        push_to_hub: bool = False,
        repo_id: str | None = None,
        **hub_options: Any,
    ) -> str | None:
        """Writes a released model: ``model.safetensors``, ``config.yaml`` and, if given, the card as ``README.md``.

        The arguments beside the card are those of ``PyTorchModelHubMixin`` of the Hugging Face Hub's client.

        Args:
            folder: the folder to write to; created if it does not exist.
            card: the model card in Markdown; :class:`colorgan.inference.card.ModelCard` generates one.
            half: whether to store weights as float16, which halves the file size; loading converts them to float32.
            push_to_hub: whether to upload the folder to the Hugging Face Hub as well.
            repo_id: name of the repository; by default, that of the folder.
            hub_options: options of :func:`colorgan.inference.hub.upload`.

        Returns:
            The address of the commit, if it was uploaded.

        Raises:
            ColorganError: if the folder cannot be written or uploaded.
        """
        write_released(self, folder, card, half)
        return upload(folder, repo_id or Path(folder).name, **hub_options) if push_to_hub else None

    def push_to_hub(self, repo_id: str, *, card: str = "", half: bool = True, **hub_options: Any) -> str:
        """Uploads the model to the Hugging Face Hub, from where :meth:`from_pretrained` loads it.

        Args:
            repo_id: name of the repository, such as ``someone/old-photos``; it is created if it does not exist.
            card: as for :meth:`save_pretrained`.
            half: as for :meth:`save_pretrained`.
            hub_options: options of :func:`colorgan.inference.hub.upload`, such as ``private`` and ``token``.

        Returns:
            The address of the commit.

        Raises:
            ColorganError: if it cannot be uploaded.
        """
        with tempfile.TemporaryDirectory(prefix="colorgan-") as folder:
            write_released(self, folder, card, half)
            return upload(folder, repo_id, **hub_options)

    @torch.inference_mode()
    def run_network(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        """Predicts the chroma of small images; see :meth:`PhotoColorizer.run_network`."""
        device = self.working_size.device
        network_hints = None
        if hints is not None:
            network_hints = self.hints.from_lab(torch.from_numpy(hints).to(device), self.color_space)
        ab: FloatArray = self.predict_ab(torch.from_numpy(rgb).to(device), network_hints).cpu().numpy()
        return ab

    @property
    def color_bins(self) -> FloatArray | None:
        """The bins of a :class:`~colorgan.models.QuantizedLab`; see :attr:`PhotoColorizer.color_bins`."""
        return self.color_space.bins.centers if isinstance(self.color_space, QuantizedLab) else None

    @torch.inference_mode()
    def run_classifier(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        """Predicts probabilities of colors; see :meth:`PhotoColorizer.run_classifier`."""
        if self.color_bins is None:
            return super().run_classifier(rgb, hints)
        device = self.working_size.device
        network_hints = None
        if hints is not None:
            network_hints = self.hints.from_lab(torch.from_numpy(hints).to(device), self.color_space)
        probabilities: FloatArray = (
            self.predict_probabilities(torch.from_numpy(rgb).to(device), network_hints).cpu().numpy()
        )
        return probabilities
