"""The metrics of a report and their descriptions."""

from colorgan.evaluation.metric import Metric

PSNR = Metric(
    "psnr", "PSNR", "peak signal-to-noise ratio over R, G and B in dB, averaged over the photos", better="higher"
)
SSIM = Metric(
    "ssim",
    "SSIM",
    "structural similarity with a Gaussian window of 11 x 11 pixels (standard deviation 1.5), averaged over R, G and B",
    better="higher",
    digits=4,
)
LPIPS = Metric("lpips", "LPIPS", "learned perceptual distance, AlexNet, version 0.1, at the measured size", digits=4)
CIEDE2000 = Metric("ciede2000", "ΔE₀₀", "CIEDE2000 color difference, averaged over the pixels; 1 is just noticeable")
AB_ERROR = Metric("ab_error", "ab MAE", "mean absolute error of a and b in CIE Lab")
MARGIN_ACCURACY = Metric(
    "margin_accuracy",
    "margin accuracy",
    "fraction of pixels whose R, G and B are all within the margin",
    better="higher",
    digits=4,
)
CF = Metric(
    "cf",
    "CF",
    "colorfulness as the colorization literature computes it, with absolute values of the opponent channels",
    better=None,
)
CF_SIGNED = Metric("cf_signed", "CF signed", "colorfulness as Hasler and Süsstrunk define it", better=None)
PER_PHOTO = (PSNR, SSIM, LPIPS, CIEDE2000, AB_ERROR, MARGIN_ACCURACY, CF, CF_SIGNED)

DELTA_CF = Metric("delta_cf", "ΔCF", "|mean CF of the images - mean CF of the reference|, as in the literature")
DELTA_CF_SIGNED = Metric("delta_cf_signed", "ΔCF signed", "ΔCF of the signed colorfulness")
DELTA_CF_PAIRED = Metric(
    "delta_cf_paired", "ΔCF paired", "mean of |CF of an image - CF of its photo|; errors do not cancel"
)


def frechet_metric(key: str, features: str) -> Metric:
    """The Fréchet distance on the features of an extractor, which also determines the key."""
    title = {"fid": "FID", "fid_clean": "clean-FID"}.get(key, f"FD {features}")
    return Metric(key, title, f"Fréchet distance to the reference photos of the same files, {features} features")


def disjoint_metric(paired: Metric) -> Metric:
    """The Fréchet distance to the reference photos of other files."""
    description = "the same from one half of the files to the reference photos of the other half, in both directions"
    return Metric(f"{paired.key}_disjoint", f"{paired.title} disjoint", description, ranked=False)


def kernel_metric(paired: Metric) -> Metric:
    """The kernel distance on the features of a Fréchet distance."""
    names = {"fid": ("kid", "KID"), "fid_clean": ("kid_clean", "clean-KID")}
    key, title = names.get(paired.key, (paired.key.replace("fd_", "kd_", 1), paired.title.replace("FD", "KD", 1)))
    description = "kernel distance on the same features times 1,000, mean and standard deviation over random subsets"
    return Metric(key, title, description, ranked=False)
