"""The figures of a report: what they are called, what they mean, and which way is better."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Metric:
    """A figure.

    Args:
        key: its name in ``metrics.json``.
        title: its name in tables.
        meaning: a sentence.
        better: which way is better; ``None`` if neither is by itself.
        digits: decimals to show.
        per_photo: whether every photo has one, the figure being their mean.
        ranked: whether it has a confidence interval, by which systems can be told apart.
    """

    key: str
    title: str
    meaning: str
    better: Literal["lower", "higher"] | None
    digits: int = 2
    per_photo: bool = True
    ranked: bool = True

    @property
    def arrow(self) -> str:
        """Which way is better, as a sign."""
        return {"lower": "↓", "higher": "↑", None: ""}[self.better]


PSNR = Metric("psnr", "PSNR", "peak signal-to-noise ratio over R, G and B, in dB; mean of the photos'", "higher")
SSIM = Metric(
    "ssim", "SSIM", "structural similarity, Gaussian window 11 x 11 with deviation 1.5, mean of R, G and B", "higher", 4
)
LPIPS = Metric("lpips", "LPIPS", "learned perceptual distance, AlexNet, version 0.1, at the measured size", "lower", 4)
CIEDE2000 = Metric("ciede2000", "ΔE₀₀", "CIEDE2000 color difference, mean over pixels; 1 is just noticeable", "lower")
AB_ERROR = Metric("ab_error", "ab MAE", "mean absolute error of a and b in CIE Lab", "lower")
MARGIN = Metric(
    "margin_accuracy", "within margin", "share of pixels whose R, G and B all lie in the margin", "higher", 4
)
CF = Metric("cf", "CF", "colorfulness as the colorization literature computes it, with absolute opponents", None)
CF_SIGNED = Metric("cf_signed", "CF signed", "colorfulness as Hasler and Süsstrunk define it", None)
PER_PHOTO = (PSNR, SSIM, LPIPS, CIEDE2000, AB_ERROR, MARGIN, CF, CF_SIGNED)

DELTA_CF = Metric(
    "delta_cf", "ΔCF", "|mean CF of the pictures - mean CF of the reference|, as in the literature", "lower", 2, False
)
DELTA_CF_SIGNED = Metric("delta_cf_signed", "ΔCF signed", "the same of the signed colorfulness", "lower", 2, False)
DELTA_CF_PAIRED = Metric(
    "delta_cf_paired", "ΔCF paired", "mean of |CF of a picture - CF of its photo|; errors do not cancel", "lower"
)


def distance(metric: str, features: str) -> Metric:
    """The Fréchet distance on some features, under the name that their extractor gives it."""
    titles = {"fid": "FID", "fid_clean": "clean-FID"}
    title = titles.get(metric, f"FD {features}")
    return Metric(
        metric, title, f"Fréchet distance to the reference of the same files, features {features}", "lower", 2, False
    )


def disjoint(paired: Metric) -> Metric:
    """The Fréchet distance to the reference of other files."""
    meaning = "the same, pictures of one half of the files to the reference of the other half, mean of both ways"
    return Metric(f"{paired.key}_disjoint", f"{paired.title} disjoint", meaning, "lower", 2, False, ranked=False)


def kernel(paired: Metric) -> Metric:
    """The kernel distance on the same features."""
    titles = {"fid": ("kid", "KID"), "fid_clean": ("kid_clean", "clean-KID")}
    key, title = titles.get(paired.key, (paired.key.replace("fd_", "kd_", 1), paired.title.replace("FD", "KD", 1)))
    meaning = "kernel distance on the same features, mean and deviation over random subsets; times 1,000"
    return Metric(key, title, meaning, "lower", 2, False, ranked=False)
