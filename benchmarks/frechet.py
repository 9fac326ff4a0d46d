"""Times the Fréchet distance between two sets of features: torchmetrics against the exact low-rank form, in turns.

torchmetrics keeps the mean and the covariance of 2,048 dimensions and takes the eigenvalues of a product of
covariances; colorgan takes the nuclear norm of the product of the centered features, which is exact with fewer photos
than dimensions. Both compute in float64 from the same features. The script also prints how far both are from SciPy's
matrix square root.

    python benchmarks/frechet.py
"""

import argparse

import numpy as np
import scipy.linalg
import torch
from side_by_side import in_turns, report
from torchmetrics.image.fid import FrechetInceptionDistance

from colorgan.metrics.frechet import frechet_distance


class Features(torch.nn.Module):
    """Takes features as photos, so that torchmetrics computes only the distance."""

    def __init__(self, dimensions: int) -> None:
        super().__init__()
        self.num_features = dimensions

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Returns the features unchanged."""
        return features


def square_root_form(first: torch.Tensor, second: torch.Tensor) -> float:
    """The definition, with SciPy's matrix square root."""
    one, two = first.numpy(), second.numpy()
    covariances = np.cov(one, rowvar=False), np.cov(two, rowvar=False)
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1])
    shift = np.square(one.mean(0) - two.mean(0)).sum()
    return float(shift + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * np.trace(root).real)


def main() -> None:
    """Compares both forms."""
    parser = argparse.ArgumentParser(description="Time two forms of the Fréchet distance.")
    parser.add_argument("--photos", type=int, default=960, help="vectors per set")
    parser.add_argument("--dimensions", type=int, default=2048, help="dimensions of a vector")
    parser.add_argument("--turns", type=int, default=3, help="measured runs of each form")
    options = parser.parse_args()
    random = torch.Generator().manual_seed(0)
    shape = (options.photos, options.dimensions)
    first = torch.randn(shape, generator=random, dtype=torch.float64).abs()
    second = first * 0.9 + 0.3 * torch.randn(shape, generator=random, dtype=torch.float64)
    found: dict[str, float] = {}

    def theirs() -> None:
        metric = FrechetInceptionDistance(feature=Features(options.dimensions), input_img_size=(options.dimensions,))
        metric.set_dtype(torch.float64)
        metric.update(first, real=True)
        metric.update(second, real=False)
        found["torchmetrics"] = float(metric.compute())

    def ours() -> None:
        found["colorgan"] = frechet_distance(first, second)

    runs = in_turns({"torchmetrics": theirs, "colorgan": ours}, options.turns)
    report(
        f"Fréchet distance of {options.photos} x {options.dimensions} features", runs, unit="distances", bar=2.9 / 0.16
    )
    expected = square_root_form(first, second)
    for name, value in found.items():
        deviation = abs(value - expected) / expected
        print(f"{name}: {value:.10g}, {deviation:.1e} of SciPy's matrix square root ({expected:.10g})")


if __name__ == "__main__":
    main()
