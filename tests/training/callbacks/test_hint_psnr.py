import math

import pytest
import skimage.metrics
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from colorgan.color.tensors import to_uint8
from colorgan.errors import ColorganError
from colorgan.inference.colorizer import Colorizer
from colorgan.metrics.hinted import hinted_psnr
from colorgan.models.color_spaces import RGB, Lab
from colorgan.models.generators import Generator
from colorgan.models.hints import PixelHints, PointHints
from colorgan.training.callbacks import HintPSNR
from tests.helpers import RandomPhotos


class Follower(Generator):
    """Predicts the hinted colors where there are hints, and no color elsewhere."""

    size_multiple = 1

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return x[:, 1:-1] * self.weight


def photos(count: int = 6, size: int = 24) -> Tensor:
    return torch.stack([RandomPhotos(count, size)[number]["rgb"] for number in range(count)]) / 255


def follower(points: PointHints | None = None) -> Colorizer:
    return Colorizer(Follower(4, 2), Lab(), points or PointHints())


def test_figures_equal_scikit_image_photo_by_photo() -> None:
    target, index, points = photos(), torch.arange(6), PointHints(sides=(3, 3))
    colorizer = follower()
    figures = hinted_psnr(colorizer, target, index, [0, 7], points)
    assert figures.shape == (6, 2)
    for column, count in enumerate([0, 7]):
        hints = points.validation(Lab().split(target)[1], index, count)
        predicted = to_uint8(colorizer(target, hints))
        for photo in range(6):
            expected = skimage.metrics.peak_signal_noise_ratio(
                (target[photo] * 255).round().byte().numpy(), predicted[photo].detach().numpy()
            )
            assert figures[photo, column].item() == pytest.approx(expected, abs=1e-6)


def test_more_hints_are_better_for_a_model_that_follows_them() -> None:
    figures = hinted_psnr(follower(), photos(), torch.arange(6), [0, 1, 5, 10, 50, 100], PointHints(sides=(1, 1)))
    assert (figures.mean(0).diff() > 0).all()


def test_figures_do_not_depend_on_the_batch() -> None:
    target, index = photos(), torch.tensor([9, 2, 4, 0, 7, 30])
    together = hinted_psnr(follower(), target, index, [3], PointHints())
    alone = torch.cat(
        [hinted_psnr(follower(), target[n : n + 1], index[n : n + 1], [3], PointHints()) for n in range(6)]
    )
    torch.testing.assert_close(together, alone)


def test_a_photo_without_error_does_not_make_the_mean_infinite() -> None:
    gray = torch.full((1, 3, 8, 8), 100 / 255)
    assert hinted_psnr(follower(), gray, torch.tensor([0]), [0], PointHints()).item() == 100


def hinted_model(tiny_model, **changes):
    return tiny_model(hints=PointHints(), discriminator=None, **changes)


def test_validation_logs_one_figure_per_number_of_hints(tiny_model, fit) -> None:
    trainer = fit(hinted_model(tiny_model), callbacks=[HintPSNR(counts=(0, 1, 5), side=2, places="grid")], max_epochs=1)
    names = [name for name in trainer.callback_metrics if "psnr_" in name]
    assert sorted(names) == [f"val/psnr_2x2_at_16_hints_{count}" for count in (0, 1, 5)]
    without = trainer.callback_metrics["val/psnr_2x2_at_16_hints_0"]
    assert float(without) == pytest.approx(float(trainer.callback_metrics["val/psnr"]), abs=0.1)


def test_it_is_the_mean_over_photos_whatever_the_batches(tiny_model, fit) -> None:
    model = hinted_model(tiny_model)
    trainer = fit(model, callbacks=[HintPSNR(counts=(4,), side=2, size=20)])
    figures = [
        trainer.validate(model, DataLoader(RandomPhotos(), batch_size), verbose=False)[0]["val/psnr_2x2_at_20_hints_4"]
        for batch_size in (8, 3)
    ]
    assert figures[0] == pytest.approx(figures[1], abs=1e-3)


def test_it_can_be_limited_to_some_photos_and_epochs(tiny_model, fit) -> None:
    seen = []

    class Counting(HintPSNR):
        def finish(self, trainer, pl_module, stage):
            seen.append(sum(len(rows) for rows in self._rows))
            super().finish(trainer, pl_module, stage)

    fit(
        hinted_model(tiny_model),
        callbacks=[Counting(counts=(1,), photos=5, every_n_epochs=2)],
        max_epochs=4,
        num_sanity_val_steps=1,
    )
    assert seen == [0, 5, 0, 5]  # four epochs; the sanity check is passed over


def test_testing_logs_under_its_own_name(tiny_model, fit) -> None:
    model = hinted_model(tiny_model)
    trainer = fit(model, callbacks=[HintPSNR(counts=(1,))])
    figures = trainer.test(model, DataLoader(RandomPhotos(), batch_size=4), verbose=False)
    assert math.isfinite(figures[0]["test/psnr_6x6_at_16_hints_1"])


def test_a_model_without_hints_is_refused_before_any_work(tiny_model, fit) -> None:
    with pytest.raises(ColorganError, match="follow hints, but this one has NoHints: set model.hints to PointHints"):
        fit(tiny_model(), callbacks=[HintPSNR()])


def test_models_with_other_hints_and_colors_are_measured(tiny_model, fit) -> None:
    trainer = fit(tiny_model(hints=PixelHints(), color_space=RGB()), callbacks=[HintPSNR(counts=(2,))])
    assert math.isfinite(trainer.callback_metrics["val/psnr_6x6_at_16_hints_2"])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"counts": ()}, r"counts must be numbers of hints such as \[0, 1, 10\], but are \[\]"),
        ({"counts": (1, -1)}, r"but are \[1, -1\]"),
        ({"side": 0}, r"sides .*\(0, 0\)"),
        ({"places": "left"}, "'left'"),
        ({"size": 0}, "size must be at least 1, but is 0"),
        ({"photos": 0}, "photos must be at least 1"),
        ({"every_n_epochs": 0}, "every_n_epochs must be at least 1"),
    ],
)
def test_bad_arguments_are_named(arguments: dict, words: str) -> None:
    with pytest.raises(ColorganError, match=words):
        HintPSNR(**arguments)
