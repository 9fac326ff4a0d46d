"""Runs of Weights & Biases: where offline ones keep their files, uploads outside of training, and artifacts."""

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colorgan.errors import ColorganError, describe, one_line
from colorgan.training.loggers import wandb_offline_reason

DATA_VARIABLE = "WANDB_DATA_DIR"
"""Environment variable of the folder in which W&B keeps the files of artifacts until they are uploaded."""
_MAX_NAME = 128


def is_offline(obstacle: str | None) -> bool:
    """Whether a run that starts now is stored on this machine, to be uploaded later.

    Args:
        obstacle: what :func:`~colorgan.training.loggers.wandb_offline_reason` has returned.
    """
    return obstacle is not None or os.environ.get("WANDB_MODE") in ("offline", "dryrun")


def keep_files_in(folder: Path) -> None:
    """Lets offline runs keep the files of artifacts and the images of tables in the folder of the run.

    Otherwise they are in the home of the user, which the machine that uploads them need not share. A folder that the
    user has chosen stays.

    Args:
        folder: the one that W&B makes its folder ``wandb`` in.
    """
    os.environ.setdefault(DATA_VARIABLE, str((folder / "wandb" / "data").absolute()))


@dataclass
class Upload:
    """A run outside of training.

    Attributes:
        run: the run, as returned by ``wandb.init``.
        outcome: a sentence on where it is, when it has ended.
    """

    run: Any
    outcome: str = ""


@contextlib.contextmanager
def upload(project: str, job_type: str, *, name: str, folder: Path, config: Mapping[str, Any]) -> Iterator[Upload]:
    """Starts a run, and ends it after the block. Without a key or a network connection, it is stored in a folder.

    Args:
        project: name of the project.
        job_type: what the run does, such as ``evaluation``.
        name: name of the run.
        folder: where W&B makes its folder ``wandb``.
        config: the configuration of the run.

    Raises:
        ColorganError: if W&B refuses the project, for example because of its name.
    """
    import wandb  # slow to import

    obstacle = wandb_offline_reason()
    before = os.environ.get(DATA_VARIABLE)
    if is_offline(obstacle):
        keep_files_in(folder)
    try:
        mode: Any = "offline" if obstacle else None
        with wandb.init(
            project=project, name=name, job_type=job_type, dir=str(folder.absolute()), config=dict(config), mode=mode
        ) as run:
            started = Upload(run)
            place, url = Path(run.dir).parent, None if run.offline else run.url
            yield started
    except wandb.Error as error:
        raise ColorganError(f"Weights & Biases cannot log to the project {project!r}: {describe(error)}") from error
    finally:
        if before is None:
            os.environ.pop(DATA_VARIABLE, None)
    if url:
        started.outcome = f"uploaded to {url}"
    else:
        reason = f"{obstacle}, so it" if obstacle else "it"
        started.outcome = one_line(f"{reason} is stored offline; `wandb sync {place}` uploads it later")


def log_model(
    run: Any, name: str, files: Mapping[str, Path], aliases: Sequence[str], metadata: Mapping[str, Any]
) -> None:
    """Logs the files of a model as a version of an artifact of the type ``model``.

    The files are copied first, so that they may change before they are uploaded.

    Args:
        run: the run that has made the model.
        name: name of the artifact, in which characters that W&B does not allow are replaced.
        files: the files, by their names in the artifact.
        aliases: of this version, such as ``best``; other versions lose them.
        metadata: plain data about the model.
    """
    import wandb

    artifact = wandb.Artifact(artifact_name(name), type="model", metadata=dict(metadata))
    for target, file in files.items():
        artifact.add_file(str(file), name=target)
    run.log_artifact(artifact, aliases=list(aliases))


def artifact_name(text: str) -> str:
    """A name that W&B allows for an artifact.

    >>> artifact_name("flowers/16 cells")
    'flowers-16-cells'
    """
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", text)[:_MAX_NAME] or "model"
