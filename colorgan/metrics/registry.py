"""The metrics: one table that the training log, evaluation reports, benchmarks and model cards share.

An entry of :data:`METRICS` names a metric and says how to compute and to show it. Metrics whose names depend on a
feature extractor or a protocol are made by functions; :func:`find_metric` finds both by key. Reading the table does not
import torch, which is why its functions are named ``"module:function"``.
"""

import re
from collections.abc import Mapping
from dataclasses import replace

from colorgan.metrics.metric import Metric, PhotoFunction

JUDGE = "efficientnet-lite2"
"""The features of the Fréchet distance in reports and benchmarks: those of a network that teaches no model."""

_ENTRIES = (
    Metric(
        "delta_cf",
        "ΔCF",
        "|mean CF of the images - mean CF of the reference|, as in the literature",
        group="colorfulness",
        card=False,
    ),
    Metric(
        "delta_cf_paired",
        "ΔCF paired",
        "mean of |CF of an image - CF of its photo|; errors do not cancel",
        group="colorfulness",
    ),
    Metric("delta_cf_signed", "ΔCF signed", "ΔCF of the signed colorfulness", group="colorfulness", card=False),
    Metric(
        "psnr",
        "PSNR",
        "peak signal-to-noise ratio over R, G and B in dB, averaged over the photos",
        better="higher",
        unit="dB",
        function="colorgan.metrics.pixels:psnr",
        gallery=True,
        logged=False,  # by the model itself
    ),
    Metric(
        "ssim",
        "SSIM",
        "structural similarity with a Gaussian window of 11 x 11 pixels (standard deviation 1.5), averaged over R, G "
        "and B",
        better="higher",
        digits=4,
        function="colorgan.metrics.pixels:ssim",
        min_size=11,
        gallery=True,
        logged=False,
    ),
    Metric(
        "lpips",
        "LPIPS",
        "learned perceptual distance, AlexNet, version 0.1, at the measured size",
        digits=4,
        gallery=True,
        min_size=32,  # its function is a network, colorgan.metrics.LPIPS, if there are weights
    ),
    Metric(
        "ciede2000",
        "ΔE₀₀",
        "CIEDE2000 color difference, averaged over the pixels; 1 is just noticeable",
        function="colorgan.metrics.pixels:mean_ciede2000",
        gallery=True,
        lab=True,
        logged=False,
    ),
    Metric(
        "ab_error",
        "ab MAE",
        "mean absolute error of a and b in CIE Lab",
        function="colorgan.color.difference:ab_error",
        lab=True,
    ),
    Metric(
        "tint",
        "tint",
        "color cast: distance between the mean a and b of an image and those of its photo, in CIE Lab",
        function="colorgan.color.difference:tint",
        lab=True,
    ),
    Metric(
        "margin_accuracy",
        "margin accuracy",
        "fraction of pixels whose R, G and B are all within the margin",
        better="higher",
        digits=4,
        function="colorgan.metrics.pixels:margin_accuracy",
    ),
    Metric(
        "colorfulness",
        "CF",
        "colorfulness as the colorization literature computes it, with absolute values of the opponent channels",
        better=None,
        group="colorfulness",
        function="colorgan.metrics.pixels:predicted_colorfulness",
        card=False,
    ),
    Metric(
        "colorfulness_signed",
        "CF signed",
        "colorfulness as Hasler and Süsstrunk define it",
        better=None,
        group="colorfulness",
        function="colorgan.metrics.pixels:predicted_colorfulness_signed",
        logged=False,
        card=False,
    ),
    Metric("l1", "L1", "mean absolute error of the color channels, which span [-1, 1]", digits=4, group="training"),
    Metric("adversarial", "adversarial loss", "adversarial loss of the generator", digits=4, group="training"),
    Metric(
        "discriminator_accuracy",
        "discriminator accuracy",
        "fraction of the discriminator's scores of photos, real and colorized, that are right",
        better=None,
        digits=3,
        group="training",
    ),
    Metric("seconds", "training time", "seconds of training", better=None, digits=0, unit="s", group="training"),
    Metric("seconds_per_step", "time per step", "mean time per batch", digits=3, unit="s", group="training"),
    Metric("generator_parameters", "generator parameters", better=None, digits=0, group="training"),
    Metric(
        "discriminator_ratio",
        "parameters, discriminator / generator",
        "the discriminator's number of parameters divided by the generator's",
        better=None,
        group="training",
    ),
    Metric("mse", "MSE", "squared error of the mean color, where a channel's range is 1", digits=6, group="training"),
    Metric(
        "mse_constant", "MSE, constant color", "the same of the photos' mean", better=None, digits=6, group="training"
    ),
)
METRICS: dict[str, Metric] = {metric.key: metric for metric in _ENTRIES}
"""All metrics with a fixed name, by key, in the order of reports."""


