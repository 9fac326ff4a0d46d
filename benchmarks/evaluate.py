"""Times ``colorgan evaluate`` against its network and features alone, on the same photos of the same size, in turns.

The reference colorizes the photos and extracts the features of all images that a report measures: those of the model,
the gray photos, the mean color and the photos themselves. The evaluation also decodes, measures ten metrics per image,
computes intervals, and writes images and the report. "Again" is a second evaluation on the same photos, for which the
measurements of the baselines come from disk; its reference extracts the features of the model only.

    python benchmarks/evaluate.py flowers12/test --limit 240
"""

import argparse
import os
import tempfile
from functools import partial
from pathlib import Path

from side_by_side import in_turns, ratio, report

from colorgan.evaluation.report import evaluation
from colorgan.evaluation.report.photos import ReferencePhotos
from colorgan.evaluation.report.systems import CheckpointSystem, ConstantColorSystem, ReferenceSystem
from colorgan.metrics.features import FeatureExtractor

_BATCH = 16
_MODEL = Path(__file__).parents[1] / "checkpoints" / "colorgan-photos"


def main() -> None:
    """Compares evaluations."""
    parser = argparse.ArgumentParser(description="Time an evaluation against its network and features alone.")
    parser.add_argument("photos", type=Path, help="a folder of photos")
    parser.add_argument("--limit", type=int, default=240, help="number of photos")
    parser.add_argument("--model", type=Path, default=_MODEL, help="the model")
    parser.add_argument("--turns", type=int, default=3, help="measured runs of each kind")
    options = parser.parse_args()

    photos = ReferencePhotos(options.photos, limit=options.limit)
    model = CheckpointSystem("model", options.model / "model.safetensors")
    baselines = [ConstantColorSystem("gray"), ConstantColorSystem("tint", 2.0, 8.0), ReferenceSystem()]
    batches = list(photos.batches(_BATCH))
    images = [[system.images(*batch) for batch in batches] for system in baselines]
    extractor = FeatureExtractor()

    def alone(with_baselines: bool) -> None:
        for indices, batch in batches:
            extractor(model.images(indices, batch))
        for batch_of_baseline in (batch for one in images for batch in one if with_baselines):
            extractor(batch_of_baseline)

    def run(cache: str) -> None:
        os.environ["COLORGAN_CACHE"] = cache
        with tempfile.TemporaryDirectory() as out:
            evaluation.evaluate([str(options.model)], root=options.photos, out=Path(out), limit=options.limit)

    def run_first() -> None:
        with tempfile.TemporaryDirectory() as cache:
            run(cache)

    title = f"Evaluation of {len(photos)} photos"
    with tempfile.TemporaryDirectory() as cache:
        alone(False)  # everything is imported, and the cache is filled
        run(cache)
        for name, with_baselines, evaluate in (("first time", True, run_first), ("again", False, lambda: run(cache))):
            works = {"network and features alone": partial(alone, with_baselines), f"evaluate, {name}": evaluate}
            runs = in_turns(works, options.turns, warmups=0)
            report(f"{title}, {name}", runs, len(photos), "photos")
            times = {kind: 1 / ratio(*runs.values(), kind=kind) for kind in ("wall", "cpu")}
            print(f"\n{times['wall']:.2f} times the wall time, {times['cpu']:.2f} times the CPU time; to reach: 1.5")


if __name__ == "__main__":
    main()
