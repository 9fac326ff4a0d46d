"""Numbers out of range."""

import json
from collections.abc import Iterator

from tests.attacks.config_corpus.call import GAN_CHECKPOINT, WrongConfiguration, on_command_line


def ranges() -> Iterator[WrongConfiguration]:
    """Numbers out of range."""
    values = {
        "data.size": "0 -1 1000000 1e30 .nan .inf",
        "data.load_size": "8 1000000",
        "data.batch_size": "0 -4 100000000000",
        "data.val_batch_size": "0",
        "data.val_fraction": "1 -0.1 .nan .inf 1e400",
        "data.test_fraction": "0.8",
        "data.num_workers": "-1 100000",
        "data.seed": "-1 1000000000000000000000",
        "data.limit": "0",
        "model.reconstruction_weight": "-1 .nan .inf",
        "model.adversarial_weight": "-1 .nan",
        "model.gradient_clip": "-1 .nan",
        "model.accumulate": "0 -2",
        "model.ema_decay": "1.5 -0.1 .nan",
        "model.generator.width": "0 -4 100000000",
        "model.generator.depth": "0 60 1000000",
        "model.generator.dropout": "2 -0.5 .nan",
        "model.discriminator.width": "0 -1",
        "model.discriminator.num_downsamples": "-1 60",
        "model.generator_optimizer.lr": "0 -1 .nan .inf",
        "model.generator_optimizer.betas": "[0.5,2]",
        "model.schedule.discriminator_updates": "0",
        "trainer.max_epochs": "-5",
        "trainer.max_steps": "-7",
        "trainer.min_epochs": "-3",
        "trainer.limit_train_batches": "-1 1.5 .nan",
        "trainer.limit_val_batches": "-1 1.5",
        "trainer.val_check_interval": "1.5 -1 .nan",
        "trainer.overfit_batches": "-1 1.5",
        "trainer.check_val_every_n_epoch": "0 -1",
        "trainer.log_every_n_steps": "-1",
        "trainer.num_sanity_val_steps": "-7",
        "trainer.fast_dev_run": "-1",
        "trainer.devices": "0 -3 99 x",
        "trainer.num_nodes": "0",
        "trainer.accelerator": "warp",
        "trainer.strategy": "teleport",
        "trainer.precision": "bf17",
        "trainer.gradient_clip_val": "1",
        "trainer.accumulate_grad_batches": "2",
        "seed_everything": "-1 99999999999",
    }
    for key, wrong in values.items():
        for value in wrong.split():
            yield on_command_line(
                "range", f"{key}={value}", [f"--{key}={value}"], key.rpartition(".")[0 if "optimizer" in key else 2]
            )
    yield on_command_line(
        "range", "learning rates", "--lr_find.min_lr=1 --lr_find.max_lr=0.1", "min_lr", command="lr-find"
    )
    yield on_command_line("range", "batches of lr-find", "--lr_find.num_batches=0", "num_batches", command="lr-find")
    yield on_command_line(
        "range", "divergence", "--lr_find.divergence_factor=.nan", "divergence_factor", command="lr-find"
    )
    evaluate = [GAN_CHECKPOINT, "--data.root=photos", "--out=out"]
    for option in (
        "--size=-3",
        "--size=1000000",
        "--limit=0",
        "--limit=-1",
        "--margin=nan",
        "--margin=-1",
        "--sheet=-1",
        "--kid-subset-size=0",
        "--device=warp",
        "--hints=many",
        "--protocol=mine",
    ):
        yield on_command_line(
            "range",
            f"evaluate {option}",
            [*evaluate, option],
            option.partition("=")[0].lstrip("-").replace("kid-subset-size", "subset"),
            command="evaluate",
        )
    for option in ("--cpus-per-run=-1", "--cpus-per-run=nan", "--gpus-per-run=-1"):
        yield on_command_line(
            "range",
            f"benchmark {option}",
            ["grid.yaml", "--out=out", "--ray=local", option],
            option.partition("=")[0],
            command="benchmark",
        )
    yield WrongConfiguration(
        "range",
        "seeds of a grid",
        "benchmark",
        ("bad.yaml", "--out", "out"),
        ("seeds",),
        {"bad.yaml": b"metrics: [val/l1]\nseeds: [-1]\ngroups: {a: {}}"},
    )
    for value in ("{width: 0}", "{num_downsamples: -1}", "{num_downsamples: 60}", "{width: 100000000}"):
        yield on_command_line(
            "range",
            f"chroma {value}",
            [
                "fit",
                "-c",
                "chroma.yaml",
                "-c",
                json.dumps({"model": {value[1:].split(":")[0]: int(value.split(":")[1].rstrip("}"))}}),
            ],
            value[1:].split(":")[0],
            command="chroma",
        )
