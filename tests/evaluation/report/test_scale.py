import json
import os
import subprocess
import sys
import time

import pytest

from tests.helpers import REPOSITORY, photos, recolored, write

SCRIPT = """
import resource, sys
import torch
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.registry import register_feature_extractor

class Wide(FeatureExtractorBase):
    "As many features as Inception, at little cost."
    def __init__(self, name, features_list, **_):
        super().__init__(name, features_list)
        self.weights = torch.randn(3 * 64, 2048, generator=torch.Generator().manual_seed(0))
    def forward(self, images):
        return (torch.tanh(torch.nn.functional.adaptive_avg_pool2d(images / 255, 8).flatten(1) @ self.weights),)
    get_provided_features_list = staticmethod(lambda: ("2048",))
    get_default_feature_layer_for_metric = staticmethod(lambda metric: "2048")

register_feature_extractor("wide-test", Wide)
from colorgan.cli import main
from colorgan.evaluation.report import evaluation
from tests.helpers import REPOSITORY
evaluation.JUDGE = "wide-test"
main(["evaluate", *sys.argv[1:]])
print("PEAK", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss is that of Linux")
def test_memory_is_bounded_and_cost_is_linear(tmp_path):
    reference = write(photos(5000, seed=4, size=24), tmp_path / "reference")
    theirs = write(recolored(photos(5000, seed=4, size=24), 40), tmp_path / "theirs")
    environment = {
        **os.environ,
        "COLORGAN_CACHE": str(tmp_path / "cache"),
        "TORCH_HOME": str(tmp_path),
        "PYTHONPATH": str(REPOSITORY),
    }
    seconds = {}
    for count in (1250, 2500, 5000):
        out = tmp_path / f"report{count}"
        arguments = [f"theirs={theirs}", "--data.root", reference, "--limit", count, "--out", out, "--device", "cpu"]
        started = time.monotonic()
        finished = subprocess.run(
            [sys.executable, "-c", SCRIPT, *map(str, arguments)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        seconds[count] = time.monotonic() - started
        assert finished.returncode == 0, finished.stderr[-2000:]
        peak = float(finished.stdout.split("PEAK")[1])
        assert peak < 3.0, f"{peak:.2f} GiB for {count} photos"
        assert len(json.loads((out / "metrics.json").read_text())["systems"]) == 5
        print(f"{count} photos: {seconds[count]:.1f} s, {peak:.2f} GiB")
    slope = (seconds[5000] - seconds[2500]) / (seconds[2500] - seconds[1250])
    assert slope < 3.5, f"twice the photos took {slope:.1f} times the time: {seconds}"
