"""Released models: weights as safetensors, YAML that says what they are weights of, and a card for the reader.

A folder of this kind holds data only. It is smaller than a training checkpoint (no discriminator, no optimizers, 16
bits), loads without Lightning, and can be put on the Hugging Face hub as it is.
"""

import argparse
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from colorgan import __version__
from colorgan.errors import CheckpointError, ColorganError
from colorgan.files import replaced
from colorgan.inference.colorizer import Colorizer
from colorgan.inference.integrity import check_finite, check_numbers, check_state, digest, first_sentence
from colorgan.inference.open_model import CONFIG, WEIGHTS, shipped_model
from colorgan.models.color_spaces import ColorSpace
from colorgan.models.config import describe, factory, rebuild
from colorgan.models.encoders import without_pretrained_weights
from colorgan.models.generators import Generator
from colorgan.models.hints import Hints

CARD = "README.md"
_FORMAT = 1
_LARGEST_CONFIG = 1 << 20
_REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")
_COUNTED = ("in_channels", "out_channels")
"""Follow from the colour space and the hints; a number lives once."""


@dataclass
class ModelCard:
    """What a user should know of a model before trusting it; written in YAML, shown in Markdown.

    Attributes:
        name: of the model.
        summary: what it is, in a sentence or two.
        licence: of the weights, as an SPDX identifier.
        data: what it was trained on, one entry per source.
        training: how: steps, schedule, hardware, and the command that repeats it.
        evaluation: on which photos the figures were taken, and how.
        figures: name of a metric, to the name of a system ("this model", "gray", "mean colour"), to its figure.
        limits: what it does badly, one entry each.
    """

    name: str
    summary: str
    licence: str
    data: list[str]
    training: str
    evaluation: str
    figures: dict[str, dict[str, float]]
    limits: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, path: str | Path) -> "ModelCard":
        """Reads a card from YAML.

        Raises:
            ColorganError: naming the key that is missing or too much.
        """
        try:
            data = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ColorganError(f"cannot read the card {path}: {first_sentence(error)}") from error
        names = {entry.name for entry in fields(cls)}
        given = set(data) if isinstance(data, Mapping) else set()
        if wrong := sorted((names - {"limits"} - given) | (given - names)):
            raise ColorganError(
                f"{path}: a card has the keys {', '.join(sorted(names))}; {', '.join(wrong)} is missing or too much"
            )
        return cls(**data)

    def markdown(self) -> str:
        """The card with the front matter that the Hugging Face hub reads.

        Example:
            >>> figures = {"PSNR, dB": {"this model": 23.4, "gray": 21.75}}
            >>> card = ModelCard("tiny", "Colours.", "Apache-2.0", ["photos"], "One step.", "Ten photos.", figures)
            >>> print(card.markdown().split("Ten photos.")[1].strip())
            | | this model | gray |
            |---|---|---|
            | PSNR, dB | 23.4 | 21.75 |
        """
        matter = {
            "license": self.licence.lower(),
            "library_name": "colorgan",
            "pipeline_tag": "image-to-image",
            "tags": ["colorization"],
        }
        systems = list(dict.fromkeys(system for row in self.figures.values() for system in row))
        table = [f"| | {' | '.join(systems)} |", f"|---{'|---' * len(systems)}|"]
        for metric, row in self.figures.items():
            cells = [f"{row[system]:g}" if system in row else "-" for system in systems]
            table.append(f"| {metric} | {' | '.join(cells)} |")
        sections = [
            f"---\n{yaml.safe_dump(matter, sort_keys=False)}---",
            f"# {self.name}",
            self.summary,
            f"Licence of the weights: {self.licence}.",
            "## Use",
            "```sh\ncolorgan colorize old.jpg --checkpoint FOLDER\n```",
            '```python\nfrom colorgan import Colorizer\n\nColorizer.from_pretrained("FOLDER").colorize(photo)\n```',
            "## Data",
            "\n".join(f"- {entry}" for entry in self.data),
            "## Training",
            self.training,
            *(["## Limits", "\n".join(f"- {entry}" for entry in self.limits)] if self.limits else []),
            "## Figures",
            self.evaluation,
            "\n".join(table),
        ]
        return "\n\n".join(section.strip() for section in sections) + "\n"


def save(colorizer: Colorizer, folder: str | Path, card: str = "", half: bool = True) -> None:
    """Writes a released model; see :meth:`colorgan.inference.colorizer.Colorizer.save_pretrained`."""
    folder = Path(folder)
    generator = describe(colorizer.generator)
    generator["init_args"] = {name: value for name, value in generator["init_args"].items() if name not in _COUNTED}
    state = {name: _stored(tensor, half) for name, tensor in colorizer.state_dict().items()}
    check_finite(state, "the model")
    with replaced(folder / WEIGHTS) as temporary:
        save_file(state, temporary, metadata={"format": "pt"})
        sha = digest(temporary)
    config = {
        "format": _FORMAT,
        "colorgan": __version__,
        "size": colorizer.size,
        "color": describe(colorizer.color),
        "hints": describe(colorizer.hints),
        "generator": generator,
        "sha256": sha,
    }
    with replaced(folder / CONFIG) as temporary:
        temporary.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    if card:
        with replaced(folder / CARD) as temporary:
            temporary.write_text(card, encoding="utf-8")


