"""The table of metrics: what every entry must be, and what is found by key."""

import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from colorgan import metrics
from colorgan.color.difference import tint
from colorgan.errors import ColorganError
from colorgan.metrics.metric import HEADINGS, Metric, PhotoBatch
from colorgan.metrics.registry import (
    METRICS,
    disjoint_metric,
    find_metric,
    frechet_metric,
    hint_psnr_metric,
    kernel_metric,
    photo_metrics,
)
from tests.helpers import photos, recolored

BATCH = PhotoBatch(photos(3, seed=1, size=32))


@pytest.mark.parametrize("key", METRICS)
def test_entries_are_consistent(key: str) -> None:
    metric = METRICS[key]
    assert metric.key == key == key.lower()
    assert metric.title
    assert metric.group in (*HEADINGS, "training")
    assert metric.description or metric.group == "training"
    assert not metric.headline  # a report leads with a distance
    if metric.function is not None:
        assert metric.group != "training"  # it would have no table in a report


@pytest.mark.parametrize("metric", photo_metrics(), ids=lambda metric: metric.key)
def test_functions_return_one_value_per_photo_that_depends_on_no_other_photo(metric: Metric) -> None:
    images = PhotoBatch(recolored(BATCH.rgb, 40))
    values = metric.measure(images, BATCH)
    assert values.shape == (3,)
    assert values.isfinite().all()
    alone = [metric.measure(PhotoBatch(images.rgb[n : n + 1]), PhotoBatch(BATCH.rgb[n : n + 1])) for n in range(3)]
    torch.testing.assert_close(values, torch.cat(alone))
    as_float = metric.measure(PhotoBatch(images.rgb / 255), PhotoBatch(BATCH.rgb / 255))
    torch.testing.assert_close(values, as_float, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("metric", photo_metrics(), ids=lambda metric: metric.key)
def test_functions_take_photos_of_the_smallest_size(metric: Metric) -> None:
    smallest = PhotoBatch(BATCH.rgb[..., : metric.min_size, : metric.min_size])
    assert metric.measure(smallest, smallest).shape == (3,)
    if metric.min_size > 1:
        smaller = BATCH.rgb[..., : metric.min_size - 1]
        with pytest.raises(ColorganError, match=f"at least {metric.min_size} x {metric.min_size} pixels"):
            replace(metric, min_size=1).measure(PhotoBatch(smaller), PhotoBatch(smaller))


@pytest.mark.parametrize("metric", photo_metrics(), ids=lambda metric: metric.key)
def test_directions_are_right(metric: Metric) -> None:
    if metric.better is None:
        pytest.skip("no direction")
    near, far = (metric.measure(PhotoBatch(recolored(BATCH.rgb, shift)), BATCH).mean() for shift in (10, 80))
    assert (near > far) == metric.higher_is_better
    assert near != far


def test_reading_the_table_does_not_import_torch() -> None:
    code = "import sys; from colorgan.metrics import find_metric; find_metric('psnr'); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", sorted({*metrics.__all__}))
def test_public_names_can_be_imported(name: str) -> None:
    assert getattr(metrics, name) is not None
    assert name in dir(metrics)


def test_lab_is_computed_once_and_only_for_metrics_in_lab(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr("colorgan.color.tensors.to_lab", lambda rgb: (calls.append(1), rgb.double())[1])
    one, two = PhotoBatch(BATCH.rgb), PhotoBatch(BATCH.rgb)
    METRICS["psnr"].measure(one, two)
    assert not calls
    for key in ("ab_error", "tint", "ciede2000"):
        METRICS[key].measure(one, two)
    assert len(calls) == 2


def test_tint_is_the_distance_between_mean_colors() -> None:
    shifted = BATCH.lab.clone()
    shifted[:, 1] += 3
    shifted[:, 2] -= 4
    torch.testing.assert_close(tint(shifted, BATCH.lab), torch.full((3,), 5.0, dtype=BATCH.lab.dtype))


def test_functions_of_photos_can_be_replaced_and_supplied() -> None:
    available = [metric.key for metric in photo_metrics()]
    assert "lpips" not in available  # it needs a network
    with_network = {m.key: m for m in photo_metrics({"lpips": lambda one, two: torch.ones(len(one))})}
    assert [*with_network][:3] == ["psnr", "ssim", "lpips"]  # in the order of the table
    assert with_network["lpips"].measure(BATCH, BATCH).tolist() == [1, 1, 1]


def test_metrics_without_a_function_and_small_photos_raise() -> None:
    with pytest.raises(ColorganError, match=r"LPIPS \(lpips\) cannot be computed from photos alone"):
        METRICS["lpips"].measure(BATCH, BATCH)
    small = PhotoBatch(BATCH.rgb[..., :8])
    with pytest.raises(ColorganError, match=r"SSIM \(ssim\) needs photos of at least 11 x 11 pixels, received 32 x 8"):
        METRICS["ssim"].measure(small, small)


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("fid", "FID"),
        ("fid_disjoint", "FID disjoint"),
        ("fid_clean", "clean-FID"),
        ("kid", "KID"),
        ("kid_clean", "clean-KID"),
        ("fd_efficientnet_lite0", "FD efficientnet-lite0"),
        ("fd_efficientnet_lite2", "FD efficientnet-lite2"),
        ("fd_efficientnet_lite0_disjoint", "FD efficientnet-lite0 disjoint"),
        ("kd_efficientnet_lite0", "KD efficientnet-lite0"),
    ],
)
def test_distances_are_found_by_key(key: str, title: str) -> None:
    metric = find_metric(key)
    assert metric is not None
    assert (metric.key, metric.title, metric.group, metric.better) == (key, title, "distance", "lower")
    assert metric.headline == (key in {"fid", "fid_clean", "fd_efficientnet_lite0", "fd_efficientnet_lite2"})
    assert metric.spread == key.startswith("k")


def test_families_are_those_of_their_extractor() -> None:
    paired = frechet_metric("fd_efficientnet_lite0", "efficientnet-lite0")
    for metric in (paired, disjoint_metric(paired), kernel_metric(paired)):
        assert find_metric(metric.key) == metric
    assert paired.ranked
    assert not disjoint_metric(paired).ranked
    assert find_metric("kd_efficientnet_lite0_disjoint") is None


def test_psnr_with_hints_is_found_by_key() -> None:
    metric = hint_psnr_metric(6, "320x240", 10)
    assert find_metric(metric.key) == metric
    assert metric.label == "PSNR, 10 hints, dB"
    assert find_metric("psnr_6x5_at_256_hints_1") is None  # hints are square


def test_names_and_directions_for_display() -> None:
    metric = Metric("speed", "speed", better="higher", unit="px/s")
    assert (metric.label, metric.arrow, metric.direction) == ("speed, px/s", "↑", "higher is better")
    neither = replace(metric, better=None, unit="")
    assert (neither.label, neither.arrow, neither.direction) == ("speed", "", "")
