"""Prints the tables of docs/metrics.md that compare SSIM and PSNR with scikit-image on sample photos and their grays.

python docs/figures/compare_ssim.py      (needs colorgan[test]; OMP_NUM_THREADS=1 for one core)
"""

import time
from collections.abc import Callable

import numpy as np
import torch
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio as skimage_psnr
from skimage.metrics import structural_similarity
from torch import Tensor
from torchmetrics.functional.image import structural_similarity_index_measure

from colorgan.images.samples import SAMPLE_PHOTOS
from colorgan.metrics import psnr, ssim

WINDOW = {"channel_axis": -1, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
PER_PHOTO = {"data_range": 1.0, "reduction": "none"}


def ssim_inside(one: Tensor, two: Tensor) -> Tensor:
    """SSIM of torchmetrics without the windows that cross the edge."""
    full = structural_similarity_index_measure(one, two, **PER_PHOTO, return_full_image=True)[1]
    return full[..., 5:-5, 5:-5].mean(dim=(1, 2, 3))


IMPLEMENTATIONS: dict[str, dict[str, Callable[[Tensor, Tensor], Tensor]]] = {
    "SSIM": {
        "colorgan (kornia, without windows across the edge)": ssim,
        "torchmetrics": lambda one, two: structural_similarity_index_measure(one, two, **PER_PHOTO),
        "torchmetrics, without windows across the edge": ssim_inside,
    },
    "PSNR": {"colorgan (torchmetrics)": psnr},
}
REFERENCES = {
    "SSIM": lambda one, two: structural_similarity(one, two, **WINDOW),
    "PSNR": lambda one, two: skimage_psnr(one, two, data_range=255),
}


def seconds(compute: Callable[[], object]) -> float:
    """Processor time, the best of five runs."""
    times = []
    for _ in range(5):
        start = time.process_time()
        compute()
        times.append(time.process_time() - start)
    return min(times)


print("| metric | size | implementation | dtype | largest error | error of the mean | time |")  # noqa: T201
print("|---|---:|---|---|---:|---:|---:|")  # noqa: T201
files = sorted((SAMPLE_PHOTOS / "val").glob("*.jpg"))[:16]
for size in (128, 256):
    photos = np.stack([np.asarray(Image.open(file).convert("RGB").resize((size, size))) for file in files])
    grays = np.stack([np.asarray(Image.fromarray(photo).convert("L").convert("RGB")) for photo in photos])
    photo_tensor, gray_tensor = (torch.from_numpy(array).permute(0, 3, 1, 2) for array in (photos, grays))
    for metric, implementations in IMPLEMENTATIONS.items():
        expected = np.array([REFERENCES[metric](*pair) for pair in zip(photos, grays, strict=True)])
        base = 0.0
        for name, compute in implementations.items():
            for dtype in (torch.float64, torch.float32):
                if name.startswith("colorgan") and dtype == torch.float32:
                    continue  # always computed in float64
                one, two = gray_tensor.to(dtype) / 255, photo_tensor.to(dtype) / 255
                error = compute(one, two).double().numpy() - expected
                duration = seconds(lambda compute=compute, one=one, two=two: compute(one, two))
                base = base or duration
                print(  # noqa: T201
                    f"| {metric} | {size} | {name} | {str(dtype)[6:]} | {np.abs(error).max():.0e} "
                    f"| {abs(error.mean()):.0e} | {duration / base:.1f} |"
                )
