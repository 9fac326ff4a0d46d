"""``data.batch_size: auto``: the same number in all processes of a run, and in a run that is resumed."""

import os
from pathlib import Path

from lightning.pytorch import Trainer

from colorgan.data import Photos
from colorgan.errors import ColorganError
from colorgan.files.yaml import read_yaml
from colorgan.inference.run_folder import RunFolder
from colorgan.training.batch_size import find_batch_size
from colorgan.training.module import Trainable
from colorgan.training.processes import decided_by_first_process

VARIABLE = "COLORGAN_BATCH_SIZE"
"""Environment variable that passes the batch size to the processes that Lightning starts."""


def settle_batch_size(data: Photos, model: Trainable, trainer: Trainer, resumed: Path | None) -> int:
    """Finds the batch size of a run whose configuration leaves it open, and sets it.

    Args:
        data: the photos, which are set up for that.
        model: the model.
        trainer: the trainer.
        resumed: the checkpoint that the run continues from: it keeps the batch size of its folder.

    Returns:
        The batch size of each process.

    Raises:
        ColorganError: if it cannot be found for this run.
    """
    data.batch_size = (
        (resumed and _stored(resumed)) or int(os.environ.get(VARIABLE) or 0) or _find(data, model, trainer)
    )
    os.environ[VARIABLE] = str(data.batch_size)
    return data.batch_size


def _find(data: Photos, model: Trainable, trainer: Trainer) -> int:
    if trainer.num_nodes > 1:
        raise ColorganError("data.batch_size=auto is for one machine: find a number there, and give it")

    def find() -> str:
        data.setup("fit")
        photos = len(data.splits["train"])
        kept = 0 if data.loaders.on_device is False else sum(map(len, data.splits.values())) * 3 * data.load_size**2
        return str(find_batch_size(model, data.image_size, trainer, photos, kept))

    return int(decided_by_first_process("batch size", find))


def _stored(checkpoint: Path) -> int | None:
    """The batch size of the run of a checkpoint, if it is in the folder of one."""
    run = RunFolder.of_checkpoint(checkpoint)
    if run is None or not (run.path / "config.yaml").is_file():
        return None
    try:
        size = read_yaml(run.path / "config.yaml")["data"]["init_args"]["batch_size"]
    except (ColorganError, KeyError, TypeError):
        return None
    return size if type(size) is int and size > 0 else None
