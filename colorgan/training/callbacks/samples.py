"""A sheet of the same validation photos after every epoch, on which one sees a model learn."""

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
from colorgan.images.contact_sheet import contact_sheet
from colorgan.training.callbacks.outputs import PhotoCallback, photos_of

_COLUMNS = ("gray", "predicted", "target")


class SampleSheet(PhotoCallback):
    """Shows the same validation photos after every epoch: gray, predicted and target, side by side.

    The sheet is written to ``samples/epoch_0000.png`` in the run folder (``samples/validate.png`` and
    ``samples/test.png`` outside of training) and handed to every logger that takes pictures, as ``val/samples``.

    The photos are spread evenly over the validation set, chosen in the first epoch and remembered by their ``index``.
    In distributed training they are chosen among those that the first rank sees, so that nothing needs to be exchanged.

    Args:
        count: how many photos; fewer are shown if there are fewer.

    Attributes:
        last_path: the newest sheet, or ``None`` before the first.
    """

    def __init__(self, count: int = 20) -> None:
        if count < 1:
            raise ColorganError(f"a sample sheet shows at least 1 photo, received count={count}")
        self.count = count
        self.last_path: Path | None = None
        self._chosen: dict[str, list[int]] = {}
        self._shown: dict[int, dict[str, Tensor]] = {}
        self._positions: set[int] = set()
        self._seen = 0

    def state_dict(self) -> dict[str, Any]:
        """The chosen photos, so that a resumed run goes on showing them."""
        return {"chosen": {stage: list(indices) for stage, indices in self._chosen.items()}}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Restores what :meth:`state_dict` gave."""
        self._chosen = {str(stage): [int(index) for index in chosen] for stage, chosen in state_dict["chosen"].items()}

    def begin(self) -> None:
        """Forgets a validation or test that was broken off."""
        self._shown, self._seen = {}, 0

    def take(self, trainer: Trainer, pl_module: LightningModule, outputs: Any, stage: str) -> None:
        """Keeps the chosen photos of a batch."""
        if not _draws(trainer, stage):
            return
        photos = photos_of(outputs, "a sample sheet")
        indices = [int(index) for index in photos["index"]]
        chosen = self._chosen.get(stage)
        if chosen is None and not self._seen:
            self._positions = _spread(self.count, _photos_ahead(trainer, stage, len(indices)))
        for place, index in enumerate(indices):
            if self._seen + place in self._positions if chosen is None else index in chosen:
                self._shown[index] = {name: to_uint8(photos[name][place].float()).cpu() for name in _COLUMNS}
        self._seen += len(indices)

    def finish(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Writes the sheet."""
        if not _draws(trainer, stage):
            return
        shown, self._shown = self._shown, {}
        if not shown:
            # None of the remembered photos came: this is another validation set, in which to choose anew.
            self._chosen.pop(stage, None)
            return
        self._chosen[stage] = sorted(shown)
        photos = [shown[index] for index in sorted(shown)]
        columns = {column: [photo[column] for photo in photos] for column in _COLUMNS}
        title = f"epoch {trainer.current_epoch}" if trainer.state.fn == "fit" else ""
        picture = contact_sheet(columns, title=title, blocks=min(4, -(-len(photos) // 5)))
        within = {"val": "validate", "test": "test"}[stage]
        name = f"epoch_{trainer.current_epoch:04d}" if trainer.state.fn == "fit" else within
        self.last_path = Path(trainer.default_root_dir, "samples", f"{name}.png")
        with atomic_write(self.last_path) as temporary:  # whoever looks while a run goes on never sees half of it
            picture.save(temporary, format="PNG")
        _hand_to_loggers(trainer, f"{stage}/samples", picture)


def _draws(trainer: Trainer, stage: str) -> bool:
    """One rank draws, and a quick run of a few batches leaves no sheets of its validation."""
    quick = stage == "val" and bool(getattr(trainer, "fast_dev_run", False))
    return trainer.is_global_zero and not quick


def _spread(count: int, total: int) -> set[int]:
    """Positions of ``count`` things spread evenly over ``total``.

    >>> sorted(_spread(3, 10))
    [0, 4, 9]
    >>> sorted(_spread(5, 2))
    [0, 1]
    """
    if total <= count:
        return set(range(total))
    return {round(position * (total - 1) / max(1, count - 1)) for position in range(count)}


def _photos_ahead(trainer: Trainer, stage: str, batch_size: int) -> int:
    """How many photos this rank will see in the epoch, as far as that can be known in its first batch."""
    loaders = trainer.val_dataloaders if stage == "val" else trainer.test_dataloaders
    batches = (trainer.num_val_batches if stage == "val" else trainer.num_test_batches)[0]
    try:
        photos = -(-len(loaders.dataset) // trainer.world_size)  # type: ignore[union-attr]
    except (AttributeError, TypeError):
        photos = batch_size
    return int(min(photos, batches * batch_size))


def _hand_to_loggers(trainer: Trainer, name: str, picture: Image.Image) -> None:
    # Lightning numbers logged metrics by batches, not by optimizer steps; pictures belong at the same place.
    step = trainer.fit_loop.epoch_loop._batches_that_stepped
    for logger in trainer.loggers:
        if hasattr(logger, "log_image"):
            logger.log_image(key=name, images=[picture], step=step)
            continue
        experiment: Any = getattr(logger, "experiment", None)
        if hasattr(experiment, "add_image"):
            experiment.add_image(name, np.asarray(picture), step, dataformats="HWC")
