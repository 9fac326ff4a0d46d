"""What the training of any colorizer has besides its steps: how networks run, validation, test and prediction."""

from collections.abc import Sequence
from typing import Any, Literal, cast

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torchmetrics.functional.image import peak_signal_noise_ratio

from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.models import ColorSpace, Generator
from colorgan.training.gradient_checkpointing import GradientCheckpointing
from colorgan.training.optimization import ManualOptimization
from colorgan.training.steps import EvaluationOutput, is_first_validation

CompileOption = bool | Literal["reduce-overhead"]
"""Whether networks are compiled, or the mode of ``torch.compile``."""


class ColorizerTraining(ManualOptimization):
    """A module that trains a colorizer, and validates and predicts with it, or with a moving average of its weights.

    Attributes:
        colorizer: what is trained.
        average: the moving average of its weights, or ``None``.
        color_space: color space in which its generator works.
    """

    colorizer: TorchColorizer
    average: AveragedModel | None
    color_space: ColorSpace

    # -- how networks run ----------------------------------------------------------------------------------------------

    def set_execution(self, channels_last: bool, compile: CompileOption, checkpoint_gradients: bool) -> None:
        """Sets how networks run; see the arguments of :class:`~colorgan.training.gan.ColorGAN`."""
        self.channels_last, self.compile_networks = channels_last, compile
        self.checkpointing = GradientCheckpointing() if checkpoint_gradients else None

    def prepare_networks(self, trained: Sequence[nn.Module]) -> None:
        """Sets up the memory layout, and compilation or checkpointing of the networks that will be trained."""
        if self.channels_last:
            self.to(memory_format=torch.channels_last)
        for network in trained:
            if self.compile_networks:
                network.compile(mode=self.compile_networks if isinstance(self.compile_networks, str) else None)
            if self.checkpointing is not None:
                self.checkpointing.apply(network)

    def teardown(self, stage: str) -> None:
        """Lets the networks keep their activations again."""
        if self.checkpointing is not None:
            self.checkpointing.remove()

    def on_train_batch_start(self, batch: Any, batch_idx: int) -> None:
        """Makes a step's randomness reproducible, and lets CUDA graphs reuse the memory of the last one."""
        super().on_train_batch_start(batch, batch_idx)
        self._begin_graphs()

    def on_validation_batch_start(self, batch: Any, batch_idx: int, dataloader_idx: int = 0) -> None:
        """Lets CUDA graphs reuse the memory of the last step."""
        self._begin_graphs()

    def _begin_graphs(self) -> None:
        if self.compile_networks == "reduce-overhead":
            torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]

    # -- validation, test and prediction -------------------------------------------------------------------------------

    @property
    def inference(self) -> TorchColorizer:
        """The colorizer to validate and predict with: the moving average if one is kept."""
        return self.colorizer if self.average is None else cast(TorchColorizer, self.average.module)

    @property
    def trained_network(self) -> Generator:
        """The generator."""
        return self.colorizer.generator

    def photos(self, batch: dict[str, Tensor]) -> Tensor:
        """The photos of a batch, float (B, 3, H, W) in [0, 1]."""
        layout = torch.channels_last if self.channels_last else torch.contiguous_format
        return (batch["rgb"].float() / 255).contiguous(memory_format=layout)

    def adversarial_metrics(self, gray: Tensor, color: Tensor, predicted: Tensor) -> dict[str, Tensor]:
        """What an adversary says of validation photos, one value per photo by name; nothing without one.

        Args:
            gray: gray photos, (B, 1, H, W).
            color: their own colors, (B, C, H, W).
            predicted: predicted colors.
        """
        return {}

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> EvaluationOutput:
        """Colorizes a batch without hints; ``val/l1``, ``val/psnr`` and others are logged at the end of the epoch."""
        return self._evaluate(batch, "val")

    def test_step(self, batch: dict[str, Tensor], batch_idx: int) -> EvaluationOutput:
        """As :meth:`validation_step`, logged under ``test/``."""
        return self._evaluate(batch, "test")

    def _evaluate(self, batch: dict[str, Tensor], split: str) -> EvaluationOutput:
        target = self.photos(batch)
        gray, color = self.color_space.split(target)
        predicted = self.inference(target)
        _, predicted_color = self.color_space.split(predicted)
        neutral = self.color_space.neutral(gray)
        metrics = {
            "l1": (predicted_color - color).abs().mean(dim=(1, 2, 3)),
            "psnr": peak_signal_noise_ratio(predicted, target, data_range=1.0, dim=(1, 2, 3), reduction="none"),
        }
        if split == "test" or is_first_validation(self.trainer):
            metrics["l1_gray"] = (neutral - color).abs().mean(dim=(1, 2, 3))
        metrics |= self.adversarial_metrics(gray, color, predicted_color)
        self.photo_rows.add(batch["index"], metrics)
        return {
            "predicted": predicted,
            "target": target,
            "gray": self.color_space.merge(gray, neutral),
            "index": batch["index"],
        }

    def predict_step(self, batch: dict[str, Any], batch_idx: int) -> Tensor:
        """Colorizes photos of any size.

        Returns:
            (B, 3, H, W) uint8.
        """
        colorized = self.inference.colorize(batch["rgb"])
        assert isinstance(colorized, Tensor)
        return colorized