def photo_metrics(functions: Mapping[str, PhotoFunction] | None = None) -> list[Metric]:
    """The metrics that are functions of photos.

    Args:
        functions: by key, functions that replace those of the table, because they have other settings or need a
            network, such as that of LPIPS.

    Example:
        >>> [metric.title for metric in photo_metrics() if metric.unit == "dB"]
        ['PSNR']
    """
    functions = functions or {}
    configured = [replace(metric, function=functions.get(key, metric.function)) for key, metric in METRICS.items()]
    return [metric for metric in configured if metric.function is not None]


def frechet_metric(key: str, features: str) -> Metric:
    """The Fréchet distance on the features of an extractor, which also determines the key."""
    title = {"fid": "FID", "fid_clean": "clean-FID"}.get(key, f"FD {features}")
    description = f"Fréchet distance to the reference photos of the same files, {features} features"
    return Metric(key, title, description, group="distance", headline=True)


def disjoint_metric(paired: Metric) -> Metric:
    """The Fréchet distance to the reference photos of other files."""
    description = "the same from one half of the files to the reference photos of the other half, in both directions"
    return Metric(
        f"{paired.key}_disjoint", f"{paired.title} disjoint", description, group="distance", ranked=False, card=False
    )


def kernel_metric(paired: Metric) -> Metric:
    """The kernel distance on the features of a Fréchet distance."""
    names = {"fid": ("kid", "KID"), "fid_clean": ("kid_clean", "clean-KID")}
    key, title = names.get(paired.key, (paired.key.replace("fd_", "kd_", 1), paired.title.replace("FD", "KD", 1)))
    description = "kernel distance on the same features times 1,000, mean and standard deviation over random subsets"
    return Metric(key, title, description, group="distance", ranked=False, spread=True)


def hint_psnr_metric(patch_size: int, size: str, count: int) -> Metric:
    """The PSNR with color hints.

    Args:
        patch_size: side of a hint in pixels.
        size: size of the photos, such as ``256`` or ``320x240``.
        count: number of hints.

    Example:
        >>> hint_psnr_metric(6, "256", 10).key
        'psnr_6x6_at_256_hints_10'
    """
    return Metric(
        f"psnr_{patch_size}x{patch_size}_at_{size}_hints_{count}",
        f"PSNR, {count} hints",
        f"PSNR in dB with {count} hints of {patch_size} x {patch_size} pixels, at {size} pixels",
        better="higher",
        unit="dB",
        group="training",
    )


def hint_l1_metric(count: int) -> Metric:
    """The L1 with color hints of the kind that the model was trained with.

    Args:
        count: number of hints.

    Example:
        >>> hint_l1_metric(10).key
        'l1_hints_10'
    """
    return replace(
        METRICS["l1"],
        key=f"l1_hints_{count}",
        title=f"L1, {count} hints",
        description=f"mean absolute error of the color channels with {count} hints",
    )


def find_metric(key: str) -> Metric | None:
    """Finds a metric by its key, including those whose names depend on a feature extractor or a protocol.

    Args:
        key: without ``val/`` or ``test/``.

    Returns:
        The metric, or ``None`` if there is none of this name.

    Example:
        >>> find_metric("kd_efficientnet_lite0").title, find_metric("fid_clean_disjoint").title
        ('KD efficientnet-lite0', 'clean-FID disjoint')
        >>> find_metric("psnr_2x2_at_224_hints_1").better, find_metric("beauty")
        ('higher', None)
    """
    if key in METRICS:
        return METRICS[key]
    if hints := re.fullmatch(r"psnr_(\d+)x\1_at_(\d+(?:x\d+)?)_hints_(\d+)", key):
        return hint_psnr_metric(int(hints[1]), hints[2], int(hints[3]))
    if hints := re.fullmatch(r"l1_hints_(\d+)", key):
        return hint_l1_metric(int(hints[1]))
    if distance := re.fullmatch(r"(?P<kind>f|k)(?P<features>id|id_clean|d_\w+?)(?P<disjoint>_disjoint)?", key):
        features = distance["features"].removeprefix("d_").replace("_", "-")
        paired = frechet_metric(f"f{distance['features']}", features)
        if distance["kind"] == "k":
            return None if distance["disjoint"] else kernel_metric(paired)
        return disjoint_metric(paired) if distance["disjoint"] else paired
    return None
