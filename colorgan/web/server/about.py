"""What the page says about the model: its name, and what its card says of its strengths and limits."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from colorgan.errors import ColorganError
from colorgan.inference.shipped import CONFIG, shipped_model

_CARD = "README.md"
_LARGEST_CARD = 1 << 18
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)


@dataclass(frozen=True)
class About:
    """A model as the page introduces it.

    Attributes:
        name: of the model or, without a card, of its file.
        summary: what it is, as its card says; empty without a card.
        limits: what it does badly, as its card says.
        license: of its weights; empty if nobody says.
    """

    name: str
    summary: str = ""
    limits: list[str] = field(default_factory=list)
    license: str = ""


def about_model(path: Path | None, card: str = "") -> About:
    """Reads the card of a model.

    Args:
        path: of the model, as :func:`colorgan.inference.open_model.open_model` takes it.
        card: the one that the model's own file holds, which goes before any beside it.

    Returns:
        What the card says; only the name, if there is no card.
    """
    path = shipped_model() if path is None else path
    folder = path if path.is_dir() else path.parent
    name = path.name or path.resolve().name
    if card:
        return parse_card(card, name)
    beside = folder / _CARD
    released = (folder / CONFIG).is_file() and path.suffix != ".ckpt"  # beside anything else, README.md is no card
    if not (released and beside.is_file() and beside.stat().st_size <= _LARGEST_CARD):
        return About(name)
    try:
        return parse_card(beside.read_text(encoding="utf-8"), name)
    except (OSError, UnicodeDecodeError) as error:
        raise ColorganError(f"{beside}: the model's card cannot be read as text") from error


def parse_card(text: str, name: str) -> About:
    r"""Takes from a card in Markdown what the page shows.

    Args:
        text: as :meth:`colorgan.inference.released.ModelCard.markdown` writes it.
        name: of the model, if the card has no title.

    Example:
        >>> parse_card("# tiny\n\nColors.\n\nLicense of the weights: MIT.\n\n## Limits\n\n- faces", "x")
        About(name='tiny', summary='Colors.', limits=['faces'], license='MIT')
    """
    head, *sections = re.split(r"^## ", _FRONT_MATTER.sub("", text), flags=re.MULTILINE)
    title = re.search(r"^# (.+)$", head, re.MULTILINE)
    license = re.search(r"^License of the weights: (.+?)\.?$", head, re.MULTILINE)
    summary = re.sub(r"^(# .+|License of the weights: .+)$", "", head, flags=re.MULTILINE)
    limits = next((section for section in sections if section.startswith("Limits\n")), "")
    return About(
        name=title[1].strip() if title else name,
        summary=" ".join(summary.split()),
        limits=[" ".join(entry.split()) for entry in re.split(r"^- ", limits, flags=re.MULTILINE)[1:]],
        license=license[1].strip() if license else "",
    )
