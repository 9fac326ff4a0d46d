"""Whether a training can have and has had a result."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from jsonargparse import Namespace
from lightning.pytorch.callbacks import Callback, ModelCheckpoint

from colorgan.errors import ColorganError
from colorgan.files import display_path
from colorgan.inference.run_folder import RunFolder
from colorgan.training.callbacks.checkpoints import LastCheckpoint
from colorgan.training.callbacks.samples import SampleSheet

_AMOUNTS = ("limit_train_batches", "max_epochs", "max_steps")


def check_amount(trainer: Namespace) -> None:
    """Refuses a training of nothing, which Lightning would end at once as if it had succeeded.

    Args:
        trainer: the configuration of the trainer.

    Raises:
        ColorganError: naming the key.
    """
    for name in _AMOUNTS:
        value = trainer.get(name)
        if isinstance(value, int | float) and value == 0:
            raise ColorganError(
                f"trainer.{name} is {value}, so there is nothing to train: give a larger number, or use `validate` to "
                "measure a checkpoint"
            )


def results(callbacks: Iterable[Callback], folder: RunFolder, epochs: int, others: Iterable[Path] = ()) -> str:
    """Says where the results of a finished training are.

    Args:
        callbacks: of the training.
        folder: of the run.
        epochs: number of epochs that were trained.
        others: further files that belong to the run.

    Returns:
        One line with the run folder, the best checkpoint, or else the last one, and the newest samples.

    Raises:
        ColorganError: if one of the files is not there.
    """
    callbacks = list(callbacks)
    saving = [callback for callback in callbacks if isinstance(callback, ModelCheckpoint)]
    checkpoint = _checkpoint(saving)
    sheets = [Path(c.last_path) for c in callbacks if isinstance(c, SampleSheet) and c.last_path]
    if saving and checkpoint is None:
        raise ColorganError(
            f"the training has ended after {epochs} epochs without saving a checkpoint in {folder.checkpoints}: train "
            "for more epochs, or lower every_n_epochs of the checkpoint callbacks"
        )
    named = [path for path in (checkpoint, *sheets[:1], *others) if path is not None]
    missing = [display_path(path) for path in named if not path.is_file()]
    if missing:
        is_left = f"; {display_path(folder.last_checkpoint)} is there" if folder.last_checkpoint.is_file() else ""
        raise ColorganError(
            f"the training has ended, but {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing, "
            f"because files of the run folder were moved or deleted meanwhile{is_left}: keep what is left elsewhere "
            "and train again"
        )
    return (
        f"run: {folder.path}"
        f" | best checkpoint: {display_path(checkpoint) if checkpoint else 'none'}"
        f" | samples: {display_path(sheets[0]) if sheets else 'none'}"
    )


def _checkpoint(saving: list[Any]) -> Path | None:
    """The best checkpoint, else the last one, else any that was saved."""
    ordered = sorted(saving, key=lambda callback: (not callback.monitor, not isinstance(callback, LastCheckpoint)))
    paths = (callback.best_model_path or callback.last_model_path for callback in ordered)
    return next((Path(path) for path in paths if path), None)
