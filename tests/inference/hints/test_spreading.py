import numpy as np
import pytest
from scipy import ndimage

from colorgan.inference.hints import spreading
from colorgan.inference.hints.spreading import SIDE, clear_cache, membership


def halves() -> np.ndarray:
    """L* of a dark and a light half, with grain."""
    lightness = np.full((SIDE, SIDE + 50), 30, np.float32)
    lightness[:, 105:] = 70
    return lightness + np.random.default_rng(0).normal(scale=1.5, size=lightness.shape).astype(np.float32)


def dot(y: int, x: int, shape: tuple[int, int], radius: float = 3) -> np.ndarray:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return np.hypot(rows - y, columns - x) <= radius


@pytest.mark.parametrize("side", ["left", "right"])
def test_region_of_a_mark_ends_at_an_edge(side: str) -> None:
    lightness = halves()
    is_left = np.arange(lightness.shape[1]) < 105
    own = is_left if side == "left" else ~is_left
    logit = membership(lightness, dot(80, 50 if side == "left" else 160, lightness.shape))
    assert logit.shape == lightness.shape
    assert (logit[:, own] > 0).mean() > 0.95
    assert (logit[:, ~own] > -2).mean() < 0.05


@pytest.mark.parametrize("shape", [(160, 210), (161, 203), (40, 640), (23, 17), (1, 1)])
def test_any_shape(shape: tuple[int, int]) -> None:
    mark = dot(shape[0] // 2, shape[1] // 2, shape)
    logit = membership(np.full(shape, 50, np.float32), mark)
    assert logit.shape == shape
    assert np.isfinite(logit).all()
    assert min(shape) < 16 or logit[mark].min() > 0


def test_results_are_cached_by_photo_and_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    clear_cache()
    runs = []
    session = spreading._session()
    monkeypatch.setattr(spreading, "_session", lambda: runs.append(1) or session)
    lightness, mark = halves(), dot(80, 50, (SIDE, SIDE + 50))
    first = membership(lightness, mark)
    assert np.array_equal(membership(lightness.copy(), mark.copy()), first)
    assert len(runs) == 1
    membership(lightness, dot(81, 50, (SIDE, SIDE + 50)))
    membership(100 - lightness, mark)
    assert len(runs) == 3
    first[:] = 0
    assert membership(lightness, mark).any()


def test_distance_is_that_to_the_nearest_pixel_of_the_mark() -> None:
    mark = dot(30, 40, (160, 240), 5) | dot(120, 200, (160, 240), 9)
    exact = ndimage.distance_transform_edt(~mark)
    distance = spreading._distance(mark.astype(np.float32))
    assert np.abs(distance - exact).max() < 7
    assert np.abs(distance - exact).mean() < 3
    assert (distance[mark] == 0).all()
