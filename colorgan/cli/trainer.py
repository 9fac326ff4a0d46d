"""The command line: ``python train.py fit …``, and ``colorgan`` with everything else behind one name."""

import logging
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

import torch
import yaml
from jsonargparse import Namespace
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.cli import ArgsType, LightningArgumentParser, LightningCLI, SaveConfigCallback
from lightning.pytorch.utilities import rank_zero_only

from colorgan.cli.parsing.messages import explain
from colorgan.cli.parsing.overlays import forget_arguments_of_other_classes
from colorgan.data.datamodule import Photos
from colorgan.errors import CheckpointError, ColorganError
from colorgan.inference import checkpoint
from colorgan.models.config import TRUSTED_PACKAGES, class_path
from colorgan.models.encoders import without_pretrained_weights
from colorgan.training.callbacks.frechet import FrechetDistance
from colorgan.training.callbacks.interruption import SaveOnSignal, last_checkpoint
from colorgan.training.callbacks.predictions import PhotoWriter
from colorgan.training.callbacks.samples import SampleSheet
from colorgan.training.checkpoints import CheckpointFiles
from colorgan.training.gan import ColorGAN
from colorgan.training.loggers import log_configuration, wandb_obstacle
from colorgan.training.module import Trainable

_RUN_VARIABLE = "COLORGAN_RUN_FOLDER"
"""Tells the processes that a multi-GPU run starts which folder is theirs."""


def _say(text: str) -> None:
    print(text, file=sys.stderr)


class _Parser(LightningArgumentParser):
    """Says what is wrong in one sentence, with the nearest right key, instead of printing the whole usage."""

    def error(self, message: str, ex: Exception | None = None) -> NoReturn:
        if not self.exit_on_error:
            super().error(message, ex)
        _say(f"error: {explain(message, self)}\n(`{self.prog} --help` lists all options)")
        sys.exit(2)


class RunConfiguration(SaveConfigCallback):
    """Writes the complete configuration of a run to ``config.yaml`` in its folder, and gives it to the loggers.

    Args:
        parser: the parser of the command.
        config: its configuration, with the paths of this run in it.
        as_given: the configuration before those paths were filled in, so that the file repeats the run in a new folder.
    """

    def __init__(self, parser: LightningArgumentParser, config: Namespace, as_given: Namespace) -> None:
        super().__init__(parser, config)
        self.as_given = as_given

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        """Writes the file; a resumed run writes ``config_resumed_N.yaml`` beside the first one."""
        if self.already_saved or not trainer.is_global_zero or stage != "fit":
            return
        folder = Path(trainer.default_root_dir)
        folder.mkdir(parents=True, exist_ok=True)
        file, count = folder / self.config_filename, 0
        while file.exists():
            count += 1
            file = folder / f"config_resumed_{count}.yaml"
        text = self.parser.dump(self.as_given, skip_unset=False)
        file.write_text(text, encoding="utf-8")
        log_configuration(trainer.loggers, yaml.safe_load(text))
        self.already_saved = True


