"""A grid with real training runs: the report reads the files that `fit` writes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import CONFIGS, run_command

TINY = {
    "data": {"size": 16, "batch_size": 4, "limit": 8, "num_workers": 0},
    "model": {
        "generator": {"init_args": {"width": 4, "depth": 2}},
        "discriminator": {"init_args": {"width": 4, "num_downsamples": 2}},
    },
    "trainer": {"max_epochs": 2, "accelerator": "cpu"},
}


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_grid_with_real_training(
    write_grid: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    grid = write_grid(
        seeds=[1],
        seed_arguments=["data.seed"],
        metrics={"val/fd_efficientnet_lite0": {"label": "FD"}, "val/psnr": {"label": "PSNR", "better": "higher"}},
        base=[str(CONFIGS / "base.yaml"), TINY],
        groups={
            "color": {"axes": {"color": {"lab": str(CONFIGS / "color" / "lab.yaml"), "bad": {"model": {"colr": 1}}}}}
        },
    )
    out = tmp_path / "out"
    assert run_command("benchmark", [str(grid), "--out", str(out), "--model.reconstruction_weight=50"]) == 1
    good, bad = json.loads((out / "results.json").read_text())["groups"][0]["configurations"]
    assert good["runs"][0]["status"] == "finished", (out / "runs" / "color-lab-seed1" / "log.txt").read_text()
    assert good["metrics"]["val/fd_efficientnet_lite0"]["mean"] > 0
    assert [epoch for epoch, _ in good["runs"][0]["curves"]["val/fd_efficientnet_lite0"]] == [0, 1]
    assert "data:image/webp" in (out / "report.html").read_text()
    assert "reconstruction_weight: 50" in (out / "runs" / "color-lab-seed1" / "config.yaml").read_text()
    assert bad["runs"][0]["status"] == "failed"
    assert "colr'; did you mean" in bad["runs"][0]["error"]
