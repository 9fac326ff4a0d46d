"""What is valid alone and cannot work together."""

from collections.abc import Iterator

from tests.attacks.config_corpus.call import (
    CHROMA_CHECKPOINT,
    GAN_CHECKPOINT,
    WrongConfiguration,
    in_file,
    on_command_line,
)


def combinations() -> Iterator[WrongConfiguration]:
    """What is valid alone and cannot work together."""
    best = "trainer: {callbacks: [{class_path: BestCheckpoint, init_args: {monitor: %s}}]}"
    yield in_file("combination", "unknown monitor", best % "val/nothing", "val/nothing")
    yield in_file(
        "combination",
        "monitor of a distance that is not measured",
        best % "val/fd_efficientnet_lite0",
        "val/fd_efficientnet_lite0",
    )
    yield in_file(
        "combination",
        "early stopping",
        "trainer: {callbacks: [{class_path: EarlyStopping, init_args: {monitor: val/nothing}}]}",
        "val/nothing",
    )
    yield in_file(
        "combination",
        "Lightning's checkpoint",
        "trainer: {callbacks: [{class_path: ModelCheckpoint, init_args: {monitor: val/nothing}}]}",
        "val/nothing",
    )
    yield in_file(
        "combination",
        "plateau",
        "model: {generator_scheduler: {class_path: lightning.pytorch.cli.ReduceLROnPlateau, "
        "init_args: {monitor: val/nothing}}}",
        "val/nothing",
    )
    yield on_command_line("combination", "monitor without validation", "--trainer.limit_val_batches=0", "val/l1")
    yield in_file(
        "combination",
        "learning rates without a logger",
        "trainer: {logger: false, callbacks: [{class_path: LearningRateMonitor}]}",
        "LearningRateMonitor",
    )
    transforms = {
        "size": "{class_path: albumentations.Resize, init_args: {height: 8, width: 8}}",
        "numbers": "{class_path: albumentations.Normalize}",
        "float": "{class_path: torchvision.transforms.v2.ToDtype, init_args: {dtype: torch.float32}}",
        "tensor": "{class_path: albumentations.pytorch.ToTensorV2}",
        "large crop": "{class_path: albumentations.RandomCrop, init_args: {height: 99, width: 99}}",
        "gray": "{class_path: torchvision.transforms.v2.Grayscale}",
    }
    for name, transform in transforms.items():
        yield in_file(
            "combination",
            f"transform to another {name}",
            f"data: {{train_transforms: [{transform}]}}",
            "train_transforms",
        )
    yield on_command_line("combination", "size of the network", "--data.size=18", "data.size")
    yield on_command_line("combination", "optimizer without generator", ["--model.generator=null"], "model.generator")
    yield in_file(
        "combination",
        "penalty with batch norm",
        "model: {adversarial: {class_path: WassersteinGP}, "
        "discriminator: {class_path: PatchGAN, init_args: {norm: batch}}}",
        "norm",
    )
    yield in_file(
        "combination",
        "unknown features",
        "trainer: {callbacks: [{class_path: FrechetDistance, init_args: {features: eyes}}]}",
        "eyes",
    )
    yield in_file(
        "combination", "hint curve without hints", "trainer: {callbacks: [{class_path: HintPSNR}]}", "HintPSNR"
    )
    yield in_file(
        "combination",
        "two checkpoints of one name",
        "trainer: {callbacks: [{class_path: LastCheckpoint}, {class_path: LastCheckpoint}]}",
        "LastCheckpoint",
    )
    yield in_file(
        "combination",
        "no checkpoints",
        "trainer: {enable_checkpointing: false, callbacks: [{class_path: LastCheckpoint}]}",
        "enable_checkpointing",
    )
    yield in_file("combination", "barebones", "trainer: {barebones: true}", "barebones")