def load(name: str | Path | None = None) -> Colorizer:
    """Loads a released model; see :meth:`colorgan.inference.colorizer.Colorizer.from_pretrained`."""
    folder = _folder(name)
    config = _config(folder / CONFIG)
    weights = folder / WEIGHTS
    if not weights.is_file():
        raise CheckpointError(f"{folder} lacks {WEIGHTS}; a released model has {CONFIG} and {WEIGHTS}")
    if digest(weights) != config["sha256"]:
        raise CheckpointError(f"{weights} is damaged: its SHA-256 is not the one in {CONFIG}; use another copy")
    try:
        state = {name: _restored(tensor) for name, tensor in load_file(weights).items()}
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{weights} is damaged: {first_sentence(error)}; use another copy") from error
    check_finite(state, weights)
    colorizer = _build(config, state, folder)
    colorizer.load_state_dict(state)
    return colorizer.eval().requires_grad_(False)


def _stored(tensor: Tensor, half: bool) -> Tensor:
    """16 bits for the weights of convolutions and linear layers; biases and statistics are few and stay as they are."""
    reduced = tensor.half() if half and tensor.is_floating_point() and tensor.ndim > 1 else tensor
    kept = reduced if torch.isfinite(reduced).all() else tensor
    return kept.detach().cpu().contiguous().clone()


def _restored(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _folder(name: str | Path | None) -> Path:
    if name is None:
        return shipped_model()
    folder = Path(name)
    if folder.name == WEIGHTS:
        folder = folder.parent
    if folder.is_dir():
        return folder
    if _REPOSITORY.fullmatch(str(name)) and not folder.parent.exists():
        return _downloaded(str(name))
    raise CheckpointError(f"there is no folder {name}; give one that save_pretrained wrote")


def _downloaded(repository: str) -> Path:
    """The local copy of a repository on the Hugging Face hub."""
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(repository, allow_patterns=[CONFIG, WEIGHTS, CARD]))
    except Exception as error:  # the hub's client raises its own, httpx's and the system's errors
        raise CheckpointError(
            f"there is no folder {repository}, and no model of that name could be had from the Hugging Face hub "
            f"({first_sentence(error)})"
        ) from error


def _config(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise CheckpointError(f"{file.parent} is not a released model: it lacks {CONFIG}")
    if file.stat().st_size > _LARGEST_CONFIG:
        raise CheckpointError(f"{file} is too large to be the configuration of a model")
    try:
        config = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        raise CheckpointError(f"{file} is damaged: {first_sentence(error)}") from error
    needed = {"format", "size", "color", "hints", "generator", "sha256"}
    if not isinstance(config, dict) or not needed <= config.keys():
        raise CheckpointError(
            f"{file} is not the configuration of a released model: it needs {', '.join(sorted(needed))}"
        )
    if config["format"] != _FORMAT:
        raise CheckpointError(f"{file} is of format {config['format']!r}; this version of colorgan reads {_FORMAT}")
    if not isinstance(config["size"], int) or config["size"] < 1:
        raise CheckpointError(f"{file}: size must be a whole number of pixels, received {config['size']!r}")
    check_numbers([config["size"], config["color"], config["hints"], config["generator"]], file)
    return config


def _build(config: Mapping[str, Any], state: Mapping[str, Tensor], source: Path) -> Colorizer:
    """The network of a configuration, whose shapes are compared with the weights before any memory is taken."""
    try:
        color = rebuild(config["color"], ColorSpace)
        hints = rebuild(config["hints"], Hints)
        make = factory(config["generator"], Generator)
        channels = 1 + hints.channels(color.channels), color.channels
        with without_pretrained_weights():
            with torch.device("meta"):
                check_state(Colorizer(make(*channels), color, hints), state, source)
            return Colorizer(make(*channels), color, hints, config["size"])
    except CheckpointError:
        raise
    except (TypeError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{source} cannot be rebuilt: {first_sentence(error)}") from error


def main(args: list[str]) -> int:
    """``colorgan release``: a training checkpoint and a card become a released model."""
    parser = argparse.ArgumentParser("colorgan release", description="Make a released model of a training checkpoint.")
    parser.add_argument("checkpoint", type=Path, help="a .ckpt file that fit wrote")
    parser.add_argument("-o", "--output", type=Path, required=True, help="folder of the released model")
    parser.add_argument("--card", type=Path, help="YAML with the contents of the model card")
    parser.add_argument("--full", action="store_true", help="keep the weights in 32 bits")
    parser.add_argument("--overwrite", action="store_true", help="replace a model that is there")
    given = parser.parse_args(args)
    if (given.output / CONFIG).exists() and not given.overwrite:
        raise ColorganError(f"{given.output} holds a model already; choose another folder or say --overwrite")
    card = ModelCard.read(given.card).markdown() if given.card else ""
    colorizer = Colorizer.from_checkpoint(given.checkpoint)
    colorizer.save_pretrained(given.output, card, half=not given.full)
    if given.card and given.card.resolve() != (given.output / "card.yaml").resolve():
        shutil.copyfile(given.card, given.output / "card.yaml")
    load(given.output)  # what cannot be read back is not released
    size = sum(file.stat().st_size for file in (given.output / WEIGHTS, given.output / CONFIG))
    print(f"{given.output}: {size / 1e6:.1f} MB")  # noqa: T201 (the command's answer)
    return 0
