"""Finds the model card of a model, for the *About* dialog of the page."""

from pathlib import Path

from colorgan.errors import ColorganError
from colorgan.files import resolved
from colorgan.inference.card import ModelInfo, parse_card
from colorgan.inference.shipped import CARD, CONFIG, shipped_model

_MAX_CARD_BYTES = 1 << 18


def load_model_info(path: Path | None, card: str = "") -> ModelInfo:
    """Reads the description of a model from its card.

    Args:
        path: the model, as for :func:`colorgan.inference.open_model.open_model`.
        card: the card embedded in the model's file, which takes precedence over a ``README.md`` in its folder.

    Returns:
        The description. Without a card, only its name, which is that of the file or folder.

    Raises:
        ColorganError: if the card is not a text file.
    """
    path = shipped_model() if path is None else path
    folder = path if path.is_dir() else path.parent
    name = path.name or resolved(path).name
    if card:
        return parse_card(card, name)
    file = folder / CARD
    is_released = (folder / CONFIG).is_file() and path.suffix != ".ckpt"  # elsewhere README.md is not a model card
    if not (is_released and file.is_file() and file.stat().st_size <= _MAX_CARD_BYTES):
        return ModelInfo(name)
    try:
        return parse_card(file.read_text(encoding="utf-8"), name)
    except (OSError, UnicodeDecodeError) as error:
        raise ColorganError(f"{file}: cannot read the model card as UTF-8 text") from error
