import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colorgan.cli.lr_find import plot
from colorgan.training.lr_finder import LRCurve
from tests.training.test_lr_finder import synthetic_curve


@pytest.mark.parametrize(
    "curve", [synthetic_curve(0.01), LRCurve((1e-3, 1e-2), (1.0, 1.0), (1.0, 1.0))], ids=["typical", "flat"]
)
def test_plot_marks_the_suggestion(curve: LRCurve) -> None:
    image = np.array(plot(curve, "a run"))
    mark = (image == (196, 60, 30)).all(axis=2)
    columns = np.flatnonzero(mark.sum(axis=0) > 300)
    assert len(columns) in (2, 3)
    fraction = math.log(curve.suggestion / curve.lrs[0]) / math.log(curve.lrs[-1] / curve.lrs[0])
    assert columns.mean() == pytest.approx(84 + fraction * (900 - 84 - 24), abs=2)


def test_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from colorgan.cli import main

    monkeypatch.chdir(tmp_path)
    options = [
        *("--data.size=16", "--data.limit=16", "--data.batch_size=4", "--data.num_workers=0"),
        *("--model.generator=UNet", "--model.generator.width=4", "--model.generator.depth=2"),
        *("--model.discriminator=PatchGAN", "--model.discriminator.width=4", "--model.discriminator.num_downsamples=2"),
        *("--trainer.accelerator=cpu", "--trainer.enable_progress_bar=false", "--trainer.max_epochs=2"),
        *("--trainer.callbacks=FineTuning", "--trainer.callbacks.stages=[{lr: 0.001}]"),
        *("--trainer.callbacks+=LastCheckpoint", "--trainer.callbacks+=SampleSheet", "--name=tried"),
    ]
    assert main(["lr-find", *options, "--lr_find.num_batches=20"]) == 0
    (file,) = Path("checkpoints/tried").rglob("*.*")
    line = capsys.readouterr().out.strip().splitlines()[-1]
    assert line.startswith("suggested learning rate: ")
    assert line.endswith(f"plot: {file}")
    assert file.name == "lr_find.png"
    assert Image.open(file).size == (900, 540)
    assert main(["lr-find", *options, "--ckpt_path=some.ckpt"]) == 1
    assert main(["lr-find", *options, "--lr_find.min_lr=2"]) == 1
    assert "needs 0 < min_lr < max_lr" in capsys.readouterr().err