class ColorganCLI(LightningCLI):
    """LightningCLI with a folder per run, checkpoints read as data, and errors in one sentence."""

    @property
    def _trained_class(self) -> type[Trainable]:
        trained: type[Trainable] = self.model_class  # type: ignore[assignment]
        return trained

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Adds the options that say where a run leaves its files, and the model's defaults in the form of the YAML."""
        parser.set_defaults({f"model.{name}": value for name, value in self._trained_class.default_arguments().items()})
        parser.set_defaults({"data": {"class_path": class_path(Photos)}})
        parser.add_argument("--runs", type=str, default="checkpoints", help="folder of all runs")
        parser.add_argument(
            "--name", type=str | None, default=None, help="name of the run; by default its configuration's"
        )
        parser.add_argument(
            "--output", type=str, default="colorized", help="folder for the colored photos (predict only)"
        )
        parser.add_argument(
            "--overwrite", type=bool, default=False, help="replace colored photos that are there (predict only)"
        )
        parser.add_argument(
            "--npy", type=str | None, default=None, help="file for all colored photos as one array (predict only)"
        )

    def parse_arguments(self, parser: LightningArgumentParser, args: ArgsType) -> None:
        """Parses the command line; a checkpoint's arguments are defaults below everything the user says."""
        super().parse_arguments(parser, args)
        self._words = list(args) if isinstance(args, list) else sys.argv[1:]
        command = self.config.subcommand
        section = self.config[command]
        if section.get("name") is None:
            section.name = self._default_name(section)
        if not section.get("ckpt_path"):
            if command != "fit":
                raise CheckpointError(f"{command} needs a trained model: give --ckpt_path FILE (or `last`, `best`)")
            return
        path = self._find_checkpoint(section)
        trusted = {name for name in _class_paths(section.model) if not name.startswith(TRUSTED_PACKAGES)}
        contents = checkpoint.read(path)
        stored = checkpoint.hyper_parameters(contents)
        self._trained_class.arguments_from_config(
            stored, trusted
        )  # refuses foreign classes before the parser imports them
        if command != "fit" or not section.get("config"):
            defaults = {f"model.{key}": value for key, value in stored.items()}
            trained_at = contents["state_dict"].get("colorizer.working_size")
            if trained_at is not None and not section.get("config"):
                defaults["data"] = {"class_path": class_path(Photos), "init_args": {"size": int(trained_at)}}
            self._subcommand_parsers[command].set_defaults(defaults)
            name = section.name
            super().parse_arguments(parser, args)
            section = self.config[command]
            section.name = name
        section.ckpt_path = str(path)
        for key, (given, kept) in _differences(section.model.as_dict(), stored):
            _say_once(f"note: model.{key} is {given} as you said; the checkpoint has {kept}")

    def _default_name(self, section: Namespace) -> str:
        """The names of the configuration files, or of the run that a checkpoint belongs to."""
        stems = [Path(str(file)).stem for file in section.get("config") or []]
        stems = [stem for stem in stems if stem != "base"] or stems
        path = Path(section.get("ckpt_path") or "")
        if not stems and path.parent.name == "checkpoints" and len(path.parts) > 3:
            return path.parts[-4]
        return "-".join(stems) or "run"

    def _find_checkpoint(self, section: Namespace) -> Path:
        """Resolves ``last`` and ``best`` to the newest such file among the runs of this name."""
        if section.ckpt_path not in ("last", "best"):
            return Path(section.ckpt_path)
        folder = Path(section.runs) / section.name
        found = sorted(folder.glob(f"*/checkpoints/{section.ckpt_path}.ckpt"), key=lambda file: file.stat().st_mtime)
        if not found:
            raise CheckpointError(
                f"there is no {section.ckpt_path}.ckpt below {folder}; train first, or give the path of a checkpoint "
                "(or --name and --runs of its run)"
            )
        newest: Path = found[-1]
        return newest

    def _parse_ckpt_path(self) -> None:
        """Done in :meth:`parse_arguments`, where what the user says still wins."""

    def before_instantiate_classes(self) -> None:
        """Chooses the folder of the run and gives it to everything that writes."""
        section = self.config[self.subcommand]
        self.save_config_kwargs = {"as_given": section.clone()}
        self.run_folder = self._choose_run_folder(section)
        section.trainer.default_root_dir = str(self.run_folder)
        loggers = section.trainer.get("logger")
        if self.subcommand != "fit":
            section.trainer.logger = loggers = False
        for logger in loggers if isinstance(loggers, list) else [loggers]:
            if isinstance(logger, Namespace):
                self._prepare_logger(logger)
        for callback in callbacks_of(section):
            if "dirpath" in callback.get("init_args", {}) and callback.init_args.dirpath is None:
                callback.init_args.dirpath = str(self.run_folder / "checkpoints")

    def _choose_run_folder(self, section: Namespace) -> Path:
        if self.subcommand == "fit" and section.get("ckpt_path"):
            resumed = Path(section.ckpt_path)
            if resumed.parent.name == "checkpoints":  # a resumed run goes on in its own folder
                return resumed.parent.parent
        if inherited := os.environ.get(_RUN_VARIABLE):
            return Path(inherited)
        job = os.environ.get("SLURM_JOB_ID")  # all nodes of a job, and its requeued self, share a folder
        stamp = f"slurm-{job}" if job else f"{datetime.now():%Y%m%d-%H%M%S}"
        if self.subcommand != "fit":
            stamp = f"{stamp}-{self.subcommand}"
        folder = Path(str(section.runs), str(section.name), stamp)
        count = 1
        while folder.exists() and not job:  # a second run within the same second
            count += 1
            folder = folder.with_name(f"{stamp}-{count}")
        if self.subcommand == "fit":
            os.environ[_RUN_VARIABLE] = str(folder)
        return folder

    def _prepare_logger(self, logger: Namespace) -> None:
        arguments = logger.init_args
        if "save_dir" in arguments and (arguments.save_dir is None or arguments.save_dir == "."):
            arguments.save_dir = str(self.run_folder)
        if logger.class_path.endswith("WandbLogger"):
            Path(self.run_folder).mkdir(parents=True, exist_ok=True)
            if arguments.get("name") is None:
                arguments.name = f"{self.run_folder.parent.name}/{self.run_folder.name}"
            obstacle = wandb_obstacle()
            if obstacle and not arguments.get("offline"):
                arguments.offline = True
                _say_once(
                    f"note: {obstacle}, so this run is logged offline; "
                    f"`wandb sync {self.run_folder / 'wandb'}/offline-run-*` uploads it later"
                )

    def instantiate_classes(self) -> None:
        """Builds data, model and trainer; nothing is downloaded for weights that a checkpoint brings."""
        section = self.config[self.subcommand]
        if section.get("ckpt_path"):
            with without_pretrained_weights():
                super().instantiate_classes()
        else:
            super().instantiate_classes()

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Adds what every run has: atomic checkpoints, saving on signals, and the writer of predictions."""
        section = self.config[self.subcommand]
        extra: list[Callback] = [SaveOnSignal()] if self.subcommand == "fit" else []
        if self.subcommand in ("validate", "test") and not section.trainer.get("callbacks"):
            extra.append(FrechetDistance())
        if self.subcommand == "predict":
            root = str(self.datamodule.predict or "")
            extra.append(PhotoWriter(section.output, root, section.overwrite, section.npy))
            kwargs["callbacks"] = []  # measuring and keeping checkpoints are for training
        given = self._get(self.config_init, "trainer", default={}).get("plugins")
        plugins = given if isinstance(given, list) else [given] if given else []
        trainer = super().instantiate_trainer(plugins=[*plugins, CheckpointFiles()], **kwargs)
        trainer.callbacks[:0] = extra  # type: ignore[attr-defined]
        return trainer

    def _prepare_subcommand_kwargs(self, subcommand: str) -> dict[str, Any]:
        kwargs = super()._prepare_subcommand_kwargs(subcommand)
        if subcommand == "predict":
            kwargs["return_predictions"] = False  # they are written as they come; a folder need not fit in memory
        return kwargs

    def after_instantiate_classes(self) -> None:
        """Checks what can be checked before the trainer begins."""
        if self.subcommand == "fit":
            self.model.check_size(self.datamodule.image_size)

    def after_fit(self) -> None:
        """Says where everything is."""
        callbacks: list[Callback] = self.trainer.callbacks  # type: ignore[attr-defined]
        if getattr(self.trainer, "fast_dev_run", False) or not self.trainer.is_global_zero:
            return
        best = [c.best_model_path for c in callbacks if isinstance(c, ModelCheckpoint) and c.monitor]
        sheets = [c.last_path for c in callbacks if isinstance(c, SampleSheet) and c.last_path]
        print(
            f"\nrun: {self.run_folder}"
            f" | best checkpoint: {shown(best[0]) if best and best[0] else last_checkpoint(self.trainer)}"
            f" | samples: {shown(sheets[0]) if sheets else 'none'}"
        )

    def after_predict(self) -> None:
        """Says what was written and what could not be read."""
        callbacks: list[Callback] = self.trainer.callbacks  # type: ignore[attr-defined]
        writer = next(c for c in callbacks if isinstance(c, PhotoWriter))
        if not self.trainer.is_global_zero:
            return
        print(f"{writer.written} photos colored into {writer.folder}")
        if self.datamodule.unreadable:
            named = "; ".join(f"{path} ({reason})" for path, reason in self.datamodule.unreadable)
            raise ColorganError(f"{len(self.datamodule.unreadable)} files were left out: {named}")


def callbacks_of(section: Namespace) -> list[Namespace]:
    """The callbacks of a configuration, which may hold a single one that is no list."""
    callbacks = section.trainer.get("callbacks") or []
    return callbacks if isinstance(callbacks, list) else [callbacks]


def shown(path: str | Path) -> str:
    """A path as the user would type it."""
    path = Path(path)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def train(args: list[str], command: type[ColorganCLI] = ColorganCLI, model: type[Trainable] = ColorGAN) -> ColorganCLI:
    """Runs one of the trainer's commands; this is LightningCLI with our models and data.

    Args:
        args: the command (fit, validate, test, predict) and its options.
        command: what carries it out.
        model: what is trained.

    Returns:
        The finished command, with its trainer, model and data.
    """
    _quieten()
    forget_arguments_of_other_classes()
    torch.set_float32_matmul_precision("high")
    inherited = os.environ.get(_RUN_VARIABLE)
    try:
        return command(
            model,
            Photos,
            save_config_callback=RunConfiguration,
            seed_everything_default=42,
            auto_configure_optimizers=False,
            parser_class=_Parser,
            parser_kwargs={
                "description": "Train and use conditional GANs that colorize photographs.",
                "allow_abbrev": False,
            },
            subclass_mode_data=True,
            args=args,
        )
    except MisconfigurationException as error:
        raise ColorganError(str(error)) from error
    finally:
        if (wandb := sys.modules.get("wandb")) is not None and wandb.run is not None:
            wandb.finish(exit_code=int(sys.exc_info()[0] is not None))  # the last records are still in memory
        if inherited is None:
            os.environ.pop(_RUN_VARIABLE, None)


def _quieten() -> None:
    """Drops advertisements and warnings that do not concern the user."""
    for name in ("lightning.pytorch.utilities.rank_zero", "lightning.pytorch", "timm.models._builder"):
        logging.getLogger(name).addFilter(_concerns_the_user)
    warnings.filterwarnings("ignore", module="lightning", message=".*deprecated.*")
    warnings.filterwarnings("ignore", ".*does not have many workers.*")
    warnings.filterwarnings("ignore", ".*logging interval Trainer.*")
    # the words are those of the process, which DDP needs there to start others like it
    warnings.filterwarnings("ignore", "LightningCLI's args parameter is intended to run from within Python")
    warnings.filterwarnings("ignore", ".*callbacks used to create the checkpoint need to be provided.*")
    warnings.filterwarnings("ignore", "(?s).*Dump of a value that does not round-trip: a tuple.*")  # lists will do
    warnings.filterwarnings("ignore", ".*not resumable.*")  # our sampler is
    warnings.filterwarnings("ignore", "Checkpoint directory .* exists and is not empty")


def _concerns_the_user(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    if record.name.startswith("timm."):
        return not message.startswith("Unexpected keys")  # those of a classifier's head, which no encoder has
    return "Tip:" not in message and not message.startswith("`weights_only` was not set")


@rank_zero_only
def _say_once(text: str) -> None:
    _say(text)


def _class_paths(value: Any) -> Iterator[str]:
    """All class paths in a configuration."""
    if isinstance(value, Namespace):
        value = value.as_dict()
    if isinstance(value, Mapping):
        if isinstance(value.get("class_path"), str):
            yield value["class_path"]
        for item in value.values():
            yield from _class_paths(item)
    elif isinstance(value, list):
        for item in value:
            yield from _class_paths(item)


def _differences(given: Mapping[str, Any], stored: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Keys that two configurations both have, with values that differ."""
    for key in given.keys() & stored.keys():
        one, other = given[key], stored[key]
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _differences(one, other, f"{prefix}{key}.")
        elif _comparable(key, one) != _comparable(key, other):
            yield f"{prefix}{key}".replace(".init_args", ""), (one, other)


def _comparable(key: str, value: Any) -> Any:
    if key == "class_path":  # a class has a short public path and that of the module it is written in
        return str(value).rpartition(".")[2]
    return list(value) if isinstance(value, tuple) else value
