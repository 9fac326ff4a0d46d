"""Help texts of the trainer's commands, whose parser has hundreds of options and takes seconds to import."""

from colorgan.cli.parsing.help_texts import ShortHelp

_CONFIG = "a YAML file; later files override earlier ones"
_MORE = "lists all options of data, model and trainer"
_MODEL = {
    "--ckpt_path FILE|best|last": "the checkpoint; `best` and `last` are those of the newest run called --name",
    "--data.root FOLDER": "the photos",
    "--name NAME": "name of the runs among which `best` and `last` are",
    "--runs FOLDER": "folder of all runs (default: checkpoints)",
}

HELP = {
    "fit": ShortHelp(
        "train a model",
        [
            "Train a model.",
            "A run has a folder with its configuration, metrics, samples and checkpoints. Ctrl-C saves it.",
        ],
        [
            "python train.py fit -c configs/quickstart.yaml",
            "    a few minutes on the sample photos",
            "python train.py fit -c configs/base.yaml --data.root my_photos",
            "python train.py fit -c configs/base.yaml --ckpt_path last",
            "    continues the last run",
        ],
        {
            "-c|--config FILE": _CONFIG,
            "--data.root FOLDER": "folder of photos, or `sample`",
            "--data.size N": "height and width at which the networks see them",
            "--data.batch_size N": "photos per step",
            "--model.generator NAME": "its network; --model.generator.help NAME lists the arguments",
            "--model.discriminator NAME": "likewise, or null",
            "--model.color_space NAME": "RGB, HSV, YCbCr or Lab",
            "--model.adversarial NAME": "the adversarial loss",
            "--model.reconstruction_weight N": "weight of the pixel loss",
            "--trainer.max_epochs N": "passes through the photos",
            "--trainer.precision P": "auto, 32-true, bf16-mixed or 16-mixed",
            "--name NAME": "name of the run (default: that of the configuration)",
            "--runs FOLDER": "folder of all runs (default: checkpoints)",
            "--ckpt_path FILE|last": "continue a run",
            "--print_config": "print the whole configuration, and stop",
        },
        _MORE,
    ),
    "validate": ShortHelp(
        "evaluate a checkpoint on the validation photos",
        ["Evaluate a checkpoint on the validation photos."],
        [
            "python train.py validate --ckpt_path best --name quickstart",
            "python train.py validate --ckpt_path best.ckpt --data.root my_photos",
        ],
        _MODEL,
        _MORE,
    ),
    "test": ShortHelp(
        "evaluate a checkpoint on the test photos",
        ["Evaluate a checkpoint on the test photos."],
        [
            "python train.py test --ckpt_path best --name flowers",
            "python train.py test --ckpt_path best.ckpt --data.test my_photos/test",
        ],
        _MODEL | {"--data.test FOLDER": "the test photos (default: test/ in --data.root)"},
        _MORE,
    ),
    "predict": ShortHelp(
        "colorize a folder of photos with a checkpoint",
        [
            "Colorize a folder of photos at the training size, with a checkpoint.",
            "`colorgan colorize` does so at full resolution, and takes hints.",
        ],
        [
            "python train.py predict --ckpt_path best --name quickstart \\",
            "    --data.predict my_old_photos --output colorized",
            "python train.py predict --ckpt_path best.ckpt --data.predict old --npy all.npy",
        ],
        {
            "--ckpt_path FILE|best|last": _MODEL["--ckpt_path FILE|best|last"],
            "--data.predict FOLDER": "the photos",
            "--output FOLDER": "folder to write to (default: colorized)",
            "--npy FILE": "also write all photos as one array",
            "--overwrite true": "replace existing photos",
            "--name NAME": _MODEL["--name NAME"],
        },
        _MORE,
    ),
    "chroma": ShortHelp(
        "train, validate or test a regressor of the mean color",
        [
            "Train, validate or test a regressor of the mean color.",
            "These are the commands of the trainer, with a ChromaRegressor instead of a GAN. Its checkpoint is the "
            "`regressor` of a generator.",
        ],
        [
            "colorgan chroma fit -c configs/chroma.yaml --data.root faces",
            "colorgan chroma validate --ckpt_path best --name chroma",
        ],
        {
            "-c|--config FILE": _CONFIG,
            "--data.root FOLDER": "folder of photos",
            "--ckpt_path FILE|best|last": "the checkpoint to evaluate, or to continue",
            "--name NAME": "name of the run",
        },
        "lists its commands, whose --help-all lists options",
    ),
    "lr-find": ShortHelp(
        "find a learning rate for `fit`",
        [
            "Find a learning rate for `fit`.",
            "Trains with a rate that grows from step to step, and suggests the one at which the loss falls fastest. "
            "Options are those of `fit`; nothing is saved but a chart.",
        ],
        [
            "colorgan lr-find -c configs/base.yaml",
            "colorgan lr-find -c configs/base.yaml --data.root my_photos \\",
            "    --lr_find.max_lr 0.1",
        ],
        {
            "-c|--config FILE": _CONFIG,
            "--data.root FOLDER": "folder of photos",
            "--lr_find.min_lr RATE": "the first rate",
            "--lr_find.max_lr RATE": "the last rate",
            "--lr_find.num_batches N": "number of steps",
            "--lr_find.divergence_factor X": "stop where the loss is X times its minimum",
        },
        _MORE,
    ),
}
"""The help texts of commands whose options are those of LightningCLI."""
