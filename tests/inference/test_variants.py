import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from colorgan.images import SAMPLE_PHOTOS, read_rgb
from colorgan.inference import Look, MixedColorizer, Palette
from colorgan.inference.hints import ColorHint
from colorgan.inference.variants import Variant, make_variants
from tests.helpers import Painter, picture
from tests.inference.test_mixture import Flat

PHOTO = read_rgb(SAMPLE_PHOTOS / "val" / "life_02.jpg")[::2, ::2]
PALETTE = Palette.of(np.asarray(picture(5, 60, 80)))


def smallest_difference(photo: np.ndarray, variants: list[Variant]) -> float:
    """The smallest mean CIEDE2000 between two variants."""
    shown = [rgb2lab(variant.prediction.apply_to(photo, variant.look)) for variant in variants]
    return min(deltaE_ciede2000(a, b).mean() for number, a in enumerate(shown) for b in shown[:number])


@pytest.mark.parametrize(
    "look",
    [
        Look(),
        Look(0.0),
        Look(2.0),
        Look(1.8, 0.8),
        Look(0.3, -1.0),
        Look(warmth=1.0),
        Look(reference=PALETTE),
        Look(0.0, reference=PALETTE),
    ],
)
@pytest.mark.parametrize("gray", [False, True])
def test_six_variants_differ_visibly(look: Look, gray: bool) -> None:
    model = Flat(0, 0) if gray else Painter()
    variants = make_variants(model, PHOTO, look=look)
    assert variants[0].look == look
    assert variants[0].label == ("As predicted" if look == Look() else "As set")
    assert len({variant.label for variant in variants}) == 6
    assert smallest_difference(PHOTO, variants) >= 1.9


def test_a_reference_is_also_left_out() -> None:
    variants = make_variants(Painter(), PHOTO, look=Look(1.2, 0.2, PALETTE))
    (without,) = [variant for variant in variants if variant.look.reference is None]
    assert (without.label, without.look) == ("Without the reference", Look(1.2, 0.2))


def test_each_model_alone_is_a_variant() -> None:
    mixed = MixedColorizer([Flat(20, 10), Flat(-10, 20, takes_hints=True)], [1, 3])
    variants = make_variants(mixed, PHOTO, names=["warm.onnx", "green"])
    alone = {variant.label: variant for variant in variants if variant.mix is not None}
    assert {label: variant.mix for label, variant in alone.items()} == {"Only warm.onnx": (1, 0), "Only green": (0, 1)}
    assert alone["Only green"].prediction.ab[0].mean() == pytest.approx(-10)
    assert variants[0].prediction.ab[0].mean() == pytest.approx(-2.5)
    assert smallest_difference(PHOTO, variants) >= 1.9
    labels = [variant.label for variant in make_variants(mixed, PHOTO)]
    assert labels[1:3] == ["Only model 1", "Only model 2"]


def test_models_that_agree_are_no_variants() -> None:
    variants = make_variants(MixedColorizer([Flat(20, 10), Flat(20.5, 10)]), PHOTO)
    assert all(variant.mix is None for variant in variants)


def test_hints_and_size_are_used() -> None:
    model = Painter()
    hint = ColorHint(40, 40, "#2040c0", 10, reach=0)
    variants = make_variants(model, PHOTO, [hint], size=24)
    assert model.batches == [(1, 3, 24, 24)]
    assert variants[0].prediction.ab[1, 12, 12] < -30


def test_a_black_photo_has_six_all_the_same() -> None:
    assert len(make_variants(Painter(), np.zeros((40, 50), np.uint8))) == 6
