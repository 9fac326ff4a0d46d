"""Contact sheets of the same validation photos after every epoch, which show the progress of a run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from lightning.pytorch import LightningModule, Trainer
from PIL import Image
from torch import Tensor

from colorgan.color.tensors import to_uint8
from colorgan.errors import ColorganError
from colorgan.files import atomic_write
from colorgan.images import contact_sheet, evenly_spaced
from colorgan.models.colorization import ColorizationNetwork
from colorgan.training.callbacks.evaluation import EvaluationCallback, EvaluationStage
from colorgan.training.callbacks.hint_l1 import hinted_network
from colorgan.training.callbacks.interruption import failing_later
from colorgan.training.sample_table import PHOTOS, SAMPLES, Sample, log_table, photo_names
from colorgan.training.steps import EvaluationOutput, logging_step

_NUM_HINTS = 10
"""Hints of a photo that is shown with some."""


class SampleSheet(EvaluationCallback):
    """Shows the same validation photos after every epoch, in three columns: gray, predicted and reference.

    If the model takes hints, every second photo is colorized with some, which a further column shows.

    A sheet is written to ``samples/epoch_0000.png`` in the run folder (``samples/validate.png`` and
    ``samples/test.png`` outside of training), and logged as ``val/samples`` to every logger that accepts images. The
    photos are also logged as the table ``val/photos``: the name and the metrics of each, with its images in Weights &
    Biases and without in TensorBoard.

    The photos are spread evenly over the validation set. They are chosen in the first epoch and remembered by their
    dataset index. In distributed training they are chosen from the photos of rank 0, so that ranks need not
    communicate.

    Args:
        num_photos: number of photos to show; a smaller validation set is shown completely.

    Attributes:
        last_path: path of the latest sheet, or ``None`` if there is none yet.
    """

    def __init__(self, num_photos: int = 20) -> None:
        if num_photos < 1:
            raise ColorganError(f"SampleSheet's num_photos must be at least 1, but is {num_photos}")
        self.num_photos = num_photos
        self.last_path: Path | None = None
        self._chosen: dict[str, list[int]] = {}
        self._samples: dict[int, Sample] = {}
        self._positions: set[int] = set()
        self._num_seen = 0

    def state_dict(self) -> dict[str, Any]:
        """Returns the indices of the chosen photos, so that a resumed run keeps showing them."""
        return {"chosen": {stage: list(indices) for stage, indices in self._chosen.items()}}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Restores the chosen photos."""
        self._chosen = {str(stage): [int(index) for index in chosen] for stage, chosen in state_dict["chosen"].items()}

    def reset(self) -> None:
        """Drops the photos of an interrupted epoch."""
        self._samples, self._num_seen = {}, 0

    def update(
        self, trainer: Trainer, pl_module: LightningModule, output: EvaluationOutput, stage: EvaluationStage
    ) -> None:
        """Keeps the chosen photos of a batch."""
        if not _is_enabled(trainer, stage):
            return
        columns = {"gray": output["gray"], "predicted": output["predicted"], "reference": output["target"]}
        indices = [int(index) for index in output["index"]]
        chosen = self._chosen.get(stage)
        if chosen is None and not self._num_seen:
            self._positions = set(evenly_spaced(self.num_photos, _expected_photos(trainer, stage, len(indices))))
        shown = [
            position
            for position, index in enumerate(indices)
            if (self._num_seen + position in self._positions if chosen is None else index in chosen)
        ]
        network = hinted_network(pl_module)
        hinted: list[int] = []
        if network is not None:
            columns = {"gray": output["gray"], "hints": output["gray"].clone(), **columns}
            columns["predicted"] = output["predicted"].clone()
            hinted = shown[(len(self._samples) + 1) % 2 :: 2]
            if hinted:
                with trainer.precision_plugin.val_step_context():
                    columns["hints"][hinted], columns["predicted"][hinted] = _with_hints(network, output, hinted)
        for position in shown:
            images = {name: to_uint8(photos[position].float()).cpu() for name, photos in columns.items()}
            self._samples[indices[position]] = Sample(images, _NUM_HINTS if position in hinted else 0)
        self._num_seen += len(indices)

    def compute(self, trainer: Trainer, pl_module: LightningModule, stage: EvaluationStage) -> None:
        """Writes and logs the sheet."""
        if not _is_enabled(trainer, stage):
            return
        samples, self._samples = self._samples, {}
        if not samples:
            # The validation set no longer contains the chosen photos: choose again in the next epoch.
            self._chosen.pop(stage, None)
            return
        self._chosen[stage] = sorted(samples)
        shown = [samples[index] for index in self._chosen[stage]]
        columns = {name: [sample.images[name] for sample in shown] for name in shown[0].images}
        is_fit = trainer.state.fn == "fit"
        title = f"epoch {trainer.current_epoch}" if is_fit else ""
        sheet = contact_sheet(columns, title=title, blocks=min(4, -(-len(samples) // 5)))
        name = f"epoch_{trainer.current_epoch:04d}" if is_fit else {"val": "validate", "test": "test"}[stage]
        self.last_path = Path(trainer.default_root_dir, "samples", f"{name}.png")
        with failing_later(trainer):
            with atomic_write(self.last_path) as temporary:  # an image viewer never sees a partial file
                sheet.save(temporary, format="PNG")
            _log_image(trainer, f"{stage}/{SAMPLES}", sheet)
            log_table(trainer, f"{stage}/{PHOTOS}", photo_names(trainer, stage, self._chosen[stage]), shown)


def _with_hints(network: ColorizationNetwork, output: EvaluationOutput, positions: list[int]) -> tuple[Tensor, Tensor]:
    """Pictures of hints, and what the network makes of them, for some photos of a batch."""
    target = output["target"][positions].float()
    gray, color = network.color_space.split(target)
    index = output["index"][positions]
    hints = network.hints.validation(color, index, _NUM_HINTS, color_space=network.color_space)
    predicted = network(target, hints)
    return network.hints.picture(gray, hints, network.color_space).to(output["gray"]), predicted.to(output["predicted"])


def _is_enabled(trainer: Trainer, stage: EvaluationStage) -> bool:
    """Only rank 0 makes sheets, and the validation of a ``fast_dev_run`` leaves none."""
    is_dry_run = stage == "val" and bool(getattr(trainer, "fast_dev_run", False))
    return trainer.is_global_zero and not is_dry_run


def _expected_photos(trainer: Trainer, stage: EvaluationStage, batch_size: int) -> int:
    """Estimates, from the first batch, how many photos this rank will see in the epoch."""
    loaders = trainer.val_dataloaders if stage == "val" else trainer.test_dataloaders
    batches = (trainer.num_val_batches if stage == "val" else trainer.num_test_batches)[0]
    try:
        photos = -(-len(loaders.dataset) // trainer.world_size)  # type: ignore[union-attr]
    except (AttributeError, TypeError):
        photos = batch_size
    return int(min(photos, batches * batch_size))


def _log_image(trainer: Trainer, name: str, image: Image.Image) -> None:
    step = logging_step(trainer)
    for logger in trainer.loggers:
        if hasattr(logger, "log_image"):
            logger.log_image(key=name, images=[image], step=step)
            continue
        experiment: Any = getattr(logger, "experiment", None)
        if hasattr(experiment, "add_image"):
            experiment.add_image(name, np.asarray(image), step, dataformats="HWC")
