"""The commands, as users type them."""

import csv
import itertools
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import yaml
from PIL import Image

from colorgan.cli import main
from tests.helpers import train_on_two_ranks

TINY = """
seed_everything: 1
data:
  size: 16
  batch_size: 4
  num_workers: 0
  val_fraction: 0.25
  train_transforms:
    - class_path: albumentations.HorizontalFlip
model:
  color_space: Lab
  ema_decay: 0.9
  generator: {class_path: UNet, init_args: {width: 4, depth: 2, dropout: 0.1}}
  discriminator: {class_path: PatchGAN, init_args: {width: 4, num_downsamples: 2}}
  generator_scheduler: {class_path: torch.optim.lr_scheduler.ExponentialLR, init_args: {gamma: 0.9}}
trainer:
  accelerator: cpu
  max_epochs: 3
  num_sanity_val_steps: 0
  enable_progress_bar: false
  enable_model_summary: false
  log_every_n_steps: 1
  logger:
    - class_path: colorgan.training.MetricsFile
  callbacks:
    - class_path: SampleSheet
      init_args: {num_photos: 3}
    - class_path: BestCheckpoint
      init_args: {monitor: val/l1}
    - class_path: LastCheckpoint
"""


def photo(seed: int, height: int = 20, width: int = 24) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (3, 4, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with photos and a configuration, in which the commands run."""
    (tmp_path / "photos").mkdir()
    for seed in range(20):
        photo(seed).save(tmp_path / "photos" / f"{seed:02d}.png")
    (tmp_path / "tiny.yaml").write_text(TINY)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLORGAN_CACHE", str(tmp_path / "cache"))
    return tmp_path


FIT = ["fit", "-c", "tiny.yaml", "--data.root=photos"]


def only(pattern: str, folder: str = ".") -> Path:
    found = sorted(Path(folder).glob(pattern))
    assert len(found) == 1, found
    return found[0]


def weights(file: str | Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = torch.load(file, weights_only=True)["state_dict"]
    return state


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_fit_writes_a_run_folder_and_prints_it(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(FIT) == 0
    run = only("checkpoints/tiny/*")
    line = capsys.readouterr().out.strip().splitlines()[-1]
    assert line == f"run: {run} | best checkpoint: {run}/checkpoints/best.ckpt | samples: {run}/samples/epoch_0002.png"
    assert {path.name for path in (run / "checkpoints").iterdir()} == {
        *("best.ckpt", "best.ckpt.sha256", "last.ckpt", "last.ckpt.sha256"),
    }
    assert yaml.safe_load((run / "config.yaml").read_text())["model"]["ema_decay"] == 0.9
    assert len(list((run / "samples").glob("*.png"))) == 3
    with (run / "metrics.csv").open() as stream:
        columns = set(next(csv.reader(stream)))
    training = ("l1", "adversarial", "discriminator", "discriminator_accuracy_real", "discriminator_accuracy_fake")
    validation = ("l1", "l1_gray", "psnr")
    assert {
        "epoch",
        "step",
        *(f"train/{name}" for name in training),
        *(f"val/{name}" for name in validation),
    } <= columns


def test_epochs_without_validation_do_not_warn(
    place: Path, capfd: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    assert main([*FIT, "--trainer.check_val_every_n_epoch=2"]) == 0
    assert only("checkpoints/tiny/*/checkpoints/best.ckpt").is_file()
    assert not [str(warning.message) for warning in recwarn if "monitor" in str(warning.message)]


def test_saved_config_reproduces_the_run(place: Path) -> None:
    assert main([*FIT, "--name=one", "--trainer.max_epochs=1"]) == 0
    assert main(["fit", "-c", str(only("checkpoints/one/*/config.yaml")), "--name=two"]) == 0
    assert same(
        weights(only("checkpoints/one/*/checkpoints/last.ckpt")),
        weights(only("checkpoints/two/*/checkpoints/last.ckpt")),
    )


def test_validate_and_predict_from_a_checkpoint_only(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FIT, "--trainer.max_epochs=1"]) == 0
    best = str(only("checkpoints/tiny/*/checkpoints/best.ckpt"))
    capsys.readouterr()
    assert main(["validate", f"--ckpt_path={best}", "--data.root=photos", "--data.val_fraction=0.25"]) == 0
    table = capsys.readouterr().out
    assert "val/l1" in table
    assert "val/fd_efficientnet_lite0" in table  # measured also where no configuration names it

    (place / "old" / "aunt").mkdir(parents=True)
    photo(1, 33, 47).convert("L").save("old/a.png")
    photo(2, 50, 21).save("old/aunt/b.jpg")
    Path("old/broken.jpg").write_bytes(b"no photo")
    assert (
        main(["predict", f"--ckpt_path={best}", "--data.predict=old", "--output=new"]) == 1
    )  # one was left out, by name
    assert "broken.jpg" in capsys.readouterr().err
    assert Image.open("new/a.png").size == (47, 33)
    assert Image.open("new/aunt/b.png").size == (21, 50)
    Path("old/broken.jpg").unlink()
    assert main(["predict", f"--ckpt_path={best}", "--data.predict=old", "--output=new"]) == 1
    assert re.search(r"new/a\.png.* exist: choose another --output", capsys.readouterr().err)
    assert main(["predict", f"--ckpt_path={best}", "--data.predict=old", "--output=new", "--overwrite=true"]) == 0


def test_resumed_run_matches_uninterrupted_run(place: Path) -> None:
    """Bit for bit, interrupted between epochs, with a schedule, dropout, flips and a moving average."""
    assert main([*FIT, "--name=whole"]) == 0
    expected = weights(only("checkpoints/whole/*/checkpoints/last.ckpt"))

    assert main([*FIT, "--name=between", "--trainer.max_epochs=1"]) == 0
    assert main([*FIT, "--name=between", "--ckpt_path=last"]) == 0
    folder = only("checkpoints/between/*")  # it went on in its own folder
    assert same(weights(folder / "checkpoints/last.ckpt"), expected)
    assert (folder / "config_resumed_1.yaml").exists()
    with (folder / "metrics.csv").open() as stream:
        epochs = {int(row["epoch"]) for row in csv.DictReader(stream)}
    assert epochs == {0, 1, 2}  # the file was not begun anew


def test_resumed_run_keeps_its_precision(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Where the probe decides differently, and bit for bit; results are measured in float32 wherever."""
    monkeypatch.setattr("colorgan.training.precision.bfloat16_speedup", lambda: 2.0)
    assert main([*FIT, "--name=whole"]) == 0
    assert main([*FIT, "--name=parts", "--trainer.max_epochs=1"]) == 0
    monkeypatch.setattr("colorgan.training.precision.bfloat16_speedup", lambda: 0.5)
    caplog.clear()
    assert main([*FIT, "--name=parts", "--ckpt_path=last"]) == 0
    note = "note: precision bf16-mixed, as in the checkpoint (--trainer.precision changes it)"
    assert note in capsys.readouterr().err
    assert "Mixed Precision" in caplog.text
    last = only("checkpoints/parts/*/checkpoints/last.ckpt")
    assert same(weights(last), weights(only("checkpoints/whole/*/checkpoints/last.ckpt")))
    assert yaml.safe_load(only("checkpoints/parts/*/config.yaml").read_text())["trainer"]["precision"] == "auto"

    caplog.clear()
    assert main(["validate", f"--ckpt_path={last}", "--data.root=photos", "--trainer.accelerator=cpu"]) == 0
    assert "Mixed Precision" not in caplog.text


def test_unknown_precision_is_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([*FIT, "--trainer.precision=bf17"])
    message = capsys.readouterr().err
    assert "trainer.precision" in message
    assert "bf17" in message
    assert "bf16-mixed" in message


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("batch", [1, 5])
def test_run_stopped_by_a_signal_resumes_to_the_same_weights(
    place: Path, batch: int, workers: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from colorgan.training.gan import ColorGAN

    options = [*FIT, f"--data.num_workers={workers}"]
    assert main([*options, "--name=whole"]) == 0
    expected = weights(only("checkpoints/whole/*/checkpoints/last.ckpt"))

    step, count = ColorGAN.training_step, itertools.count()

    def interrupted(self: ColorGAN, *args: Any) -> None:
        if next(count) == batch:
            os.kill(os.getpid(), signal.SIGTERM)
        step(self, *args)

    monkeypatch.setattr(ColorGAN, "training_step", interrupted)
    assert main([*options, "--name=broken"]) == 128 + signal.SIGTERM
    assert "everything saved" in capsys.readouterr().err
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    monkeypatch.setattr(ColorGAN, "training_step", step)
    assert main([*options, "--name=broken", "--ckpt_path=last"]) == 0
    assert same(weights(only("checkpoints/broken/*/checkpoints/last.ckpt")), expected)


def test_explicit_options_override_the_checkpoint_with_a_note(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FIT, "--trainer.max_epochs=1"]) == 0
    arguments = [*FIT, "--ckpt_path=last", "--trainer.max_epochs=2", "--model.reconstruction_weight=7"]
    assert main(arguments) == 0
    assert "model.reconstruction_weight is 7.0, as given; the checkpoint has 100.0" in capsys.readouterr().err
    saved = torch.load(only("checkpoints/tiny/*/checkpoints/last.ckpt"), weights_only=True)
    assert saved["hyper_parameters"]["reconstruction_weight"] == 7


def test_fixed_size_discriminator_gets_the_data_size(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("conv.yaml").write_text(
        "model:\n  discriminator: {class_path: ConvLinear, init_args: {width: 4, num_downsamples: 2, hidden: 8}}\n"
    )
    assert main([*FIT, "-c", "conv.yaml", "--name=conv", "--data.size=32", "--trainer.max_epochs=1"]) == 0
    last = only("checkpoints/conv/*/checkpoints/last.ckpt")
    assert torch.load(last, weights_only=True)["hyper_parameters"]["image_size"] == 32
    assert "image_size" not in yaml.safe_load(only("checkpoints/conv/*/config.yaml").read_text())["model"]
    # measured at another size, the networks keep theirs
    options = ["--data.root=photos", "--data.val_fraction=0.25", "--data.size=16"]
    assert main(["validate", f"--ckpt_path={last}", *options]) == 0
    assert main([*FIT, "-c", "conv.yaml", "--name=conv", "--data.size=32", "--ckpt_path=last"]) == 0


def test_checkpoint_of_another_architecture_is_reported(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FIT, "--trainer.max_epochs=1"]) == 0
    assert main([*FIT, "--ckpt_path=last", "--model.generator.width=8"]) == 1
    assert re.search(r"another architecture: .*weight is \(4,", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--model.generatr=UNet"], r"model\.generatr.*did you mean '--model\.generator'"),
        (["--model.generator.widht=4"], r"widht.*did you mean 'width'"),
        (["--model.generator=Unet"], r"model\.generator: 'Unet' is not a valid class.*did you mean 'UNet'"),
        (["--model.color_space=UNet"], r"model\.color_space: 'UNet' is not.*; valid.*: HSV, Lab, .*YCbCr"),
        (["--model.generator_optimizer.lr=fast"], r"model\.generator_optimizer\.lr: expected a number, received fast"),
        (["--data.size=big"], r"data\.size: expected an integer, received big"),
        (["--data.rooot=x"], r"data: Photos has no argument 'rooot'; did you mean 'root'"),
        (["--trainer.max_epoch=1"], r"did you mean '--trainer\.max_epochs'"),
        (["--model.generator_optimizer.lr=.nan"], r"model\.generator_optimizer: .*nan"),
        (["--model.generator_optimizer.lr=-0.1"], r"model\.generator_optimizer: .*-0\.1"),
        (["--model.reconstruction_weight=-1"], r"model\.reconstruction_weight must be a number >= 0"),
        (["--data.root=nowhere"], r"nowhere"),
        (["--data.batch_size=400"], r"400"),
        (["--data.size=18"], r"data\.size=18 does not suit UNet: .*16.*20"),
        (["--ckpt_path=absent.ckpt"], r"there is no checkpoint absent\.ckpt"),
        (["--ckpt_path=last"], r"there is no last\.ckpt below checkpoints/tiny; train first"),
        (["-c", "absent.yaml"], r"absent\.yaml"),
        (["--data.size=0"], r"^error: data\.size must be at least 1; received 0$"),
        (["--data.size=1000000"], r"^error: data\.size must be at most 2048; received 1000000$"),
        (["--data.val_fraction=.nan"], r"^error: data\.val_fraction and data\.test_fraction must be .* received nan"),
        (["--data.root="], r"data\.root is empty"),
        (["--data.val=nowhere"], r"data\.val: there is no folder nowhere"),
        (["--seed_everything=-1"], r"seed_everything must be an integer from 0 to 4294967295, received -1"),
        (["--runs="], r"--runs must be the folder of all runs, received ''"),
        (["--runs=tiny.yaml"], r"--runs must be a folder, but tiny\.yaml is a file"),
        (["--model.generator.depth=1000000"], r"model\.generator\.depth must be at most 13, received 1000000"),
        (["--model.generator.width=60000"], r"the networks take .* GiB, but this machine has"),
        (["--model.generator=\x1b[31mNet"], r"model\.generator: '\\x1b\[31mNet' is not a valid class"),
        (["--trainer.limit_val_batches=0"], r"BestCheckpoint in trainer\.callbacks monitors 'val/l1'"),
        (["--trainer.check_val_every_n_epoch=0"], r"check_val_every_n_epoch must be an integer of at least 1"),
        (["--data.weights.sea=-1"], r"data\.weights: the weight of sea must be at least 0 .*; received -1"),
        (["-c", "{data: {size: 16, size: 32}}"], r"--config, line 1: 'size' is given twice"),
        (["-c", "{modle: {}}"], r"--config: there is no key 'modle'; did you mean 'model'"),
        (["-c", "{model: {class_path: os.system}}"], r"the class_path os\.system is part of Python itself"),
        (["--trainer.default_root_dir=x"], r"default_root_dir is 'x', but .* choose its place with --runs FOLDER and"),
    ],
)  # fmt: skip
def test_invalid_options_are_reported_before_any_work(
    place: Path, options: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main([*FIT, *options])
    except SystemExit as stop:
        code = int(stop.code or 0)
    error = capsys.readouterr().err
    assert code in (1, 2)
    assert re.search(sentence, error, re.MULTILINE), error
    assert "Traceback" not in error
    (line,) = (line for line in error.splitlines() if line.startswith("error: "))
    assert line == error.splitlines()[-1]
    assert not list(place.glob("checkpoints/*/*"))


def test_callbacks_and_transforms_are_checked_before_photos_are_read(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    overlays = {
        "{trainer: {callbacks: [{class_path: BestCheckpoint, init_args: {monitor: val/nothing}}]}}": "val/nothing",
        "{trainer: {logger: false, callbacks: [{class_path: LearningRateMonitor}]}}": "LearningRateMonitor",
        "{data: {train_transforms: [{class_path: albumentations.Normalize}]}}": "train_transforms returned",
        "{data: {train_transforms: [{class_path: albumentations.RandomCrop, init_args: {height: 99, width: 99}}]}}": (
            "data.train_transforms cannot be applied to squares of 16 pixels"
        ),
    }
    for overlay, sentence in overlays.items():
        assert main([*FIT, "-c", overlay]) == 1
        assert sentence in capsys.readouterr().err
        assert not Path("checkpoints").exists()
        assert not list(Path("cache").glob("*/index.json"))


def test_weights_are_given_by_folder(
    place: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    overlay = (
        "{data: {train: [photos], weights: {.: 0.5}}, trainer: {max_epochs: 1, limit_val_batches: 0, callbacks: []}}"
    )
    assert main([*FIT, "-c", overlay, "--data.weights.sea=2"]) == 1
    assert "error: data.weights: photos has no folder sea with photos; it has no subfolders" in capsys.readouterr().err
    assert main([*FIT, "-c", overlay]) == 0
    assert "data.weights: others 8 of 8 photos in each epoch, drawn from 15" in caplog.text


def test_checkpoint_of_the_other_model_is_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chroma = "{model: {width: 2, num_downsamples: 2}, trainer: {max_epochs: 1, accelerator: cpu, logger: false}}"
    data = ["--data.root=photos", "--data.size=16", "--data.batch_size=4", "--data.val_fraction=0.25"]
    assert main([*FIT, "--trainer.max_epochs=1"]) == 0
    assert main(["chroma", "fit", "-c", chroma, *data, "--name=chroma"]) == 0
    gan = str(only("checkpoints/tiny/*/checkpoints/best.ckpt"))
    regressor = str(next(Path("checkpoints/chroma").rglob("*.ckpt")))
    capsys.readouterr()
    for args in (["chroma", "validate"], ["chroma", "fit", "-c", chroma]):
        assert main([*args, f"--ckpt_path={gan}", *data]) == 1
        message = f"{gan} is a checkpoint of a ColorGAN, but this command needs one of a ChromaRegressor"
        assert message in capsys.readouterr().err
    for command in (["validate"], ["predict", "--data.predict=photos"], FIT):
        assert main([*command, f"--ckpt_path={regressor}"]) == 1
        message = f"{regressor} is a checkpoint of a ChromaRegressor, but this command needs one of a ColorGAN"
        assert message in capsys.readouterr().err
    assert main(["evaluate", regressor, "--data.root=photos", "--out=report"]) == 1
    assert "measure it with `colorgan chroma validate" in capsys.readouterr().err


def test_a_regressor_is_validated_and_tested_without_its_configuration(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chroma = "{model: {width: 2, num_downsamples: 2}, trainer: {max_epochs: 1, accelerator: cpu, logger: false}}"
    data = ["--data.root=photos", "--data.size=16", "--data.batch_size=4", "--data.val_fraction=0.25"]
    assert main(["chroma", "fit", "-c", chroma, *data, "--name=chroma"]) == 0
    file = next(Path("checkpoints/chroma").rglob("*.ckpt"))
    capsys.readouterr()
    for command, metric in (("validate", "val/mse"), ("test", "test/mse")):
        assert main(["chroma", command, f"--ckpt_path={file}", "--trainer.accelerator=cpu", *data]) == 0
        assert metric in capsys.readouterr().out
    assert main(["evaluate", str(file), "--data.root=photos", "--out=report"]) == 1
    assert "is a checkpoint of a ChromaRegressor, which predicts the mean color" in capsys.readouterr().err


def test_unknown_key_in_a_file_is_reported(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("typo.yaml").write_text("model:\n  reconstruction_wieght: 3\n")
    assert main([*FIT, "-c", "typo.yaml"]) == 1
    assert re.search(r"reconstruction_wieght.*did you mean '(model\.)?reconstruction_weight'", capsys.readouterr().err)


def test_empty_folder_is_reported(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("empty").mkdir()
    assert main(["fit", "-c", "tiny.yaml", "--data.root=empty"]) == 1
    assert "empty" in capsys.readouterr().err


def test_damaged_and_untrusted_checkpoints_are_refused(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FIT, "--trainer.max_epochs=1"]) == 0
    last = only("checkpoints/tiny/*/checkpoints/last.ckpt")
    predict = ["predict", "--data.predict=photos"]
    contents = torch.load(last, weights_only=True)
    contents["hyper_parameters"]["generator"] = {"class_path": "os.system", "init_args": {"command": "touch owned"}}
    torch.save(contents, "stranger.ckpt")
    assert main([*predict, "--ckpt_path=stranger.ckpt"]) == 1
    assert re.search("the class os.system is not part of colorgan", capsys.readouterr().err)
    assert not Path("owned").exists()

    data = bytearray(last.read_bytes())
    data[len(data) // 2] ^= 4
    last.write_bytes(data)
    assert main([*predict, f"--ckpt_path={last}"]) == 1
    assert "damaged" in capsys.readouterr().err
    assert main(predict) == 1
    assert "predict needs a trained model: give --ckpt_path" in capsys.readouterr().err


@pytest.mark.parametrize("scheme", ["local://", ""])
def test_untrusted_checkpoint_cannot_delete_files(place: Path, scheme: str) -> None:
    assert main([*FIT, "--trainer.max_epochs=1"]) == 0
    Path("diary").mkdir()
    Path("diary/monday.ckpt").write_text("mine")
    contents = torch.load(only("checkpoints/tiny/*/checkpoints/last.ckpt"), weights_only=True)
    for state in contents["callbacks"].values():
        for name in ("best_model_path", "kth_best_model_path", "last_model_path"):
            if name in state:
                state[name] = f"{scheme}{place}/diary"
                state["best_k_models"] = {f"{scheme}{place}/diary": torch.tensor(9.0)}
    torch.save(contents, "stranger.ckpt")
    assert main([*FIT, "--name=resumed", "--ckpt_path=stranger.ckpt"]) == 0
    assert Path("diary/monday.ckpt").read_text() == "mine"


def test_nan_stops_the_run_with_a_message(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FIT, "--model.generator_optimizer.lr=1e30"]) == 1
    assert "a loss became NaN or infinite" in capsys.readouterr().err


def test_options_without_effect_are_named(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FIT, "--trainer.max_epochs=1"]) == 0
    assert "no effect" not in capsys.readouterr().err
    best = only("checkpoints/tiny/*/checkpoints/best.ckpt")
    assert main(["predict", f"--ckpt_path={best}", "--data.predict=photos/00.png", "--trainer.logger=true"]) == 0
    assert "note: --trainer.logger has no effect on this command, which uses False" in capsys.readouterr().err


def test_validate_and_test_log_where_they_are_told(place: Path) -> None:
    assert main([*FIT, "--trainer.max_epochs=1"]) == 0
    best = only("checkpoints/tiny/*/checkpoints/best.ckpt")
    options = ["--data.root=photos", "--data.val_fraction=0.25", "--trainer.accelerator=cpu"]
    for command, metric in (("validate", "val/l1"), ("test", "test/l1")):
        arguments = [command, f"--ckpt_path={best}", *options, f"--name={command}"]
        assert main([*arguments, "--trainer.logger=colorgan.training.MetricsFile"]) == 0
        assert metric in only(f"checkpoints/{command}/*-{command}/metrics.csv").read_text()
    assert main(["validate", f"--ckpt_path={best}", *options, "--name=quiet"]) == 0
    assert not Path("checkpoints/quiet").exists()


def test_overview_and_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "python train.py fit -c configs/quickstart.yaml" in capsys.readouterr().out
    assert main(["predikt"]) == 2
    assert "did you mean 'predict'?" in capsys.readouterr().err


def test_help_describes_the_options(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["fit", "--help-all"])
    assert stop.value.code == 0
    text = re.sub(r"\s+", " ", capsys.readouterr().out)
    assert "weight of the adversarial loss; 0 trains the generator alone" in text
    assert "folder of all runs" in text


def test_wandb_falls_back_to_offline_mode(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NETRC", str(place / "none"))
    monkeypatch.setenv("HOME", str(place))
    Path("wandb.yaml").write_text(
        "trainer:\n  logger:\n    - class_path: lightning.pytorch.loggers.WandbLogger\n      init_args: {project: p}\n"
    )
    assert main([*FIT, "-c", "wandb.yaml", "--trainer.max_epochs=1"]) == 0
    assert re.search("no W&B key.*offline.*wandb sync", capsys.readouterr().err)
    run = only("checkpoints/*/*/wandb/offline-run-*")
    assert list(run.glob("files/media/images/**/*.png"))
    file = next(run.glob("*.wandb"))
    wanted = (b"val/l1", b"train/l1", b"reconstruction_weight")
    deadline = time.monotonic() + 60  # W&B's own process writes the file
    while not all(name in file.read_bytes() for name in wanted):
        assert time.monotonic() < deadline, [name for name in wanted if name not in file.read_bytes()]
        time.sleep(0.2)


@pytest.mark.slow
def test_two_processes_train_identically(place: Path) -> None:
    """DDP on two CPU processes: both hold the same weights, and metrics of all photos."""
    train_on_two_ranks(*FIT)
    assert only("checkpoints/tiny/*/checkpoints/last.ckpt")


def test_strategy_that_divides_networks_is_refused_in_one_sentence(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*FIT, "--trainer.strategy=fsdp"]) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "error" in line.lower()]
    assert "trainer.strategy=fsdp divides the weights of one network among devices" in line
    assert not (place / "checkpoints").exists()
