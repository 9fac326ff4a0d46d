"""Several looks of one prediction, from which a user picks one."""

from dataclasses import dataclass, replace

from colorgan.inference.look import Look


@dataclass(frozen=True)
class Variant:
    """One of several answers.

    Attributes:
        label: what is different about it, in a few words.
        look: how it is made.
    """

    label: str
    look: Look


def make_variants(look: Look) -> list[Variant]:
    """Six looks that differ visibly from each other.

    Args:
        look: the look from which the others start.
    """
    vivid, warm = min(2.0, look.strength * 1.6), min(1.0, look.warmth + 0.6)
    return [
        Variant("As it is", look),
        Variant("Muted", replace(look, strength=look.strength * 0.5)),
        Variant("Vivid", replace(look, strength=vivid)),
        Variant("Warmer", replace(look, warmth=warm)),
        Variant("Colder", replace(look, warmth=max(-1.0, look.warmth - 0.6))),
        Variant(
            "Vivid and warmer",
            replace(look, strength=vivid, warmth=warm),
        ),
    ]
