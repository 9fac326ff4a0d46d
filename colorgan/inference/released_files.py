"""Finds the files of a released model and reads its description. Nothing here needs torch."""

import re
from pathlib import Path
from typing import Any

from colorgan.errors import CheckpointError, ColorganError
from colorgan.files import atomic_write, digest, refuse_url
from colorgan.files.plain import check_plain
from colorgan.files.yaml import read_yaml
from colorgan.inference.hub import download
from colorgan.inference.shipped import CONFIG, ONNX, WEIGHTS, shipped_model
from colorgan.inference.working_size import check_size

FORMAT = 2
"""Version of the description."""
ONNX_DIGEST = "onnx_sha256"
"""Key of the description that holds the SHA-256 of the ONNX file, if there is one."""

_MAX_CONFIG_BYTES = 1 << 16
_MAX_CONFIG_VALUES = 10_000
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")


def find_folder(name: str | Path | None, **hub_options: Any) -> Path:
    """Finds the folder of a released model.

    Args:
        name: the folder, its ``model.safetensors``, or the name of a repository on the Hugging Face Hub, which is
            downloaded. Default: the model that ships with colorgan.
        hub_options: options of :func:`colorgan.inference.hub.download`.

    Raises:
        CheckpointError: if there is none.
    """
    if name is None:
        return shipped_model()
    refuse_url(name)
    path = Path(name)
    if path.is_dir():
        return path
    if path.is_file():
        if path.name == WEIGHTS:
            return path.parent
        raise CheckpointError(f"{path} is not a released model, which is a folder with {CONFIG} and {WEIGHTS}")
    is_file_name = path.suffix in (".safetensors", ".ckpt")
    if _REPOSITORY.fullmatch(str(name)) and not is_file_name and not path.parent.exists():
        return download(str(name), **hub_options)
    kind = "file" if is_file_name else "folder"
    raise CheckpointError(f"there is no {kind} {name}; give a folder written by save_pretrained")


def read_config(folder: Path) -> dict[str, Any]:
    """Reads the description of a released model, and checks its form.

    Raises:
        CheckpointError: if it is missing or damaged.
    """
    file = folder / CONFIG
    if not file.is_file():
        raise CheckpointError(f"{file.parent} is not a released model: it lacks {CONFIG}")
    try:
        if file.stat().st_size > _MAX_CONFIG_BYTES:
            raise CheckpointError(f"{file} is too large for the description of a model")
        config = read_yaml(file)
        check_plain(config, file, _MAX_CONFIG_VALUES)
    except CheckpointError:
        raise
    except (OSError, ColorganError) as error:
        reason = str(error).removeprefix(str(file)).lstrip(", :")
        raise CheckpointError(f"{file} is damaged: {reason:.200}") from error
    required = {"format", "size", "color_space", "hints", "generator", "sha256"}
    if not isinstance(config, dict) or not required <= config.keys():
        raise CheckpointError(
            f"{file} is not the configuration of a released model: it must contain {', '.join(sorted(required))}"
        )
    if config["format"] != FORMAT:
        raise CheckpointError(
            f"{file} has format {config['format']!r:.40}, but this version of colorgan reads {FORMAT}"
        )
    check_size(config["size"], file)
    return config


def write_config(folder: Path, config: dict[str, Any]) -> None:
    """Writes the description of a released model."""
    import yaml

    with atomic_write(folder / CONFIG) as temporary:
        temporary.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def onnx_file(folder: Path) -> Path | None:
    """The ONNX file of a released model, or ``None`` if it has none.

    Only a file that the description names by its SHA-256 counts. The description is renewed together with the weights,
    so an ONNX file of earlier weights is never used.

    Raises:
        CheckpointError: if the description or the file is damaged.
    """
    file = folder / ONNX
    if not (file.is_file() and (folder / CONFIG).is_file()):
        return None
    expected = read_config(folder).get(ONNX_DIGEST)
    if expected is None:
        return None
    if digest(file) != expected:
        raise CheckpointError(
            f"{file} is damaged or of another model: its SHA-256 differs from that in {CONFIG}; use another copy, or "
            f"write it again with `colorgan export --checkpoint {folder} -o {file} --overwrite`"
        )
    return file
