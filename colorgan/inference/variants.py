"""Six different answers for one photo, from which a user picks one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from colorgan.color import cielab
from colorgan.color.cielab import FloatArray, SRGBArray
from colorgan.inference.full_size import ChromaPrediction
from colorgan.inference.hints import Hint
from colorgan.inference.look import AS_PREDICTED, MAX_STRENGTH, Look
from colorgan.inference.mixture import MixedColorizer
from colorgan.inference.photo_colorizer import PhotoColorizer

NUM_VARIANTS = 6

_MIN_DIFFERENCE = 3.0
"""Mean CIE94 difference of two variants. CIEDE2000, of which 2 is easily visible, is up to a third lower."""
_COMPARED_SIZE = 80
_VIVID, _MUTED = 1.6, 0.5
_SOME = 0.6
"""Of warmth."""


@dataclass(frozen=True)
class Variant:
    """One of several answers.

    Attributes:
        label: what is different about it, in a few words.
        look: its strength, warmth and palette.
        prediction: the chroma to which the look is applied.
        mix: the weights of the models, if they are not those that were asked for.
    """

    label: str
    look: Look
    prediction: ChromaPrediction
    mix: tuple[float, ...] | None = None


def make_variants(
    model: PhotoColorizer,
    photo: SRGBArray,
    hints: Sequence[Hint] = (),
    look: Look = AS_PREDICTED,
    size: int | None = None,
    names: Sequence[str] = (),
) -> list[Variant]:
    """Makes six answers that differ visibly from each other.

    The first one is what was asked for. The others are without the reference, by each of the models alone, and more or
    less vivid and warm; those that look like an earlier one are left out, as far as there are others.

    Args:
        model: the model, or several.
        photo: (H, W) or (H, W, 3), uint8 or uint16.
        hints: in pixels of the photo.
        look: what was asked for.
        size: shorter side, in pixels, at which chroma is predicted. Default: the size of the model.
        names: names of the models, if there are several. Default: their numbers.

    Raises:
        ColorganError: if the hints cannot be used.
    """

    def predict(used: PhotoColorizer) -> ChromaPrediction:
        return used.predict_chroma([photo], size=size, hints=[hints] if hints else None)[0]

    prediction = predict(model)
    candidates = [Variant("As predicted" if look == AS_PREDICTED else "As set", look, prediction)]
    if look.reference is not None:
        candidates.append(Variant("Without the reference", replace(look, reference=None), prediction))
    if isinstance(model, MixedColorizer):
        for number in range(len(model.models)):
            mix = tuple(float(number == other) for other in range(len(model.models)))
            name = names[number] if number < len(names) else f"model {number + 1}"
            candidates.append(Variant(f"Only {name}", look, predict(model.with_weights(mix)), mix))
    candidates += [Variant(label, other, prediction) for label, other in _looks(look)]
    return _different(candidates)


def _looks(look: Look) -> list[tuple[str, Look]]:
    """Looks around a look, most useful first, and then looks that do not depend on its strength and warmth."""
    strength = look.strength if look.strength >= _MUTED else 1.0  # nothing is more vivid than a gray photo is

    def other(factor: float, warmth: float) -> Look:
        return replace(
            look,
            strength=round(min(MAX_STRENGTH, strength * factor), 2),
            warmth=round(min(1.0, max(-1.0, look.warmth + warmth)), 2),
        )

    def absolute(strength: float, warmth: float) -> Look:
        return replace(look, strength=strength, warmth=warmth)

    return [
        ("Vivid", other(_VIVID, 0)),
        ("Warmer", other(1, _SOME)),
        ("Colder", other(1, -_SOME)),
        ("Muted", other(_MUTED, 0)),
        ("Vivid and warmer", other(_VIVID, _SOME)),
        ("Vivid and colder", other(_VIVID, -_SOME)),
        ("Muted and warmer", other(_MUTED, _SOME)),
        ("Plain", absolute(1, 0)),
        ("Cold", absolute(1, -_SOME)),
        ("Very warm", absolute(1, 1)),
        ("Very cold", absolute(1, -1)),
        ("Vivid and very warm", absolute(_VIVID, 1)),
        ("Vivid and very cold", absolute(_VIVID, -1)),
        ("Strong", absolute(MAX_STRENGTH, 0)),
        ("Vivid and cold", absolute(_VIVID, -_SOME)),
        ("Strong and very cold", absolute(MAX_STRENGTH, -1)),
        ("Pale", absolute(_MUTED, 0)),
        ("Pale and cold", absolute(_MUTED, -_SOME)),
    ]


def _different(candidates: Sequence[Variant]) -> list[Variant]:
    """The first candidates that differ from those before them; if these are too few, those that differ most."""
    shown = [_shown(candidate) for candidate in candidates]
    distances = np.array([[_cie94(one, other) for other in shown] for one in shown])
    chosen: list[int] = []
    for number in range(len(candidates)):
        if (distances[number, chosen] >= _MIN_DIFFERENCE).all():
            chosen.append(number)
    if len(chosen) < NUM_VARIANTS:
        spreads = [_spread(distances, second) for second in range(1, len(candidates))]
        chosen = max(spreads, key=lambda spread: _smallest(distances, spread))
    return [candidates[number] for number in sorted(chosen[:NUM_VARIANTS])]


def _spread(distances: FloatArray, second: int) -> list[int]:
    """Six candidates far apart: the first, a given second, and always the one that is farthest from those chosen."""
    chosen = [0, second]
    while len(chosen) < NUM_VARIANTS:
        nearest = distances[:, chosen].min(axis=1)
        nearest[chosen] = -1
        chosen.append(int(nearest.argmax()))
    return chosen


def _smallest(distances: FloatArray, chosen: Sequence[int]) -> float:
    """The smallest distance of two chosen candidates."""
    between = distances[np.ix_(chosen, chosen)]
    return float(between[~np.eye(len(chosen), dtype=bool)].min())


def _shown(variant: Variant) -> FloatArray:
    """a* and b* of a variant as sRGB can show them, at a small size."""
    small = variant.prediction.small
    step = max(1, min(small.shape[:2]) // _COMPARED_SIZE)
    fy = cielab.fy(small)[::step, ::step]
    return np.stack(cielab.fit_chroma(fy, *variant.look.apply(fy, variant.prediction.ab[:, ::step, ::step])))


def _cie94(first: FloatArray, second: FloatArray) -> float:
    """Mean CIE94 difference of equally light colors, relative to the mean of their chroma."""
    chroma, other_chroma = np.hypot(*first), np.hypot(*second)
    mean = (chroma + other_chroma) / 2
    of_chroma = chroma - other_chroma
    of_hue = np.maximum(0, np.square(first - second).sum(axis=0) - np.square(of_chroma))
    squared = np.square(of_chroma / (1 + np.float32(0.045) * mean)) + of_hue / np.square(1 + np.float32(0.015) * mean)
    return float(np.sqrt(squared).mean())
