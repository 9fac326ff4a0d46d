"""Classes, runs and folders that cannot be used."""

import json
from collections.abc import Iterator

from tests.attacks.config_corpus.call import (
    CHROMA_CHECKPOINT,
    GAN_CHECKPOINT,
    WrongConfiguration,
    in_file,
    on_command_line,
)


def classes() -> Iterator[WrongConfiguration]:
    """Class paths that name no class, or a class of the wrong kind."""
    wrong = {
        "model.generator": [
            "NoSuchNet",
            "no.such.module.Net",
            "PatchGAN",
            "os.system",
            "builtins.int",
            "torch",
            "Generator",
            "torch.nn.Linear",
            "a..b",
            "..",
            "colorgan.models.generators.unet",
            "x" * 5000,
            "\x1b[31mRed\x07",
            "Réseau",
            "UNet; ls",
            "../UNet",
        ],
        "model.discriminator": ["UNet", "Nothing"],
        "model.color_space": ["UNet", "CMYK"],
        "model.reconstruction": ["BCE", "L7"],
        "model.adversarial": ["L1", "Love"],
        "model.hints": ["Lab", "Guesses"],
        "model.generator_optimizer": ["UNet", "torch.optim.Adm", "torch.optim.lr_scheduler.StepLR"],
        "model.generator_scheduler": ["torch.optim.Adam", "torch.optim.lr_scheduler.StpLR"],
        "data": ["UNet", "Fotos", "os.getcwd"],
        "trainer.callbacks": ["UNet", "NoSuchCallback", "subprocess.Popen"],
        "trainer.logger": ["LastCheckpoint", "NoSuchLogger"],
        "data.train_transforms": ["torch.nn.Linear", "albumentations.HorizontalFlop", "os.getcwd"],
    }
    for key, paths in wrong.items():
        for path in paths:
            *sections, last = key.split(".")
            value: object = {"class_path": path}
            if key in ("trainer.callbacks", "trainer.logger", "data.train_transforms"):
                value = [value]
            for section in (last, *reversed(sections)):
                value = {section: value}
            in_python = path.partition(".")[0] in ("os", "builtins", "subprocess")
            named = path if in_python or path == "Generator" else last
            yield in_file("class", f"{key}: {path:.40}", json.dumps(value), named)
    yield on_command_line("class", "on the command line", "--model.generator=NoSuchNet", "model.generator")
    yield on_command_line(
        "class", "escape on the command line", ["--model.generator=\x1b]0;owned\x07Net"], "model.generator"
    )
    yield on_command_line("class", "wrong on the command line", "--model.generator=PatchGAN", "model.generator")
    yield on_command_line(
        "class", "of chroma", "fit -c chroma.yaml --model.optimizer=UNet", "optimizer", command="chroma"
    )


def names() -> Iterator[WrongConfiguration]:
    """Names of runs, folders and metrics that cannot be used."""
    for value in ("", "../out", "/tmp/out", "a/b", "x" * 300, "..", ".", "\x1b[31mred", "a\nb"):
        yield on_command_line("name", f"name {value!r:.20}", [f"--name={value}"], "name")
    yield on_command_line("name", "empty runs", ["--runs="], "--runs")
    yield on_command_line("name", "null in a name", ["-c", '{name: "a\\0b"}'], "name")
    yield on_command_line("name", "null in a path", ["-c", '{"data": {"root": "a\\u0000b"}}'], "data.root")
    yield on_command_line("name", "default_root_dir", "--trainer.default_root_dir=x", "default_root_dir")
    yield on_command_line("name", "empty default_root_dir", ["--trainer.default_root_dir="], "default_root_dir")
    yield on_command_line(
        "name",
        "empty output",
        [f"--ckpt_path={GAN_CHECKPOINT}", "--data.predict=photos", "--output="],
        "--output",
        command="predict",
    )
    yield on_command_line("name", "empty folder of photos", ["--data.root="], "data.root")
    yield on_command_line("name", "empty checkpoint", ["--ckpt_path="], "--ckpt_path")
    yield on_command_line("name", "empty checkpoint of validate", ["--ckpt_path="], "--ckpt_path", command="validate")
    yield on_command_line(
        "name", "empty report", [GAN_CHECKPOINT, "--data.root=photos", "--out="], "--out", command="evaluate"
    )
    yield on_command_line("name", "empty grid", ["", "--out=out"], "argument", command="benchmark")
    yield on_command_line(
        "name",
        "system twice",
        [f"a={GAN_CHECKPOINT}", f"a={CHROMA_CHECKPOINT}", "--data.root=photos", "--out=out"],
        "'a'",
        command="evaluate",
    )
    yield on_command_line(
        "name", "no run matches", "grid.yaml --out out --only=nothing-*", "nothing-*", command="benchmark"
    )
