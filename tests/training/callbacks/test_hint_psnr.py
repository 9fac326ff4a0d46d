import math

import pytest
import skimage.metrics
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from colorgan.color.tensors import to_uint8
from colorgan.errors import ColorganError
from colorgan.inference.torch_colorizer import TorchColorizer
from colorgan.metrics.hinted import hinted_psnr
from colorgan.models.color_spaces import RGB, Lab
from colorgan.models.generators import Generator
from colorgan.models.hints import PixelHints, PointHints
from colorgan.training.callbacks import HintPSNR
from tests.helpers import RandomPhotos


class Follower(Generator):
    """Predicts the hinted colors at the hints, and no color elsewhere."""

    size_multiple = 1

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels)
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, x: Tensor) -> Tensor:
        return x[:, 1:-1] * self.weight


def photos(count: int = 6, size: int = 24) -> Tensor:
    return torch.stack([RandomPhotos(count, size)[number]["rgb"] for number in range(count)]) / 255


def follower(points: PointHints | None = None) -> TorchColorizer:
    return TorchColorizer(Follower(4, 2), Lab(), points or PointHints())


def test_values_match_scikit_image() -> None:
    target, index, points = photos(), torch.arange(6), PointHints(patch_sizes=(3, 3))
    colorizer = follower()
    values = hinted_psnr(colorizer, target, index, [0, 7], points)
    assert values.shape == (6, 2)
    for column, count in enumerate([0, 7]):
        hints = points.validation(Lab().split(target)[1], index, count)
        predicted = to_uint8(colorizer(target, hints))
        for photo in range(6):
            expected = skimage.metrics.peak_signal_noise_ratio(
                (target[photo] * 255).round().byte().numpy(), predicted[photo].detach().numpy()
            )
            assert values[photo, column].item() == pytest.approx(expected, abs=1e-6)


def test_psnr_increases_with_number_of_hints() -> None:
    values = hinted_psnr(follower(), photos(), torch.arange(6), [0, 1, 5, 10, 50, 100], PointHints(patch_sizes=(1, 1)))
    assert (values.mean(0).diff() > 0).all()


def test_values_do_not_depend_on_batch_composition() -> None:
    target, index = photos(), torch.tensor([9, 2, 4, 0, 7, 30])
    together = hinted_psnr(follower(), target, index, [3], PointHints())
    alone = torch.cat(
        [hinted_psnr(follower(), target[n : n + 1], index[n : n + 1], [3], PointHints()) for n in range(6)]
    )
    torch.testing.assert_close(together, alone)


def test_psnr_of_error_free_photo_is_capped() -> None:
    gray = torch.full((1, 3, 8, 8), 100 / 255)
    assert hinted_psnr(follower(), gray, torch.tensor([0]), [0], PointHints()).item() == 100


def hinted_model(tiny_model, **changes):
    return tiny_model(hints=PointHints(), discriminator=None, **changes)


def test_one_metric_is_logged_per_number_of_hints(tiny_model, fit) -> None:
    trainer = fit(
        hinted_model(tiny_model), callbacks=[HintPSNR(counts=(0, 1, 5), patch_size=2, placement="grid")], max_epochs=1
    )
    names = [name for name in trainer.callback_metrics if "psnr_" in name]
    assert sorted(names) == [f"val/psnr_2x2_at_16_hints_{count}" for count in (0, 1, 5)]
    without = trainer.callback_metrics["val/psnr_2x2_at_16_hints_0"]
    assert float(without) == pytest.approx(float(trainer.callback_metrics["val/psnr"]), abs=0.1)


def test_mean_does_not_depend_on_batch_size(tiny_model, fit) -> None:
    model = hinted_model(tiny_model)
    trainer = fit(model, callbacks=[HintPSNR(counts=(4,), patch_size=2, image_size=20)])
    values = [
        trainer.validate(model, DataLoader(RandomPhotos(), batch_size), verbose=False)[0]["val/psnr_2x2_at_20_hints_4"]
        for batch_size in (8, 3)
    ]
    assert values[0] == pytest.approx(values[1], abs=1e-3)


def test_max_photos_and_every_n_epochs_limit_evaluation(tiny_model, fit) -> None:
    seen = []

    class Counting(HintPSNR):
        def compute(self, trainer, pl_module, stage):
            seen.append(len(self._rows))
            super().compute(trainer, pl_module, stage)

    fit(
        hinted_model(tiny_model),
        callbacks=[Counting(counts=(1,), max_photos=5, every_n_epochs=2)],
        max_epochs=4,
        num_sanity_val_steps=1,
    )
    assert seen == [0, 5, 0, 5]  # four epochs; the sanity check is skipped


def test_testing_logs_under_test_prefix(tiny_model, fit) -> None:
    model = hinted_model(tiny_model)
    trainer = fit(model, callbacks=[HintPSNR(counts=(1,))])
    values = trainer.test(model, DataLoader(RandomPhotos(), batch_size=4), verbose=False)
    assert math.isfinite(values[0]["test/psnr_6x6_at_16_hints_1"])


def test_model_without_hints_raises_during_setup(tiny_model, fit) -> None:
    with pytest.raises(
        ColorganError,
        match="requires a model that takes hints, but this one has NoHints: set model.hints to PointHints",
    ):
        fit(tiny_model(), callbacks=[HintPSNR()])


def test_other_hints_and_color_spaces_are_supported(tiny_model, fit) -> None:
    trainer = fit(tiny_model(hints=PixelHints(), color_space=RGB()), callbacks=[HintPSNR(counts=(2,))])
    assert math.isfinite(trainer.callback_metrics["val/psnr_6x6_at_16_hints_2"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"counts": ()}, r"counts must be numbers of hints such as \[0, 1, 10\], but are \[\]"),
        ({"counts": (1, -1)}, r"but are \[1, -1\]"),
        ({"patch_size": 0}, "patch_size must be at least 1, but is 0"),
        ({"placement": "left"}, "'left'"),
        ({"image_size": 0}, "image_size must be at least 1, but is 0"),
        ({"max_photos": 0}, "max_photos must be at least 1"),
        ({"every_n_epochs": 0}, "every_n_epochs must be at least 1"),
    ],
)
def test_invalid_arguments_raise(arguments: dict, message: str) -> None:
    with pytest.raises(ColorganError, match=message):
        HintPSNR(**arguments)
