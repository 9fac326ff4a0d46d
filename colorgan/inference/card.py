"""Model cards: written in YAML, published in Markdown."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from colorgan.errors import ColorganError, first_sentence
from colorgan.files.yaml import read_yaml

_LICENSE = "License of the weights: "
_LIMITS = "Limits"
_OPTIONAL = ("limits", "compute", "sheet")
_SHEET = re.compile(r"[\w-]+\.(jpg|png)")
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


@dataclass
class ModelCard:
    """A model card: the information users need to decide whether to trust a model.

    Attributes:
        name: name of the model.
        summary: description in a sentence or two.
        license: license of the weights, as an SPDX identifier.
        data: training data, one entry per source.
        training: steps, schedule, hardware, and the command to reproduce the training.
        evaluation: description of the evaluation: photos, size, command.
        metrics: maps metric names to a mapping from systems ("this model", "gray", "mean color") to values.
        limits: known weaknesses, one entry each.
        compute: hardware, time and numbers of photos of the training; empty if ``training`` tells.
        sheet: name of a picture beside the card that shows results; empty if there is none.
    """

    name: str
    summary: str
    license: str
    data: list[str]
    training: str
    evaluation: str
    metrics: dict[str, dict[str, float]]
    limits: list[str] = field(default_factory=list)
    compute: str = ""
    sheet: str = ""

    @classmethod
    def read(cls, path: str | Path) -> "ModelCard":
        """Reads a card from a YAML file.

        Raises:
            ColorganError: if the file cannot be read, keys are missing or unknown, or a value has the wrong type.
        """
        try:
            data = read_yaml(Path(path))
        except (OSError, ColorganError) as error:
            raise ColorganError(f"cannot read the model card {path}: {first_sentence(error)}") from error
        if not isinstance(data, Mapping):
            raise ColorganError(f"{path} is not a model card: it must be a YAML mapping")
        keys = [entry.name for entry in fields(cls)]
        missing = [key for key in keys if key not in data and key not in _OPTIONAL]
        unknown = [key for key in data if key not in keys]
        if missing or unknown:
            problems = [f"{key!r} is missing" for key in missing] + [f"{key!r} is unknown" for key in unknown]
            raise ColorganError(f"{path}: {', '.join(problems)}; a model card has the keys {', '.join(keys)}")
        for key, value in data.items():
            expected = _expected_type(key, value)
            if expected:
                raise ColorganError(f"{path}: {key!r} must be {expected}, but is {str(value)[:80]!r}")
        sheet = data.get("sheet")
        if sheet and not (_SHEET.fullmatch(sheet) and (Path(path).parent / sheet).is_file()):
            raise ColorganError(
                f"{path}: 'sheet' must be the name of a .jpg or .png file beside the card, but is {sheet!r}"
            )
        return cls(**data)

    def yaml(self) -> str:
        """Renders the card in YAML, as :meth:`read` takes it; optional entries that are empty are left out."""
        import yaml

        entries = {key: value for key, value in asdict(self).items() if value or key not in _OPTIONAL}
        text: str = yaml.safe_dump(entries, sort_keys=False, allow_unicode=True, width=140)
        return text

    def markdown(self) -> str:
        """Renders the card in Markdown, with the front matter that the Hugging Face Hub reads.

        Example:
            >>> metrics = {"PSNR, dB": {"this model": 23.4, "gray": 21.75}}
            >>> card = ModelCard("tiny", "Colorizes.", "MIT", ["photos"], "One step.", "Ten photos.", metrics)
            >>> print(card.markdown().split("Ten photos.")[1].strip())
            | | this model | gray |
            |---|---|---|
            | PSNR, dB | 23.4 | 21.75 |
        """
        from huggingface_hub import ModelCardData  # here, because machines that only run ONNX files may lack it

        front_matter = ModelCardData(
            license=self.license.lower(),
            library_name="colorgan",
            pipeline_tag="image-to-image",
            tags=["colorization"],
        )
        systems = list(dict.fromkeys(system for row in self.metrics.values() for system in row))
        table = [f"| | {' | '.join(systems)} |", f"|---{'|---' * len(systems)}|"]
        for metric, row in self.metrics.items():
            cells = [f"{row[system]:g}" if system in row else "-" for system in systems]
            table.append(f"| {metric} | {' | '.join(cells)} |")
        sections = [
            f"---\n{front_matter.to_yaml()}\n---",
            f"# {self.name}",
            self.summary,
            f"{_LICENSE}{self.license}.",
            "## Use",
            "```sh\ncolorgan colorize old.jpg --checkpoint FOLDER\n```",
            '```python\nfrom colorgan import Colorizer\n\nColorizer("FOLDER")("old.jpg").save("colorized.png")\n```',
            "## Data",
            "\n".join(f"- {entry}" for entry in self.data),
            "## Training",
            self.training,
            *(["## Compute", self.compute] if self.compute else []),
            *(["## Examples", f"![Held-out photos and their colors]({self.sheet})"] if self.sheet else []),
            *([f"## {_LIMITS}", "\n".join(f"- {entry}" for entry in self.limits)] if self.limits else []),
            "## Metrics",
            self.evaluation,
            "\n".join(table),
        ]
        return "\n\n".join(section.strip() for section in sections) + "\n"


def _expected_type(key: str, value: Any) -> str:
    """What the value of a key must be; empty if it is."""
    if key in ("data", "limits"):
        is_valid = isinstance(value, list) and all(isinstance(entry, str) for entry in value)
        return "" if is_valid else "a list of texts (in quotes, if they contain a colon)"
    if key == "metrics":
        rows = list(value.values()) if isinstance(value, Mapping) else [None]
        numbers = [number for row in rows for number in (row.values() if isinstance(row, Mapping) else [None])]
        is_valid = all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers)
        return "" if is_valid else "a mapping from metrics to a mapping from systems to numbers"
    return "" if isinstance(value, str) else "a text (in quotes, if it contains a colon)"


@dataclass(frozen=True)
class ModelInfo:
    """The parts of a model card that users see first.

    Attributes:
        name: name of the model.
        summary: what the model is; empty if unknown.
        limits: known weaknesses, one entry each.
        license: license of the weights; empty if unknown.
    """

    name: str
    summary: str = ""
    limits: list[str] = field(default_factory=list)
    license: str = ""


def parse_card(markdown: str, name: str) -> ModelInfo:
    r"""Parses a model card written by :meth:`ModelCard.markdown`.

    Args:
        markdown: the card.
        name: name of the model, used if the card has no title.

    Example:
        >>> parse_card("# tiny\n\nColors.\n\nLicense of the weights: MIT.\n\n## Limits\n\n- faces", "x")
        ModelInfo(name='tiny', summary='Colors.', limits=['faces'], license='MIT')
    """
    head, *sections = re.split(r"^## ", _FRONT_MATTER.sub("", markdown), flags=re.MULTILINE)
    title = re.search(r"^# (.+)$", head, re.MULTILINE)
    license = re.search(rf"^{_LICENSE}(.+?)\.?$", head, re.MULTILINE)
    summary = re.sub(rf"^(# .+|{_LICENSE}.+)$", "", head, flags=re.MULTILINE)
    limits = next((section for section in sections if section.startswith(f"{_LIMITS}\n")), "")
    return ModelInfo(
        name=title[1].strip() if title else name,
        summary=" ".join(summary.split()),
        limits=[" ".join(entry.split()) for entry in re.split(r"^- ", limits, flags=re.MULTILINE)[1:]],
        license=license[1].strip() if license else "",
    )
