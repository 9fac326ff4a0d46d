"""The loss of validation photos that have hints as in training."""

import torch
from lightning.pytorch import LightningModule, Trainer

from colorgan.errors import ColorganError
from colorgan.models import Comparison
from colorgan.training.callbacks.evaluation import EvaluationCallback, EvaluationStage
from colorgan.training.gan import ColorGAN
from colorgan.training.photo_rows import PhotoRows
from colorgan.training.steps import EvaluationOutput


class ValidationLoss(EvaluationCallback):
    """Logs ``val/loss``: the reconstruction loss of validation photos, without its weight, under hints as in training.

    ``val/l1`` is measured without hints and always is L1, so that all models can be compared by it. Publications report
    the loss that is trained, on photos of which as many have hints as in training. The hints of a photo depend only on
    its index. This costs another forward pass of the generator.
    """

    def __init__(self) -> None:
        self._rows = PhotoRows()

    def logged_metrics(self) -> list[str]:
        """Its only name."""
        return ["val/loss"]

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Calls :meth:`check_model`."""
        if stage != "predict":
            self.check_model(pl_module)

    def check_model(self, pl_module: LightningModule) -> None:
        """Checks that the model is a colorizer."""
        if not isinstance(pl_module, ColorGAN):
            raise ColorganError(f"ValidationLoss requires a ColorGAN, received a {type(pl_module).__name__}")

    def reset(self) -> None:
        """Drops the results of an interrupted epoch."""
        self._rows.clear()

    def update(
        self, trainer: Trainer, pl_module: LightningModule, output: EvaluationOutput, stage: EvaluationStage
    ) -> None:
        """Colorizes a batch, and computes the loss of each photo."""
        assert isinstance(pl_module, ColorGAN)
        space, network = pl_module.color_space, pl_module.inference
        gray, color = space.split(output["target"].float())
        hints = pl_module.hints.validation(color, output["index"], color_space=space)
        with trainer.precision_plugin.val_step_context():
            raw = network.run_generator(gray, hints)
            predicted = network.decode(raw, gray)
        by_photo = zip(*(tensor.split(1) for tensor in (predicted, color, gray, raw)), strict=True)
        losses = [
            pl_module.objective.terms[0](Comparison(one, target, seen, space, output=scores))
            for one, target, seen, scores in by_photo
        ]
        self._rows.add(output["index"], {"loss": torch.stack(losses)})

    def compute(self, trainer: Trainer, pl_module: LightningModule, stage: EvaluationStage) -> None:
        """Logs the mean."""
        for name, values in self._rows.collect(pl_module).items():
            pl_module.log(f"{stage}/{name}", values.mean().item(), sync_dist=True)