def command_lines() -> Iterator[WrongConfiguration]:
    """Commands that are not complete, or receive what belongs elsewhere."""
    yield on_command_line("command line", "no value", "--data.size", "--data.size")
    yield on_command_line("command line", "empty value", ["--data.size="], "data.size")
    yield on_command_line("command line", "stray argument", "photos", "photos")
    yield on_command_line("command line", "escape as argument", ["\x1b[2Jphotos"], "photos")
    for command in ("validate", "test", "predict"):
        yield on_command_line("command line", f"{command} without checkpoint", "", "--ckpt_path", command=command)
    yield on_command_line("command line", "chroma without command", "", "fit", command="chroma")
    yield on_command_line("command line", "chroma predict", "predict", "regressor", command="chroma")
    yield on_command_line("command line", "chroma with an unknown command", "train", "train", command="chroma")
    yield on_command_line(
        "command line", "lr-find from a checkpoint", f"--ckpt_path={GAN_CHECKPOINT}", "--ckpt_path", command="lr-find"
    )
    yield on_command_line(
        "command line", "evaluate without a system", "--data.root=photos --out=out", "systems", command="evaluate"
    )
    yield on_command_line(
        "command line", "evaluate without a report", f"{GAN_CHECKPOINT} --data.root=photos", "--out", command="evaluate"
    )
    yield on_command_line(
        "command line",
        "two sizes",
        f"{GAN_CHECKPOINT} --data.root=photos --out=out --protocol=literature --size=3",
        "--size",
        command="evaluate",
    )
    yield on_command_line("command line", "benchmark without a grid", "--out=out", "grid", command="benchmark")
    yield on_command_line("command line", "benchmark without a folder", "grid.yaml", "--out", command="benchmark")
    yield on_command_line(
        "command line", "benchmark of a configuration", "tiny.yaml --out out", "tiny.yaml", command="benchmark"
    )
    yield on_command_line("command line", "fit of a grid", "-c grid.yaml", "grid.yaml")
    yield on_command_line(
        "command line",
        "option of fit without =",
        "grid.yaml --out out --data.size 16",
        "--data.size",
        command="benchmark",
    )


def checkpoints() -> Iterator[WrongConfiguration]:
    """Checkpoints of the other model."""
    yield on_command_line(
        "checkpoint",
        "chroma of a GAN",
        f"validate --ckpt_path={GAN_CHECKPOINT} --data.root=photos",
        GAN_CHECKPOINT,
        "ColorGAN",
        "ChromaRegressor",
        command="chroma",
    )
    yield on_command_line(
        "checkpoint",
        "chroma fit of a GAN",
        f"fit -c chroma.yaml --ckpt_path={GAN_CHECKPOINT}",
        GAN_CHECKPOINT,
        "ColorGAN",
        "ChromaRegressor",
        command="chroma",
    )
    for command in ("validate", "test", "predict"):
        yield on_command_line(
            "checkpoint",
            f"{command} of a regressor",
            f"--ckpt_path={CHROMA_CHECKPOINT} --data.predict=photos",
            CHROMA_CHECKPOINT,
            "ChromaRegressor",
            "ColorGAN",
            command=command,
        )
    yield on_command_line(
        "checkpoint",
        "fit of a regressor",
        f"--ckpt_path={CHROMA_CHECKPOINT}",
        CHROMA_CHECKPOINT,
        "ChromaRegressor",
        "ColorGAN",
    )
    yield on_command_line(
        "checkpoint",
        "evaluate a regressor",
        f"{CHROMA_CHECKPOINT} --data.root=photos --out=out",
        CHROMA_CHECKPOINT,
        "ChromaRegressor",
        command="evaluate",
    )
    yield on_command_line(
        "checkpoint",
        "evaluate a run of a regressor",
        "chroma_run --data.root=photos --out=out",
        "chroma_run",
        "ChromaRegressor",
        command="evaluate",
    )
    yield on_command_line(
        "checkpoint",
        "colorize with a regressor",
        f"--checkpoint={CHROMA_CHECKPOINT} photos -o out",
        CHROMA_CHECKPOINT,
        "ChromaRegressor",
        command="colorize",
    )
    yield on_command_line(
        "checkpoint",
        "begin with a regressor",
        f"--model.init_from={CHROMA_CHECKPOINT}",
        CHROMA_CHECKPOINT,
    )
    decoder = "{class_path: EncoderDecoder, init_args: {regressor: gan.ckpt, mean_color: true}}"
    yield on_command_line(
        "checkpoint", "GAN as a regressor", [f"--model.generator={decoder}"], GAN_CHECKPOINT, "ChromaRegressor"
    )
