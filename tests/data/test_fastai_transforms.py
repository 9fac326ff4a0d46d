"""fastai's augmentation, compared with torchvision's functions and with fastai's formulas."""

import math

import numpy as np
import pytest
import torch
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as tv

from colorgan.data import FastaiTransforms
from colorgan.data.augmentation import Augmentation
from colorgan.errors import ColorganError
from tests.helpers import photo_of

PHOTO = torch.from_numpy(photo_of(1, 32, 32).copy()).permute(2, 0, 1)
OFF = {"do_flip": False, "max_rotate": 0.0, "max_zoom": 1.0, "max_warp": 0.0, "max_lighting": 0.0}
INSIDE = (slice(None), slice(8, -8), slice(8, -8))
"""Pixels that no border can reach."""


def draws(monkeypatch: pytest.MonkeyPatch, *numbers: float) -> None:
    """The next numbers of torch.rand."""
    queue = list(numbers)
    monkeypatch.setattr(torch, "rand", lambda *_: torch.tensor(queue.pop(0)))


def close(one: torch.Tensor, two: torch.Tensor, tolerance: float) -> bool:
    return bool((one.float() - two.float()).abs().mean() < tolerance)


def test_nothing_is_changed_if_everything_is_off() -> None:
    assert torch.equal(FastaiTransforms(**OFF)(PHOTO), PHOTO)


def test_flip_mirrors_left_and_right(monkeypatch: pytest.MonkeyPatch) -> None:
    draws(monkeypatch, 0.4)
    assert torch.equal(FastaiTransforms(**{**OFF, "do_flip": True})(PHOTO), PHOTO.flip(2))


def test_rotation_is_that_of_torchvision(monkeypatch: pytest.MonkeyPatch) -> None:
    draws(monkeypatch, 0.0, 1.0)  # it happens, and by the largest angle
    rotated = FastaiTransforms(**{**OFF, "max_rotate": 10.0})(PHOTO)
    expected = tv.rotate(PHOTO, 10.0, interpolation=v2.InterpolationMode.BILINEAR)
    opposite = tv.rotate(PHOTO, -10.0, interpolation=v2.InterpolationMode.BILINEAR)
    assert close(rotated[INSIDE], expected[INSIDE], 1.0)
    assert not close(rotated[INSIDE], opposite[INSIDE], 5.0)


def test_zoom_enlarges_around_a_point(monkeypatch: pytest.MonkeyPatch) -> None:
    draws(monkeypatch, 0.0, 1.0, 0.0, 0.0)  # twice as large, the upper left quarter
    zoomed = FastaiTransforms(**{**OFF, "max_zoom": 2.0})(PHOTO)
    expected = tv.resize(PHOTO[:, :16, :16], [32, 32], antialias=False)
    assert close(zoomed[INSIDE], expected[INSIDE], 1.0)


def test_warp_moves_the_corners_as_fastai_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """The left corners move out by 0.2 of half a side: the result shows them nearer to the middle."""
    draws(monkeypatch, 0.0, 0.5, 1.0, 0.5, 0.5)
    warped = FastaiTransforms(**{**OFF, "max_warp": 0.2})(PHOTO)
    side, shift = 32, 0.2 * 16
    start = [[0, 0], [side, 0], [side, side], [0, side]]
    read = [[0, -shift], [side, 0], [side, side], [0, side + shift]]
    expected = tv.perspective(PHOTO, read, start, interpolation=v2.InterpolationMode.BILINEAR)
    assert close(warped[INSIDE], expected[INSIDE], 3.0)
    assert not close(warped[INSIDE], PHOTO[INSIDE], 5.0)


@pytest.mark.parametrize(("drawn", "shift", "factor"), [(1.0, 0.6, 0.8), (0.0, 0.4, 1.25)])
def test_lighting_is_that_of_fastai(monkeypatch: pytest.MonkeyPatch, drawn: float, shift: float, factor: float) -> None:
    """sigmoid((logit(x) + logit(change)) * scale), with change and scale at the ends of their ranges."""
    draws(monkeypatch, 0.0, drawn, 0.0, 1 - drawn)
    lit = FastaiTransforms(**{**OFF, "max_lighting": 0.2})(PHOTO)
    x = np.clip(PHOTO.numpy() / 255.0, 1e-7, 1 - 1e-7)
    logit = (np.log(x / (1 - x)) + math.log(shift / (1 - shift))) * factor
    expected = np.round(255 / (1 + np.exp(-logit)))
    assert np.abs(lit.numpy() - expected).max() <= 1


def test_probabilities_are_those_of_each_change(monkeypatch: pytest.MonkeyPatch) -> None:
    draws(monkeypatch, *[0.76] * 6)  # one number for each of the changes, none of which happens
    assert torch.equal(FastaiTransforms()(PHOTO), PHOTO)


def test_it_is_a_training_transform_that_depends_on_the_generator_alone() -> None:
    augment = Augmentation([FastaiTransforms()])
    photo = photo_of(2, 24, 24)
    first, again, other = (augment(photo, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert first.shape == photo.shape
    assert first.dtype == np.uint8
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("argument", [{"max_lighting": 1.0}, {"p_affine": 1.5}, {"max_zoom": 0.5}, {"max_warp": -0.1}])
def test_arguments_out_of_range_are_named(argument: dict[str, float]) -> None:
    name, value = next(iter(argument.items()))
    with pytest.raises(ColorganError, match=f"{name} of FastaiTransforms must be .*; received {value}"):
        FastaiTransforms(**argument)  # type: ignore[arg-type]
