from pathlib import Path

import pytest
from PIL import Image


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
