"""Keys that do not exist, and values of the wrong type."""

from collections.abc import Iterator

from tests.attacks.config_corpus.call import GAN_CHECKPOINT, WrongConfiguration, in_file, on_command_line


def unknown_keys() -> Iterator[WrongConfiguration]:
    """Keys that do not exist, at every level."""
    texts = {
        "section": ("modle: {}", "modle"),
        "model": ("model: {generatr: UNet}", "generatr"),
        "data": ("data: {sise: 16}", "sise"),
        "data with init_args": ("data: {init_args: {sise: 16}}", "sise"),
        "trainer": ("trainer: {max_epoch: 1}", "max_epoch"),
        "generator": ("model: {generator: {class_path: UNet, init_args: {widht: 4}}}", "widht"),
        "generator without init_args": ("model: {generator: {class_path: UNet, width: 4, dept: 2}}", "init_args"),
        "optimizer": ("model: {generator_optimizer: {class_path: torch.optim.Adam, init_args: {rate: 1}}}", "rate"),
        "loss": ("model: {adversarial: {class_path: BCE, init_args: {real: 1}}}", "real"),
        "schedule": ("model: {schedule: {warmup: 1}}", "warmup"),
        "callback": ("trainer: {callbacks: [{class_path: BestCheckpoint, init_args: {monitr: x}}]}", "monitr"),
        "second callback": (
            "trainer: {callbacks: [{class_path: LastCheckpoint}, {class_path: SampleSheet, init_args: {count: 3}}]}",
            "count",
        ),
        "logger": (
            "trainer: {logger: [{class_path: colorgan.training.MetricsFile, init_args: {folder: x}}]}",
            "folder",
        ),
        "transform": (
            "data: {train_transforms: [{class_path: albumentations.HorizontalFlip, init_args: {prob: 1}}]}",
            "prob",
        ),
        "class_pth": ("model: {generator: {class_pth: UNet}}", "model.generator"),
        "number": ("3: 4", "3"),
        "control characters": ('"\\e[31mred": 1', "red"),
        "section of a command": ("fit: {data: {size: 16}}", "fit"),
    }
    for name, (text, named) in texts.items():
        yield in_file("key", name, text, named)
    yield on_command_line("key", "option", "--data.sise=16", "sise")
    yield on_command_line("key", "short option", "-x 3", "-x")
    yield on_command_line("key", "option of another command", "--strength=1", "--strength")
    yield on_command_line("key", "escape sequences", ["--\x1b[31mred=1"], "red")
    yield on_command_line(
        "key", "of the regressor", "fit -c chroma.yaml --model.generator=UNet", "generator", command="chroma"
    )
    yield on_command_line("key", "of the test", "--lr_find.steps=30", "steps", command="lr-find")
    yield on_command_line(
        "key", "of evaluate", f"{GAN_CHECKPOINT} --data.root=photos --out=out --sise=3", "--sise", command="evaluate"
    )
    yield on_command_line("key", "of benchmark", "grid.yaml --out out --onyl=x", "--onyl", command="benchmark")
    yield WrongConfiguration(
        "key", "of a grid", "benchmark", ("bad.yaml", "--out", "out"), ("group",), {"bad.yaml": b"group: {}"}
    )


def types() -> Iterator[WrongConfiguration]:
    """Values of the wrong type."""
    values = {
        "data.size": ("big", "12.5", "[16]", "{a: 1}", "true", "null", "''"),
        "data.val_fraction": ("much", "[0.1]"),
        "data.skip_gray": ("perhaps", "3"),
        "data.crop": ("diagonal", "[center]"),
        "data.resize": ("stretch", "3"),
        "data.train_transforms": ("3", "flip", "[3]", "{a: 1}"),
        "data": ("3", "[]", "photos"),
        "model": ("3", "[]", "UNet"),
        "model.generator": ("3", "[]", "{class_path: 3}", "{class_path: UNet, init_args: 3}", "{init_args: [1]}"),
        "model.generator_optimizer.lr": ("fast", "[1]"),
        "model.generator_optimizer.betas": ("0.5", "[0.5, x]"),
        "model.reconstruction_weight": ("heavy",),
        "model.schedule": ("3",),
        "trainer": ("3", "[]"),
        "trainer.callbacks": ("3", "[3]", "[[]]", "{class_path: [1]}"),
        "trainer.logger": ("{class_path: 3}", "loud"),
        "trainer.max_epochs": ("many", "1.5"),
        "trainer.max_time": ("soon",),
        "trainer.limit_val_batches": ("few",),
        "trainer.profiler": ("magic",),
        "seed_everything": ("x", "[1]", "1.5"),
        "name": ("[1]",),
        "runs": ("[1]", "null"),
    }
    for key, wrong in values.items():
        for value in wrong:
            *sections, last = key.split(".")
            if key.startswith("model.generator_optimizer."):
                sections = [*sections, "init_args"]
            text = "".join(f"{section}: {{" for section in sections) + f"{last}: {value}" + "}" * len(sections)
            yield in_file("type", f"{key}: {value}", text, key.split(".")[-1])
    for name, text in {"list": "[1, 2]", "text": "hello", "number": "3"}.items():
        yield in_file("type", f"file with a {name}", text, "bad.yaml")
    for name, change in {
        "metrics": b"metrics: 3\ngroups: {a: {}}",
        "groups": b"metrics: [val/l1]\ngroups: [1]",
        "axes": b"metrics: [val/l1]\ngroups: {a: {axes: {b: 3}}}",
        "overlays": b"metrics: [val/l1]\ngroups: {a: {overlays: 3}}",
        "seeds": b"metrics: [val/l1]\nseeds: [x]\ngroups: {a: {}}",
        "published": b"metrics: [val/l1]\ngroups: {a: {published: x}}",
    }.items():
        yield WrongConfiguration(
            "type", f"{name} of a grid", "benchmark", ("bad.yaml", "--out", "out"), (name,), {"bad.yaml": change}
        )
