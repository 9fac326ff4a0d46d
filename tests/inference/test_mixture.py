from pathlib import Path

import numpy as np
import pytest
from skimage.transform import resize

from colorgan.color.cielab import FloatArray
from colorgan.errors import CheckpointError, ColorganError
from colorgan.inference import MixedColorizer, OnnxContract, PhotoColorizer, open_models
from colorgan.inference.full_size import ChromaPrediction, chroma_at
from colorgan.inference.hints import ColorHint
from colorgan.inference.small_image import downscale
from tests.helpers import Painter, picture

PHOTO = np.asarray(picture(3, 60, 90).convert("L"))


class Flat(PhotoColorizer):
    """Colors everything alike, at its own size, and notes what it was asked."""

    def __init__(self, a: float, b: float, size: int = 24, takes_hints: bool = False) -> None:
        self.color = np.array([a, b], np.float32).reshape(1, 2, 1, 1)
        self._size, self._takes_hints = size, takes_hints
        self.calls: list[tuple[tuple[int, ...], bool]] = []

    @property
    def size(self) -> int:
        return self._size

    @property
    def takes_hints(self) -> bool:
        return self._takes_hints

    def run_network(self, rgb: FloatArray, hints: FloatArray | None = None) -> FloatArray:
        self.calls.append((rgb.shape, hints is not None))
        return np.broadcast_to(self.color, (len(rgb), 2, *rgb.shape[2:])).copy()


def test_mean_is_weighted_and_each_model_sees_its_own_size() -> None:
    small, large = Flat(10, -20, size=16), Flat(30, 40, size=32)
    mixed = MixedColorizer([small, large], [3, 1])
    assert mixed.weights == (0.75, 0.25)
    assert mixed.size == 32
    (prediction,) = mixed.predict_chroma([PHOTO])
    assert small.calls == [((1, 3, 16, 24), False)]
    assert large.calls == [((1, 3, 32, 48), False)]
    assert prediction.small.shape == (32, 48, 3)
    np.testing.assert_allclose(prediction.ab[0], 15, atol=1e-4)
    np.testing.assert_allclose(prediction.ab[1], -5, atol=1e-4)
    assert mixed.run_network(np.zeros((2, 3, 8, 8), np.float32))[:, 0] == pytest.approx(15)


def test_a_given_size_holds_for_all_models() -> None:
    models = [Flat(1, 1, size=16), Flat(2, 2, size=32)]
    MixedColorizer(models).predict_chroma([PHOTO, PHOTO[:40]], size=20)
    assert [shape for model in models for shape, _ in model.calls] == [(1, 3, 20, 30), (1, 3, 20, 45)] * 2


def test_model_without_weight_is_not_run() -> None:
    first, second = Flat(10, 0, size=16), Flat(50, 0, size=32)
    (prediction,) = MixedColorizer([first, second], [1, 0]).predict_chroma([PHOTO])
    assert not second.calls
    assert prediction.small.shape == (16, 24, 3)
    np.testing.assert_array_equal(prediction.ab, first.predict_chroma([PHOTO])[0].ab)


def test_hints_go_to_the_models_that_take_them() -> None:
    plain, hinted = Flat(0, 0), Flat(0, 0, takes_hints=True)
    mixed = MixedColorizer([plain, hinted])
    assert mixed.takes_hints
    mixed.predict_chroma([PHOTO], hints=[[ColorHint(30, 30, "red", 8, reach=0)]])
    assert [used for _, used in plain.calls + hinted.calls] == [False, True]
    assert not MixedColorizer([plain, plain]).takes_hints


def test_mix_of_one_model_with_itself_is_the_model() -> None:
    painter = Painter()
    expected = painter.colorize(PHOTO, hints=[ColorHint(30, 30, "red", 8, reach=0)])
    mixed = MixedColorizer([painter, Painter()], [1, 2]).colorize(PHOTO, hints=[ColorHint(30, 30, "red", 8, reach=0)])
    assert np.abs(mixed.astype(int) - expected).max() <= 1


def test_chroma_at_another_size_keeps_edges() -> None:
    """Against plain interpolation, whose colors bleed over the edge of a dark and a light half."""
    photo = np.full((64, 64, 3), 60, np.uint8)
    photo[:, 33:] = 200
    truth = np.where(np.arange(64) < 33, -30, 40).astype(np.float32) * np.ones((2, 64, 1), np.float32)
    small_ab = np.stack([resize(plane, (16, 16), order=1, anti_aliasing=True) for plane in truth]).astype(np.float32)
    upsampled = chroma_at(ChromaPrediction(downscale(photo, (16, 16)), small_ab), photo)
    plain = np.stack([resize(plane, (64, 64), order=1) for plane in small_ab])
    assert np.abs(upsampled - truth).mean() < 0.6 * np.abs(plain - truth).mean()


@pytest.mark.parametrize("weights", [[1], [1, 1, 1], [0, 0], [-1, 2], [float("nan"), 1], [float("inf"), 1]])
def test_unusable_weights_are_refused(weights: list[float]) -> None:
    message = r"^mix must have one weight per model \(2\), not negative and not all 0, or the share of the second one;"
    with pytest.raises(ColorganError, match=message):
        MixedColorizer([Flat(0, 0), Flat(1, 1)], weights)


def test_models_are_opened_and_mixed(model_folder: Path) -> None:
    mixed = open_models([model_folder, model_folder], [0.25])
    assert isinstance(mixed, MixedColorizer)
    assert mixed.weights == (0.75, 0.25)
    assert open_models([model_folder] * 3, [1, 1, 2]).weights == (0.25, 0.25, 0.5)  # type: ignore[attr-defined]
    assert open_models([model_folder] * 2).weights == (0.5, 0.5)  # type: ignore[attr-defined]
    assert not isinstance(open_models([model_folder]), MixedColorizer)


def test_unusable_mixes_are_refused(model_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ColorganError, match="^a mix needs several models; name another one, or leave the mix out$"):
        open_models([model_folder], [0.5])
    with pytest.raises(ColorganError, match=r"^the share of the second model must be between 0 and 1, received 1.5$"):
        open_models([model_folder, model_folder], [1.5])
    with pytest.raises(ColorganError, match=r"one weight per model \(3\), not negative and not all 0; rec"):
        open_models([tmp_path / "none", model_folder, model_folder], [0.5])
    with pytest.raises(ColorganError, match=r"^none of the models is an .onnx file of another program; leave out"):
        open_models([model_folder], contract=OnnxContract(0, 1))
    with pytest.raises(CheckpointError, match="none.ckpt"):
        open_models([model_folder, tmp_path / "none.ckpt"])
    with pytest.raises(ColorganError, match="^a mix needs at least one model$"):
        MixedColorizer([])
