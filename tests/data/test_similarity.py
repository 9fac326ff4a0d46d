"""Thumbnails without frames, low frequencies of mirrored and turned photos, and the comparison of details."""

import numpy as np
import pytest
from PIL import ImageOps

from colorgan.data import similarity
from colorgan.data.decoding import to_square
from colorgan.data.similarity import (
    SIDE,
    aligned_correlation,
    find_candidates,
    low_frequencies,
    seen_as,
    thumbnail,
)
from tests.photo_edits import cropped, framed, scene, tilted


def small(image, side=144):
    return thumbnail(to_square(np.asarray(image), side))


@pytest.mark.parametrize("color", [(255, 255, 255), (0, 0, 0), (120, 40, 60)])
@pytest.mark.parametrize("width", [0.02, 0.05, 0.08])
def test_thumbnails_have_no_frame(color, width):
    image = scene(0, 160, 160)
    assert np.abs(small(framed(image, width, color)).astype(int) - small(image)).mean() < 6
    assert (
        np.abs(to_square(np.asarray(framed(image, width, color)), SIDE).astype(int).mean(2) - small(image)).mean() > 8
    )


def test_a_wide_background_is_no_frame():
    image = framed(scene(0, 160, 160), 0.3, (255, 255, 255))
    assert (small(image)[:8] == 255).all()


@pytest.mark.parametrize("side", [16, 72, 256])
def test_thumbnails_have_one_size(side):
    assert small(scene(1), side).shape == (SIDE, SIDE)
    assert thumbnail(np.full((side, side, 3), 7, np.uint8)).tolist() == [[7] * SIDE] * SIDE


def test_views_are_what_they_name():
    """The low frequencies of each crop and turn are those of the cropped and turned thumbnail."""
    one = small(scene(2))
    for view in range(7 * 8):
        copy = seen_as(one, view)
        crops, _ = low_frequencies(np.stack([copy, one]))
        found = [candidate for candidate in find_candidates(crops) if candidate.one == 0]
        assert [candidate.view for candidate in found] == [view]
        assert found[0].correlation > 0.995
        assert aligned_correlation(copy, seen_as(one, found[0].view)) > 0.99


def test_flat_photos_have_no_contrast():
    flat = np.full((SIDE, SIDE), 90, np.uint8)
    noise = flat + np.random.default_rng(0).integers(0, 5, flat.shape, dtype=np.uint8)
    crops, has_contrast = low_frequencies(np.stack([flat, noise, small(scene(3))]))
    assert has_contrast.tolist() == [False, False, True]
    assert np.isfinite(crops).all()


def test_at_most_eight_candidates_for_each_photo():
    crops, _ = low_frequencies(np.stack([small(scene(4))] * 20))
    ones = [candidate.one for candidate in find_candidates(crops)]
    assert np.bincount(ones).tolist() == [8] * 20
    assert list(find_candidates(crops[:0])) == []


def test_details_of_copies_agree_and_those_of_others_do_not():
    one = scene(5)
    for copy in (one, ImageOps.autocontrast(one, 1), cropped(one, 0.03, 0, 0, 0.02), tilted(one, 2)):
        assert aligned_correlation(small(one), small(copy)) > 0.95
    for seed in range(6, 16):
        assert aligned_correlation(small(one), small(scene(seed))) < 0.5
    assert aligned_correlation(small(one), np.zeros((SIDE, SIDE), np.uint8)) == -1
    assert aligned_correlation(np.zeros((SIDE, SIDE), np.uint8), small(one)) == -1


def test_of_many_photos_those_in_near_cells_are_compared(monkeypatch):
    originals = np.stack([small(scene(seed), 72) for seed in range(200)])
    copies = np.stack([seen_as(one, view % 56) for view, one in enumerate(originals)])
    crops, _ = low_frequencies(np.concatenate([originals, copies]))
    expected = {(one, one + 200) for one in range(200)}

    def found():
        return {(candidate.one, candidate.other) for candidate in find_candidates(crops)}

    everything = found()
    assert expected <= {tuple(sorted(pair)) for pair in everything}
    monkeypatch.setattr(similarity, "_MAX_COMPARED", 399)
    monkeypatch.setattr(similarity, "_CELL_SIZE", 40)
    compare, products = similarity._compare, []
    monkeypatch.setattr(similarity, "_compare", lambda *args: products.append(args) or compare(*args))
    compared = found()
    assert compared <= everything
    assert len(expected & {tuple(sorted(pair)) for pair in compared}) >= 190
    assert len(products) == 10
    assert sum(len(rows) for _, _, rows, *_ in products) == 3 * 400
